"""feedparser's own entries and ours agree, except where a named repair makes ours better."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
from hypothesis import given

from tests import agreement
from tests.agreement import differences
from tests.effort import part
from tests.unit.feed_documents import Document, documents
from watchers.parse import REPAIRS, parse

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
URL = "https://feeds.example/dir/feed.xml"
GOLDEN = sorted(p for p in FEEDS.iterdir() if not p.name.endswith((".expected.json", ".md")))


def _expected(path: Path) -> dict[str, object]:
    text = (FEEDS / f"{path.stem}.expected.json").read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text)
    return found


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_golden_feeds_are_read_as_feedparser_reads_them(path: Path) -> None:
    content_type = str(_expected(path).get("content_type", "application/xml"))
    assert differences(path.read_bytes(), content_type, URL) == []


def test_every_repair_is_in_the_table_and_shown_by_a_golden_feed() -> None:
    shown = {name for path in GOLDEN for name in _expected(path)["repairs"]}  # type: ignore[attr-defined]
    assert shown == set(REPAIRS)


def test_a_lost_entry_and_a_changed_word_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    body = (FEEDS / "rss-2.0-content.xml").read_bytes()
    whole = parse(body, "", URL)
    monkeypatch.setattr(agreement, "parse", lambda *_: replace(whole, entries=whole.entries[1:]))
    assert "entries" in differences(body, "", URL)[0]
    changed = (replace(whole.entries[0], title="Other"), *whole.entries[1:])
    monkeypatch.setattr(agreement, "parse", lambda *_: replace(whole, entries=changed))
    assert differences(body, "", URL)[0].startswith("entry 0, title: 'Other'")


def test_feedparser_is_itself_again_after_a_document() -> None:
    parse((FEEDS / "relative-guids.xml").read_bytes(), "", URL)
    for parser in (feedparser.api.StrictFeedParser, feedparser.api.LooseFeedParser):
        assert "id" in parser.can_be_relative_uri


# ---------------------------------------------------------------- generated feeds

WORDS = {
    "en": "families gather at the cemetery and ask for the truth about their sons and daughters",
    "fa": "خانواده‌ها در گورستان گرد آمدند و از سرنوشت فرزندان خود پرسیدند دادگاه آغاز شد",
    "ar": "العائلات تجتمع في المقبرة وتسأل عن مصير أبنائها بدأت المحكمة جلسة جديدة",
    "de": "Angehörige gedenken der Opfer für die Wahrheit über ihre Söhne und Töchter in Zürich",
    "ru": "родственники собрались на кладбище и спросили о судьбе своих сыновей и дочерей",
}
CHARSETS = {
    "en": ("utf-8", "us-ascii", "utf-16"),
    "fa": ("utf-8", "windows-1256", "utf-16"),
    "ar": ("utf-8", "windows-1256", "utf-16"),
    "de": ("utf-8", "iso-8859-1", "windows-1252"),
    "ru": ("utf-8", "windows-1251", "koi8-r"),
}
DATES = (
    "Thu, 14 Jul 2022 12:30:00 +0200", "2022-07-14T12:30:00Z", "2022-07-14 12:30",
    "14 juillet 2022", "2022/07/14", "۲۳ تیر ۱۴۰۱", "14-07-2022 12:30", "soon", "",
    "Thu, 14 Jul 22 12:30:00 CEST",
)  # fmt: skip
HEADS = {
    "rss": '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/"><channel><title>{t}</title>',
    "rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<channel><title>{t}</title></channel>",
    "atom": '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>{t}</title>',
}
TAILS = {"rss": "</channel></rss>", "rdf": "</rdf:RDF>", "atom": "</feed>"}


def _item(chance: random.Random, kind: str, number: int, words: str) -> str:
    def some(length: int) -> str:
        return " ".join(chance.choices(words.split(), k=length))

    link = chance.choice((f"https://site.example/{number}", f"/news/{number}", f"{number}.html"))
    guid = chance.choice((f"https://site.example/?p={number}", f"id-{number}", f"{number}", "same"))
    date = chance.choice(DATES)
    text = chance.choice((f"&lt;p&gt;{some(30)}&lt;/p&gt;", f"<![CDATA[<b>{some(20)}</b>&nbsp;]]>"))
    if kind == "atom":
        return (
            f'<entry><title type="html">{some(5)}</title><id>{guid}</id><link href="{link}"/>'
            f'<updated>{date}</updated><content type="html">{text}</content></entry>'
        )
    if kind == "rdf":
        return (
            f'<item rdf:about="{guid}"><title>{some(5)}</title><link>{link}</link>'
            f"<description>{text}</description><dc:date>{date}</dc:date></item>"
        )
    permanent = chance.choice(("", ' isPermaLink="false"'))
    optional = chance.sample(
        (
            f"<link>{link}</link>",
            f"<guid{permanent}>{guid}</guid>",
            f"<pubDate>{date}</pubDate>",
            f"<content:encoded>{text}</content:encoded>",
            f"<media:content url='{link}'><media:title>{some(3)}</media:title></media:content>",
            f'<source url="https://wire.example/">{some(2)}</source>',
        ),
        k=chance.randint(2, 6),
    )
    return (
        f"<item><title>{some(5)}</title><description>{text}</description>{''.join(optional)}</item>"
    )


BREAKAGES: dict[str, Callable[[bytes, int], bytes]] = {
    "nothing": lambda body, _: body,
    "cut off": lambda body, at: body[: max(len(body) // 2, at)],
    "stray byte": lambda body, at: body[:at] + b"\xd8" + body[at:],
    "bare ampersand": lambda body, _: body.replace(b"</title>", b" A&B </title>", 2),
    "undeclared entity": lambda body, _: body.replace(b"</title>", b"&nbsp;&ndash; x</title>", 2),
    "unknown entity": lambda body, _: body.replace(b"</title>", b" &nosuch; x</title>", 2),
    "blank before": lambda body, _: b"\n \n" + body,
    "warning before": lambda body, _: b"<br />\n<b>Warning</b>: x in y.php\n" + body,
    "script behind": lambda body, _: body + b"\n<script>a && b</script>\n",
    "control character": lambda body, _: body.replace(b"</title>", b"\x0b\x00</title>", 3),
    "half a character": lambda body, _: body.replace(b"</title>", b"&#55357;</title>", 3),
    "undeclared prefix": lambda body, _: body.replace(b"</title>", b"</title><x:y>z</x:y>", 2),
    "open tag": lambda body, _: body.replace(b"</title>", b"</title><br>", 2),
    "lost end": lambda body, _: body.replace(b"</title>", b"", 1),
    "noise": lambda body, at: body[:at] + b"<<>&;]]>" + body[at:],
}


def _document(seed: int) -> tuple[bytes, str, str]:
    """A feed of a format, a language, a charset, told rightly or not, broken in some way."""
    chance = random.Random(seed)
    kind, language = chance.choice(tuple(HEADS)), chance.choice(tuple(WORDS))
    sent = chance.choice(CHARSETS[language])
    said = chance.choice((sent, sent, sent, "utf-8", "iso-8859-1"))
    head, tail = HEADS[kind].format(t=language), TAILS[kind]
    items = (_item(chance, kind, n, WORDS[language]) for n in range(chance.randint(0, 8)))
    declaration = chance.choice((f'<?xml version="1.0" encoding="{said}"?>\n',) * 3 + ("",))
    header = chance.choice(("application/rss+xml", "text/xml", "text/html", ""))
    if not declaration or chance.random() < 0.3:
        header = f"{header or 'text/xml'}; charset={said}"
    body = (declaration + head + "".join(items) + tail).encode(sent, "xmlcharrefreplace")
    breakage = "nothing" if sent == "utf-16" else chance.choice(tuple(BREAKAGES))
    at = chance.randrange(len(body) // 4, len(body))
    return BREAKAGES[breakage](body, at), header, f"{seed}: {kind} {language} {sent} {breakage}"


@pytest.mark.parametrize("block", range(8))
def test_generated_feeds_are_read_as_feedparser_reads_them(block: int) -> None:
    told = []
    for seed in range(block * 100, block * 100 + part(100, 4)):
        body, header, name = _document(seed)
        told += [f"{name}: {line}" for line in differences(body, header, URL)]
    assert told == []


@given(documents())
def test_whatever_a_feed_is_made_of_it_is_read_as_feedparser_reads_it(document: Document) -> None:
    assert differences(document.body, document.header, URL) == []
