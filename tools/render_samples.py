"""Renders docs/rendered anew from a fixed, invented sample: `make render-samples`.

Texts come from the code alone; pictures also need chromium, and are left as they are without it.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.i18n import catalogue
from bot.render import nothing_new, render
from bot.withdrawing import without
from watchers.model import Gap
from watchers.telling import (
    Channel,
    Coverage,
    Digest,
    DigestKind,
    Line,
    Page,
    Withdrawal,
)

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rendered"
NOW = datetime(2026, 7, 30, 14, 30, tzinfo=UTC)
SINCE = NOW - timedelta(hours=10)
ZONES = {"en": "Europe/Berlin", "fa": "Asia/Tehran", "fr": "Europe/Paris"}
NAMES = {  # nobody of these names is known to us
    "aban": {"fa": "آبان فرضی", "": "Aban Farzi"},
    "zarrin": {"fa": "زرین نمونه‌ای", "": "Zarrin Nemunei"},
    "burial": {"": "lieux de mémoire"},
}


def name_of(person: str, language: str) -> str:
    """An invented name in the reader's script."""
    return NAMES[person].get(language, NAMES[person][""])


def _line(number: int, title: str, outlet: str, kind: str, **more: object) -> Line:
    values: dict[str, object] = {
        "subject": f"s{number}",
        "title": title,
        "url": f"https://outlet{number}.example/2026/07/30/{number}?utm_source=feed",
        "outlet": outlet,
        "outlet_kind": kind,
        "language": None,
        "published": NOW - timedelta(hours=2 * number),
        "officials": (),
        "others": {},
    }
    return Line(**{**values, **more})  # type: ignore[arg-type]


STORIES = (
    _line(
        1,
        "Families ask for access to a burial ground before the anniversary",
        "Rights Monitor",
        "human-rights",
        others={"persian-media": 2, "world-media": 3, "advocacy": 1},
        first="خبرنامهٔ نمونه",
        first_kind="persian-media",
        alerted=True,
    ),
    _line(
        2,
        "شهادت یک زندانی پیشین دربارهٔ تابستان ۱۳۶۷ در دادگاهی در اروپا",
        "روزنامهٔ نمونه",
        "persian-media",
        officials=("aban",),
        others={"court-law": 1},
        updated=True,
    ),
    _line(
        3,
        "A rapporteur’s report on the 1988 executions is put before the Council (A/HRC/99)",
        "UN Office, Geneva",
        "un",
        officials=("aban", "zarrin"),
    ),
    _line(4, "بیانیهٔ سالگرد: «۳۰ هزار نام»", "Party Voice", "advocacy", others={"advocacy": 4}),
)
NAMED = (
    _line(5, "انتصاب تازه در قوهٔ قضاییه", "خبرگزاری نمونه", "state", officials=("zarrin",)),
)  # fmt: skip
COVERAGE = Coverage(
    119, 3, paused=1, read=115,
    gaps=(Gap(7, "Sample Wire", NOW - timedelta(hours=9), NOW - timedelta(hours=3)),),
)  # fmt: skip
NOTES = {"en": "Two people of one name.", "fa": "دو نفر همنام بودند."}


def taken(language: str) -> tuple[Withdrawal, ...]:
    """What was taken back and put right since the last digest."""
    days = (NOW - timedelta(days=2), NOW - timedelta(days=1))
    return (
        Withdrawal(1, 1, "s8", NOW, days[0], "removed"),
        Withdrawal(2, 1, "s9", NOW, days[1], "corrected", NOTES[language]),
    )


def digest(language: str) -> Digest:
    """The sample in a channel of this language."""
    channel = Channel(1, "@sample", ZONES[language], ("08:00", "18:00"), language, NOW)
    return Digest(channel, SINCE, NOW, STORIES, NAMED, COVERAGE, left=2)


