"""Does Telegram take what is rendered, whatever outlets wrote? `make render-check`.

Stories with hostile titles, outlets, addresses and names become digests, alerts and pages with
withdrawals, in every language. Telegram's own library judges each page: it takes text and
entities, keeps every character, gives text, offsets and links back as they were sent, and makes
nothing clickable but what we made. The same seed gives the same stories.
"""

from __future__ import annotations

import argparse
import html
import random
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.i18n import LANGUAGES, Catalogue, catalogue
from bot.pieces import link, units
from bot.render import MOST_ENTITIES, PAGE, nothing_new, render
from bot.withdrawing import without
from tests.standin.judge import found_places, kept, parse_html, telegram_accepts
from watchers.model import Gap
from watchers.outlets import OUTLET_KINDS
from watchers.scope import Scope
from watchers.telling import (
    Channel,
    Coverage,
    Digest,
    DigestKind,
    Entity,
    Line,
    Page,
    Withdrawal,
)

STORIES = 20_000
NOW = datetime(2026, 7, 30, 14, 30, tzinfo=UTC)
ZONES = ("Europe/Berlin", "Asia/Tehran", "UTC", "America/Argentina/Buenos_Aires")
_TAGS = {"bold": "b", "italic": "i", "underline": "u"}
# A clock time is found too, and is a link only in an answer to a film.
_HARMLESS = "textEntityTypeMediaTimestamp"
_NO_LINKS = str.maketrans(dict.fromkeys(".@/#$:0123456789", " "))

# First code point and how many, a script each: what names and headlines are written in.
_SCRIPTS = (
    (0x41, 58), (0xC0, 0x180), (0x370, 0x90), (0x400, 0x100), (0x531, 0x58), (0x5D0, 27),
    (0x620, 0x60), (0x671, 0x60), (0x700, 0x50), (0x780, 0x30), (0x904, 0x70), (0x985, 0x70),
    (0xA05, 0x70), (0xB85, 0x70), (0xC05, 0x70), (0xD05, 0x70), (0xE01, 0x5A), (0xE81, 0x50),
    (0xF00, 0xA0), (0x1000, 0x90), (0x10A0, 0x60), (0x1100, 0x100), (0x1200, 0x170),
    (0x13A0, 0x50), (0x1780, 0x60), (0x1820, 0x60), (0x2D30, 0x40), (0x3041, 0x50),
    (0x30A1, 0x50), (0x4E00, 0x5000), (0xAC00, 0x2BA4), (0x10400, 0x50), (0x12000, 0x300),
    (0x1D400, 0x400), (0x1E900, 0x44), (0x20000, 0x5000), (0x0, 0x300), (0x2000, 0x300),
    (0xE000, 0x100), (0xFB50, 0x2B0), (0xFE00, 0x100), (0xFF00, 0x100), (0xE0000, 0x200),
)  # fmt: skip
_PIECES = (
    "<b>bold</b>", "</a>", "<script>alert(1)</script>", "&amp;lt;b&gt;", "&#8238;", "&nbsp;", "<",
    "\u202e", "\u202c", "\u202a", "\u202d", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e",
    "\u200f", "\u061c", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f",
    "\u180e", "\u115f", "\u3164", "\u2800", "\ufff9", "\ufffc", "\ufffd", "\ufffe", "\uffff",
    "\U0001fffe", "\U0010ffff", "\ud800", "\udfff", "\ud83d", "\udc00", "\0", "\x07", "\x1b[31m",
    "\r\n", "\t", "\x0b", "\x85", "\u2028", "\u2029", "\u00a0", "\u3000", "a\u030a", "\u0333",
    "\u033f", "e\u0301\u0302\u0303\u0304\u0305\u0306" * 4, "👨\u200d👩\u200d👧\u200d👦",
    "👋\U0001f3fd", "🏳\ufe0f\u200d🌈", "🇮🇷", "1\ufe0f\u20e3", "🕯", "@durov", "@a_name_of_32",
    "#hashtag", "#برچسب", "#1988", "/start", "/start@bot", "$USD", "https://evil.example/?a=b&c=d",
    "http://x.example", "evil.example", "t.me/joinchat/x", "tg://resolve?domain=x", "a@b.example",
    "ftp://x.example/", "www.example.org", "1.2.3.4", "06:30", "+49 30 123456789",
    "4111 1111 1111 1111", "**bold**", "__u__", "`code`", "```pre```", "[a](http://b.example)",
    "||spoiler||", ">quote", "\\", "%(n)s", "{0}", "٪", "،", "؟", "«", "»", "…", "...", "۱۳۶۷",
    "١٩٨٨", "1988", " ", "  ", "",
)  # fmt: skip
_WORDS = (
    "Court", "hears", "survivors", "کشتار", "زندانیان", "تابستان", "۶۷", "شهادت", "procès",
    "Überlebende", "сви́детели", "שלום", "العدالة", "می‌خواهیم", "families", "ask",
)  # fmt: skip
_ADDRESSES = (
    "https://www.news.example/{n}", "http://news.example/{n}?utm_source=rss&id={n}",
    "https://خبر.example/گزارش/{n}", "https://user:pw@news.example/{n}", "ftp://news.example/{n}",
    "javascript:alert({n})", "https://", "https://news.example:99999/{n}", "news.example/{n}",
    "https://localhost/{n}", "https://news.example/{n}#:~:text=x", "https://news.example",
    "https://news.example/{n} {n}\u202e", "https://news.example/\ud800{n}", "https://[::1]/{n}",
    "https://news.example/{n}?q=\"<>'&fbclid=1", "", "tg://user?id={n}", "https://a..example/{n}",
    "https://news.example/" + "x" * 3000, "HTTPS://News.Example/{n}", "\0", "https://1.2.3.4/{n}",
)  # fmt: skip
_NAMES = {
    "a": ("Hamid Noury", "حمید نوری"), "b": ("Ebrahim Raisi", "ابراهیم رئیسی"),
    "c": ("O’Neill-Smith Jr.", "می‌خواهیم"), "d": ("1988", "۱۳۶۷"), "e": ("", ""),
    "f": ("\u202e<b>x</b>@y", "\u200c"), "g": ("x" * 300, "م" * 300), "h": ("x.example", "@نام"),
    "i": ("e\u0301\u0302 \u0333z", "مُحَمَّد"), "j": ("🕯🕯", "🕯"), "k": ("\ud800a", "#x"),
}  # fmt: skip


