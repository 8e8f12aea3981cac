"""A document without some of its entries reads as it did, or is not cut at all."""

from __future__ import annotations

import time

import pytest
from feedparser import mixin
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.unit.feed_documents import ATOM, DC, DIALECTS, RDF, XHTML, Document, documents
from watchers.cutting import HTML, cut
from watchers.errors import FeedUnreadable
from watchers.listing import NO_GUID, NONE, Record, guid_mark, pack, repeats_changed, unpack
from watchers.parse import parse

URL = "https://site.example/feed"
RSS = '<rss version="2.0"><channel><title>Head</title>{}</channel></rss>'
FEED = f'<feed xmlns="{ATOM}"><title>Head</title>{{}}</feed>'
ITEM = "<item><title>{}</title></item>"


def pieces(text: str | bytes, most: int = 2_000) -> list[str] | None:
    """The raw entries that are found, or None."""
    body = text if isinstance(text, bytes) else text.encode()
    found = cut(body, most)
    return None if found is None else [body[a:b].decode() for a, b in found.spans]


# ---------------------------------------------------------------- the whole and its parts


@settings(max_examples=200, deadline=None)
@given(documents(), st.sets(st.integers(0, 5)))
def test_entries_read_the_same_whichever_others_are_left_out(
    document: Document, wanted: set[int]
) -> None:
    body = document.body
    found = cut(body, 2_000)
    event("not cut" if found is None else "cut")
    if found is None:
        return
    count = len(found.spans)
    assert found.document(range(count)) == body
    chosen = sorted(n for n in wanted if n < count) or [found.shortest()]
    try:
        whole = parse(body, document.header, URL)
    except FeedUnreadable:
        return
    part = parse(found.document(chosen), document.header, URL)
    assert len(whole.entries) == count
    assert part.entries == tuple(whole.entries[n] for n in chosen)
    assert (part.title, part.language, part.wait) == (whole.title, whole.language, whole.wait)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_cut(dialect: str) -> None:
    begin, end, tag, _ = DIALECTS[dialect]
    entries = [f"<{tag}><title>{n}</title></{tag}>" for n in range(3)]
    assert pieces(begin.format("") + "<!-- <item> -->" + "\n".join(entries) + end) == entries


HARMLESS = {
    "item in CDATA": "<description><![CDATA[<item></item>]]></description>",
    "end in a comment": "<!-- </item> -->",
    "end in an instruction": "<?php </item> ?>",
    "end in an attribute": "<enclosure url='/item>'/>",
    "markup in text": "<description>a <b>b</b></description>",
    "media group": (
        '<media:group xmlns:media="http://search.yahoo.com/mrss/"><media:content url="/m">'
        "<media:title>T</media:title></media:content></media:group>"
    ),
    "usual prefix": f'<dc:date xmlns:dc="{DC}">2026-01-01</dc:date>',
    "author": "<author><name>A</name></author>",
}


@pytest.mark.parametrize("part", HARMLESS.values(), ids=HARMLESS)
def test_what_leaves_the_other_entries_alone_is_cut(part: str) -> None:
    assert pieces(RSS.format(f"<item>{part}</item >\n{ITEM}")) == [f"<item>{part}</item >", ITEM]


def test_xhtml_of_atom_is_cut() -> None:
    entry = f'<entry><content type="xhtml"><div xmlns="{XHTML}"><p>a</p></div></content></entry>'
    assert pieces(FEED.format(entry)) == [entry]