def pages() -> Mapping[str, tuple[Page, ...]]:
    """By file name: what is sent."""
    found: dict[str, tuple[Page, ...]] = {}
    for language in ("en", "fa"):
        words, whole = catalogue(language), digest(language)
        first = replace(STORIES[0], alerted=False)
        alert = replace(whole, kind=DigestKind.ALERT, stories=(first,), named=())
        less = replace(whole, stories=STORIES[2:3], named=(), withdrawn=taken(language), left=0)
        found[f"digest-{language}"] = render(whole, words, name_of)
        found[f"alert-{language}"] = render(alert, words, name_of)
        found[f"withdrawal-{language}"] = render(less, words, name_of)
        after = (without(page, {"s2", "s4"}, words) for page in found[f"digest-{language}"])
        found[f"taken-back-{language}"] = tuple(page for page in after if page is not None)
        found[f"nothing-new-{language}"] = (nothing_new(whole, words),)
    topic = replace(STORIES[2], topics=("burial",))  # as a channel has it that asks for it
    whole = replace(digest("fr"), stories=(*STORIES[:2], topic, STORIES[3]))
    found["digest-fr"] = render(whole, catalogue("fr"), name_of)
    return found


# ---------------------------------------------------------------- texts


def as_text(sent: tuple[Page, ...]) -> str:
    """Pages as they are sent, marks of direction and all, and below what is marked in them."""
    return "".join(f"{page.text}\n\n{'-' * 72}\n{_entities(page)}" for page in sent)


def _entities(page: Page) -> str:
    rows = (
        f"{one.type} {one.offset}+{one.length} {one.url or _slice(page, one.offset, one.length)}\n"
        for one in page.entities
    )
    return "".join(rows)


def _slice(page: Page, offset: int, length: int) -> str:
    data = page.text.encode("utf-16-le")
    return data[2 * offset : 2 * (offset + length)].decode("utf-16-le")


# ---------------------------------------------------------------- pictures

_STYLE = """
body { margin: 0; background: #d6e2ee; font: 15px/1.4 "Noto Sans", "Noto Sans Arabic", sans-serif; }
.message { background: #fff; border-radius: 12px; margin: 14px; padding: 10px 14px 22px;
  width: 430px; position: relative; box-shadow: 0 1px 1px #0003; }
.message p { margin: 0; min-height: 1.4em; unicode-bidi: plaintext; text-align: start; }
.message time { position: absolute; right: 12px; bottom: 4px; color: #8a97a3; font-size: 12px; }
a { color: #2678b6; text-decoration: none; }
"""
_TAGS = {"bold": "b", "italic": "i", "underline": "u", "hashtag": "a", "text_link": "a"}


def as_html(sent: tuple[Page, ...]) -> str:
    """Messages much as Telegram shows them: each line in the direction that it has by itself."""
    messages = "".join(
        f'<div class="message">{"".join(_paragraphs(page))}<time>16:30</time></div>'
        for page in sent
    )
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>{messages}{_MEASURE}'


_MEASURE = "<script>document.title = 'height:' + document.documentElement.offsetHeight</script>"


def _paragraphs(page: Page) -> Iterator[str]:
    parts, at = [], 0
    for one in page.entities:
        tag = _TAGS[one.type]
        inner = html.escape(_slice(page, one.offset, one.length))
        parts += [html.escape(_slice(page, at, one.offset - at)), f"<{tag}>{inner}</{tag}>"]
        at = one.offset + one.length
    parts.append(html.escape(_slice(page, at, len(page.text) * 2)))
    return (f"<p>{line}</p>" for line in "".join(parts).split("\n"))


def draw(sent: tuple[Page, ...], target: Path, browser: str) -> None:
    """A picture of the messages. CalledProcessError if the browser fails."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(as_html(sent), encoding="utf-8")
        common = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        common += [f"--user-data-dir={folder}/profile", "--force-device-scale-factor=2"]
        asked = [*common, "--window-size=490,100", "--dump-dom", source.as_uri()]
        dump = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        height = re.search(r"height:(\d+)", dump)
        size = f"--window-size=490,{height.group(1) if height else 900}"
        shot = [*common, size, f"--screenshot={target}", source.as_uri()]
        subprocess.run(shot, check=True, capture_output=True)


def main() -> int:
    """Write the texts, and the pictures where there is a browser."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    for name, sent in pages().items():
        (FOLDER / f"{name}.txt").write_text(as_text(sent), encoding="utf-8")
        if browser and name in ("digest-en", "digest-fa", "alert-en", "withdrawal-fa"):
            draw(sent, FOLDER / f"{name}.png", browser)
    print(f"{len(pages())} texts in docs/rendered{'' if browser else '; no browser, no pictures'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