def name_of(person: str, language: str) -> str:
    """A hostile name; other ids are their own."""
    return _NAMES.get(person, (person, person))[language == "fa"]


class Generator:
    """Digests of hostile stories, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0

    def digest(self, lines: int) -> Digest:
        """A digest of so many stories, in some language, with all that can stand in one."""
        chance, language = self._random, self._random.choice(LANGUAGES)
        is_alert, named = chance.random() < 0.1, chance.randint(0, lines)
        relevant, zone = chance.random() < 0.8, chance.choice(ZONES)
        channel = Channel(1, "@x", zone, (), language, NOW, scope=Scope(relevant=relevant))
        coverage = Coverage(
            500, chance.choice((0, 3)), read=497, gaps=tuple(map(self._gap, range(named % 5)))
        )
        made = [self.line() for _ in range(lines)]
        return Digest(
            channel,
            NOW - timedelta(hours=chance.choice((10, 40))),
            NOW,
            tuple(made[named:]),
            tuple(made[:named]),
            coverage,
            left=chance.choice((0, 7)),
            kind=DigestKind.ALERT if is_alert else DigestKind.DIGEST,
            withdrawn=tuple(self._withdrawal() for _ in range(chance.choice((0, 0, 0, 1, 40)))),
        )

    def line(self) -> Line:
        """A story that nobody would wish for."""
        chance, kinds = self._random, (*OUTLET_KINDS, "query", "?")
        self._number += 1
        many = chance.choice((0, 1, 3, len(_NAMES)))
        return Line(
            subject=f"s{self._number}",
            title=self.text(),
            url=chance.choice(_ADDRESSES).replace("{n}", str(self._number)),
            outlet=self.text(),
            outlet_kind=chance.choice(kinds),
            language=chance.choice((None, *LANGUAGES)),
            published=chance.choice((None, NOW, datetime.min.replace(tzinfo=UTC))),
            officials=tuple(chance.sample(sorted(_NAMES), many)),
            others={kind: chance.choice((1, 10**6)) for kind in chance.sample(kinds, many % 8)},
            updated=chance.random() < 0.5,
            first=chance.choice(("", self.text())),
            first_kind=chance.choice(kinds),
            topics=tuple(self.text() for _ in range(chance.choice((0, 0, 2)))),
            alerted=chance.random() < 0.3,
        )

    def text(self) -> str:
        """A title or a name: words, hostile pieces, any script, or far too much of one thing."""
        chance = self._random
        kind = chance.random()
        if kind < 0.05:
            return chance.choice(_PIECES) * chance.choice((1, 200, 5000))
        if kind < 0.1:
            return self._run() * 5000
        makers = (lambda: chance.choice(_PIECES), lambda: chance.choice(_WORDS), self._run)
        parts = [chance.choice(makers)() for _ in range(chance.choice((1, 3, 6, 12, 40)))]
        return chance.choice((" ", "", " ")).join(parts)

    def _run(self) -> str:
        first, count = self._random.choice(_SCRIPTS)
        length = self._random.randint(1, 6)
        return "".join(chr(first + self._random.randrange(count)) for _ in range(length))

    def _gap(self, number: int) -> Gap:
        return Gap(number, self.text(), NOW - timedelta(hours=9), NOW - timedelta(hours=2))

    def _withdrawal(self) -> Withdrawal:
        what, at = self._random.choice(("removed", "corrected")), NOW - timedelta(days=1)
        note = self.text().translate(_NO_LINKS)  # one in an admin's own words is meant
        return Withdrawal(1, 1, f"w{self._random.random()}", at, at, what, note)


# ---------------------------------------------------------------- judging


@dataclass(slots=True)
class Tally:
    """What was looked at, and what was wrong."""

    stories: int = 0
    digests: int = 0
    pages: int = 0
    entities: int = 0
    wrong: list[str] = field(default_factory=list)


def check(made: Digest, tally: Tally, chance: random.Random) -> None:
    """Render a digest and let Telegram judge its pages, whole and with stories withdrawn."""
    words = catalogue(made.channel.language)
    pages = render(made, words, name_of)
    tally.digests, tally.stories = tally.digests + 1, tally.stories + len(made.lines)
    tally.wrong += _lost(made, pages)
    for page in (*pages, nothing_new(made, words)):
        tally.pages, tally.entities = tally.pages + 1, tally.entities + len(page.entities)
        tally.wrong += faults(page)
        tally.wrong += _moved(page, words, chance)


def _lost(made: Digest, pages: Sequence[Page]) -> Iterator[str]:
    """Stories that are not told once, in order, in their own words and with their link."""
    told = [(place, page) for page in pages for place in page.placed]
    if [place.subject for place, _ in told] != [line.subject for line in made.lines]:
        yield f"stories are missing or out of order: {[place.subject for place, _ in told]}"
        return
    for (place, page), line in zip(told, made.lines, strict=True):
        block = _slice(page.text, place.offset, place.length)
        links = [e for e in page.entities if e.type == "text_link" and _holds(place, e)]
        if [e.url for e in links] != list(filter(None, [link(line.url)])):
            yield f"not the link of {line.url!r}: {links}"
        if place.officials != line.officials or "\n\n" in block or block.strip() != block:
            yield f"not the place of {line.subject}: {block!r}"
        if links:
            yield from _reworded(line.title, _slice(page.text, links[0].offset, links[0].length))


def _reworded(title: str, shown: str) -> Iterator[str]:
    """A headline is shown in its letters, or the beginning of them and "…"."""
    letters, seen = _letters(title), _letters(shown.removesuffix("…"))
    whole = seen == letters or (shown.endswith("…") and letters.startswith(seen))
    if letters and not whole and not shown.startswith("http"):
        yield f"the headline {title[:80]!r} reads {shown[:80]!r}"


def _letters(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return "".join(char for char in text if unicodedata.category(char)[0] in "LN")


def _moved(page: Page, words: Catalogue, chance: random.Random) -> Iterator[str]:
    """What is wrong with the page when some of its stories are taken back."""
    gone = {place.subject for place in page.placed if chance.random() < 0.4}
    left = without(page, gone, words)
    if left is not None and gone:
        yield from faults(left)
    told = [place for place in page.placed if place.subject not in gone]
    now = left.placed if left is not None else ()
    if [place.subject for place in now] != [place.subject for place in told]:
        yield "a withdrawal took other stories too"
        return
    for was, place in zip(told, now, strict=True):
        before = _slice(page.text, was.offset, was.length)
        if left is None or before != _slice(left.text, place.offset, place.length):
            yield f"a withdrawal changed another story: {before!r}"


def faults(page: Page) -> Iterator[str]:
    """What Telegram would refuse, change, drop, or make clickable by itself."""
    sent = bot_entities(page)
    refused = telegram_accepts(page.text, sent)
    if refused:
        yield f"refused: {refused}: {page.text!r}"
        return
    if kept(page.text) != page.text or page.text != page.text.strip():
        yield f"characters would be dropped from {page.text!r}"
    if units(page.text) > PAGE or len(page.entities) > MOST_ENTITIES:
        yield f"too long: {units(page.text)} units, {len(page.entities)} entities"
    if (came := parse_html(as_html(page))) != (page.text, _marked(sent)):
        yield f"came back otherwise: {came!r}"
    yield from _clickable(page, sent)


def _clickable(page: Page, sent: list[dict[str, Any]]) -> Iterator[str]:
    """All our hashtags are found by Telegram; nothing else is, but inside of our links."""
    found = [one for one in found_places(page.text) if one["type"] != _HARMLESS]
    ours = [one for one in sent if one["type"] == "hashtag"]
    links = [one for one in sent if one["type"] == "text_link"]
    outside = [one for one in found if not any(_covers(own, one) for own in links)]
    if outside != ours:
        odd = [_slice(page.text, o["offset"], o["length"]) for o in outside if o not in ours]
        lost = [_slice(page.text, o["offset"], o["length"]) for o in ours if o not in outside]
        yield f"clickable by itself: {odd}; no hashtag for Telegram: {lost}"


def bot_entities(page: Page) -> list[dict[str, Any]]:
    """A page's entities as the Bot API has them."""
    values = map(asdict, page.entities)
    return [{name: value for name, value in one.items() if value is not None} for one in values]