DOUBTFUL = {
    "nothing": "",
    "text": "words",
    "JSON Feed": '{"version": "https://jsonfeed.org/version/1.1", "items": []}',
    "web page": "<html><body><item>a</item></body></html>",
    "sitemap": "<urlset><url><loc>/a</loc></url></urlset>",
    "no entries": RSS.format(""),
    "not well-formed": RSS.format(ITEM) + "<",
    "undeclared entity": RSS.format("<item>&nbsp;</item>"),
    "unbound prefix": RSS.format("<item><dc:date>a</dc:date></item>"),
    "forbidden character": RSS.format("<item>\x0b</item>"),
    "document type": "<!DOCTYPE rss>" + RSS.format(ITEM),
    "entity of its own": '<!DOCTYPE rss [<!ENTITY a "b">]>' + RSS.format("<item>&a;</item>"),
    "two channels": "<rss><channel><item/></channel><channel></channel></rss>",
    "entry beside the channel": "<rss><channel></channel><item>a</item></rss>",
    "nested entry": RSS.format(f"<item>{ITEM}</item>"),
    "nested entry of another name": RSS.format("<item><x><ENTRY>a</ENTRY></x></item>"),
    "channel in an entry": RSS.format("<item><channel>a</channel></item>"),
    "empty entry": RSS.format("<item/>"),
    "entry by a prefix": f'<a:feed xmlns:a="{ATOM}"><a:entry>b</a:entry></a:feed>',
    "RDF of no known dialect": f'<rdf:RDF xmlns:rdf="{RDF}"><item>a</item></rdf:RDF>',
    "head after the entries": RSS.format(ITEM + "<ttl>5</ttl>"),
    "text in the head": RSS.format(f"<content>a</content>{ITEM}"),
    "known name in text": RSS.format("<item><content><title>a</title></content></item>"),
    "div in text": RSS.format("<item><description><div>a</div></description></item>"),
    "drawing in text": RSS.format("<item><content type='xhtml'><svg/></content></item>"),
    "prefix of an entry alone": RSS.format("<item><a:b xmlns:a='urn:a'/></item>"),
    "prefix with a second meaning": RSS.format("<item><dc:date xmlns:dc='urn:a'/></item>"),
    "prefix that the root binds otherwise": (
        f"<rss xmlns:dc='urn:a'><channel><item><dc:date xmlns:dc='{DC}'/></item></channel></rss>"
    ),
    "word for a document type": RSS.format("<item><![CDATA[<!ENTITY]]></item>"),
    "deep": RSS.format("<item>" + "<a>" * 200 + "</a>" * 200 + "</item>"),
}


@pytest.mark.parametrize("text", DOUBTFUL.values(), ids=DOUBTFUL)
def test_in_doubt_nothing_is_cut(text: str) -> None:
    assert pieces(text) is None


PLAIN = "<item><title>T</title><link>/x</link><description>D</description>{}</item>"
AGAIN = "<summary>S</summary>"
LEAKS = {
    "language": ('<item xml:lang="ar"><description><div>a</div></description></item>', "", ""),
    "end of a text": (
        "<item><description><body>x</body></description></item>",
        "<description>a <b>b</b></description>",
        "",
    ),
    "prefix": (
        '<item><dc:x xmlns:dc="urn:a"/></item>',
        '<q:date xmlns:q="urn:a">2020-03-03</q:date>',
        "",
    ),
    "text of the head": ("<item></item>", AGAIN, "<content>x</content>"),
    "two texts of the head": (
        "<item></item>",
        AGAIN,
        "<summary>a</summary><description>b</description>",
    ),
    "nested entry": ("<item><x><item>a</item></x></item>", "", ""),
}


@pytest.mark.parametrize(("first", "more", "head"), LEAKS.values(), ids=LEAKS)
def test_doubts_have_a_reason_in_feedparser(first: str, more: str, head: str) -> None:
    """Should one of these fail after an update of feedparser, its rule may go."""
    second = PLAIN.format(more)
    whole, part = (RSS.format(head + entries) for entries in (first + second, second))
    entries = [parse(text.encode(), "", URL).entries for text in (whole, part)]
    assert (len(entries[0]), entries[0][-1]) != (2, entries[1][-1])
    assert pieces(whole) is None


@pytest.mark.parametrize("declared", ["utf-8", "windows-1256", "utf-16", "no-such", None])
@pytest.mark.parametrize(
    ("charset", "is_cut"),
    [("utf-8", True), ("utf-8-sig", True), ("windows-1256", False), ("utf-16", False)],
)
def test_utf8_is_cut_whatever_it_says_of_itself(
    charset: str, declared: str | None, is_cut: bool
) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = (declaration + RSS.format(ITEM.format("خبر"))).encode(charset)
    assert (pieces(body) is not None) is is_cut


@pytest.mark.parametrize("where", ["root", "entry"])
def test_a_base_may_not_come_and_go_with_an_entry(where: str) -> None:
    base = ' xml:base="/b"'
    text = RSS.replace("<rss", f"<rss{base}") if where == "root" else RSS
    found = pieces(text.format(f"<item{base}>a</item>"))
    assert (found is None) is (where == "entry")


# ---------------------------------------------------------------- keys


def keys(text: str, base: str = URL) -> tuple[bytes, ...]:
    found = cut(text.encode(), 2_000)
    assert found is not None
    return found.keys(base)