def as_html(page: Page) -> str:
    """The page as HTML, which Telegram's library reads back; hashtags it finds by itself."""
    parts, at = [], 0
    for one in page.entities:
        tag = "a" if one.type == "text_link" else _TAGS.get(one.type)
        if tag is None:
            continue
        head = f'<a href="{html.escape(one.url or "")}">' if tag == "a" else f"<{tag}>"
        inner = html.escape(_slice(page.text, one.offset, one.length))
        before = html.escape(_slice(page.text, at, one.offset - at))
        parts.append(f"{before}{head}{inner}</{tag}>")
        at = one.offset + one.length
    return "".join((*parts, html.escape(_slice(page.text, at, units(page.text) - at))))


def _marked(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in sent if one["type"] != "hashtag"]


def _covers(outer: dict[str, Any], inner: dict[str, Any]) -> bool:
    end = outer["offset"] + outer["length"]
    return bool(outer["offset"] <= inner["offset"] and inner["offset"] + inner["length"] <= end)


def _holds(place: Any, entity: Entity) -> bool:
    return bool(place.offset <= entity.offset < place.offset + place.length)


def _slice(text: str, offset: int, length: int) -> str:
    data = text.encode("utf-16-le")
    return data[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def run(stories: int, seed: int, *, progress: bool = False) -> Tally:
    """Check so many stories, in digests of 0 to 40."""
    generator, chance, tally = Generator(seed), random.Random(seed), Tally()
    while tally.stories < stories:
        lines = min(chance.choice((0, 1, 1, 3, 10, 20, 40)), stories - tally.stories)
        check(generator.digest(lines), tally, chance)
        if progress and tally.digests % 50 == 0:
            print(f"\r{tally.stories:,} stories", end="", file=sys.stderr, flush=True)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stories", type=int, nargs="?", default=STORIES)
    parser.add_argument("--seed", type=int, default=1988)
    asked = parser.parse_args()
    began = time.perf_counter()
    tally = run(asked.stories, asked.seed, progress=True)
    print(file=sys.stderr)
    for wrong in tally.wrong[:20]:
        print(wrong[:600])
    print(
        f"{tally.stories:,} hostile stories in {tally.digests:,} digests, {tally.pages:,} pages, "
        f"{tally.entities:,} entities (seed {asked.seed}): {len(tally.wrong)} faults, "
        f"{time.perf_counter() - began:.0f} s"
    )
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main())