def test_a_key_is_of_the_raw_entry_and_nothing_that_stands_beside_it() -> None:
    one, two, three = map(ITEM.format, "abc")
    a, b = keys(RSS.format(one + two))
    assert keys(RSS.format(f"<lastBuildDate>now</lastBuildDate>{three}\n{two}<!-- x -->{one}")) == (
        *keys(RSS.format(three)),
        b,
        a,
    )


OTHERWISE = {
    "root": (RSS.replace("<rss", "<rss xml:lang='fa'"), URL),
    "channel": (RSS.replace("<channel", "<channel xml:base='/a'"), URL),
    "version": (RSS.replace("2.0", "0.91"), URL),
    "address": (RSS, "https://b.example/"),
}


@pytest.mark.parametrize(("text", "base"), OTHERWISE.values(), ids=OTHERWISE)
def test_whatever_decides_how_it_is_read_changes_a_key(text: str, base: str) -> None:
    assert keys(text.format(ITEM), base) != keys(RSS.format(ITEM))


# ---------------------------------------------------------------- names that feedparser knows


def test_feedparser_has_no_rule_for_the_markup_that_is_let_through() -> None:
    rules = dir(mixin._FeedParserMixin)
    assert not [
        name for name in HTML for rule in rules if rule in (f"_start_{name}", f"_end_{name}")
    ]


# ---------------------------------------------------------------- bounds


def test_entries_beyond_the_wanted_number_are_not_looked_at() -> None:
    text = RSS.format(ITEM * 3 + "<<< broken")
    found = cut(text.encode(), 3)
    assert found is None  # the fourth never begins
    text = RSS.format("<item>a</item>" * 4 + "<<< broken")
    found = cut(text.encode(), 3)
    assert found is not None
    assert not found.whole
    assert found.document({0, 2}).decode() == RSS.format("<item>a</item>" * 2)


@pytest.mark.parametrize(
    "body",
    [
        b"<rss><channel><item>" + b"<a>" * 1_000_000,
        b"<rss><channel>" + b"<item><title>a</title></item>" * 300_000,
        b"<rss " + b" ".join(b"a%d=''" % n for n in range(100_000)) + b"><channel><item>a</item>",
        b"<rss><channel>" + b"<!--" * 2_000_000,
        b"<rss><channel><item>" + b"<![CDATA[" * 1_000_000,
        b"<" * 9_000_000,
    ],
    ids=["nested", "long", "attributes", "comment", "CDATA", "angles"],
)
def test_a_hostile_document_is_scanned_in_little_time(body: bytes) -> None:
    begin = time.process_time()
    cut(body, 2_000)
    assert time.process_time() - begin < 5


# ---------------------------------------------------------------- the listing

bits = st.binary
records = st.builds(
    Record,
    key=bits(min_size=16, max_size=16),
    guid_key=bits(min_size=16, max_size=16),
    guid=bits(min_size=8, max_size=8),
    content=bits(min_size=4, max_size=4),
    published=st.integers(0, 2**40 - 1),
)


@given(st.lists(records, max_size=5))
def test_records_come_back_as_they_were_packed(listed: list[Record]) -> None:
    assert unpack(pack(listed)) == tuple(listed)


@given(st.binary(max_size=200))
def test_any_bytes_unpack_to_some_records_or_none(listing: bytes) -> None:
    assert len(unpack(listing)) in (0, (len(listing) - 1) // 49)


def test_a_guid_is_marked_and_none_is_not() -> None:
    assert guid_mark(None) == guid_mark("") == NO_GUID == NONE[:8]
    assert guid_mark("a") not in (NO_GUID, guid_mark("b"))


@pytest.mark.parametrize(
    ("before", "now", "kept", "changed"),
    [
        ({"a": 1}, {"a": 1}, "a", False),
        ({"a": 1}, {"a": 2}, "a", True),
        ({"a": 2}, {"a": 1}, "a", True),
        ({"a": 2}, {"a": 3}, "a", False),
        ({"a": 1, "b": 2}, {"a": 1, "b": 1}, "a", False),
    ],
)
def test_repeats_matter_to_the_entries_that_are_kept(
    before: dict[str, int], now: dict[str, int], kept: str, changed: bool
) -> None:
    old, new = ({guid_mark(g): n for g, n in counts.items()} for counts in (before, now))
    assert repeats_changed(old, new, map(guid_mark, kept)) is changed
    assert not repeats_changed({NO_GUID: 1}, {NO_GUID: 5}, [NO_GUID])
