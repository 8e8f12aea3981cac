"""Any bytes are a feed, read as a careful person would read it, or FeedUnreadable."""

from __future__ import annotations

import builtins
import gzip
import itertools
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchers.errors import FeedUnreadable
from watchers.model import FAILURE_KINDS, Entry, ParsedFeed
from watchers.parse import MAX_ENTRIES, MAX_WAIT, parse

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
BASE = "https://feeds.example/dir/feed.xml"
GOLDEN = sorted(p for p in FEEDS.iterdir() if not p.name.endswith((".expected.json", ".md")))


def _expected_entry(given: dict[str, Any]) -> Entry:
    published = given.get("published")
    return Entry(
        guid=given.get("guid"),
        link=given.get("link"),
        title=given.get("title", ""),
        summary=given.get("summary", ""),
        content=given.get("content", ""),
        published=datetime.fromisoformat(published) if published else None,
        language=given.get("language"),
        source=given.get("source", ""),
        source_url=given.get("source_url"),
    )


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_document_becomes_the_entries_beside_it(path: Path) -> None:
    expected = json.loads((FEEDS / f"{path.stem}.expected.json").read_text(encoding="utf-8"))
    content_type = expected.get("content_type", "application/xml")
    assert parse(path.read_bytes(), content_type, BASE) == ParsedFeed(
        title=expected["title"],
        language=expected["language"],
        entries=tuple(map(_expected_entry, expected["entries"])),
        repairs=tuple(expected["repairs"]),
        wait=expected.get("wait", 0),
        whole=expected.get("whole", True),
    )


def test_every_golden_feed_has_its_expectation() -> None:
    assert {f"{p.stem}.expected.json" for p in GOLDEN} == {
        p.name for p in FEEDS.glob("*.expected.json")
    }
    assert len(GOLDEN) >= 60


UNREADABLE = {
    "nothing": (b"", "malformed"),
    "white space": (b" \n ", "malformed"),
    "a web page": (b"<!DOCTYPE html><html><body>Log in</body></html>", "not-a-feed"),
    "a web page without doctype": (b"\xef\xbb\xbf<html lang=fa><p>x</html>", "not-a-feed"),
    "a web page after a comment": (b"<!-- x --><!doctype html><title>x</title>", "not-a-feed"),
    "plain text": (b"service unavailable", "malformed"),
    "a web page in XHTML": (b"<?xml version='1.0'?>\n<!DOCTYPE html><html>x</html>", "not-a-feed"),
    "an image": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "malformed"),
    "other XML": (b"<?xml version='1.0'?><svg><g/></svg>", "malformed"),
    "only the beginning": (b"<?xml version='1.0'?><rss version='2.0'><chan", "malformed"),
    "broken JSON": (b'{"version": "https://jsonfeed.org/ver', "malformed"),
    "other JSON": (b'{"error": "not found"}', "not-a-feed"),
    "JSON of another version": (b'{"version": 1}', "not-a-feed"),
    "deep JSON": (b'{"a":' * 100_000, "malformed"),
    "a huge number": (b'{"version":' + b"9" * 10_000 + b"}", "malformed"),
}


@pytest.mark.parametrize(("body", "kind"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_feed_is_told_by_its_kind(body: bytes, kind: str) -> None:
    with pytest.raises(FeedUnreadable) as caught:
        parse(body, "application/xml", BASE)
    assert caught.value.kind == kind


RSS = (FEEDS / "rss-2.0-content.xml").read_bytes()
_SNIPPETS = [
    b"<item>", b"</item>", b"</channel>", b"<![CDATA[", b"]]>", b"&a;", b"&#99999999999999;",
    b"&#xD800;", b"<!DOCTYPE x [<!ENTITY a '&b;&b;'>]>", b"\0", b"\xff", b"<link href='http://['/>",
    b"<g:where xmlns:g='http://www.georss.org/georss'><g:point>1 2</g:point></g:where>",
    b"<gml:Point xmlns:gml='http://www.opengis.net/gml'><gml:pos>1 2</gml:pos></gml:Point>",
    b"<p:chapter xmlns:p='http://podlove.org/simple-chapters' start='x'/>", b"<xml:base>",
    b"<source url='http://['>", b"<enclosure url='http://[' length='x'/>", b"<a xml:base='http://['>",
    b"<content type='application/octet-stream' mode='base64'>!</content>", b"<pubDate>-1</pubDate>",
]  # fmt: skip
_edits = st.lists(
    st.tuples(
        st.integers(0, len(RSS)),
        st.integers(0, 30),
        st.one_of(st.sampled_from(_SNIPPETS), st.binary(max_size=3)),
    ),
    min_size=1,
    max_size=6,
)


def _readable_or_not(body: bytes, content_type: str = "") -> None:
    kind = None
    try:
        parse(body, content_type, BASE)
    except FeedUnreadable as error:
        kind = error.kind
    assert kind in (None, *FAILURE_KINDS)


@given(_edits)
def test_a_damaged_feed_is_read_or_unreadable(edits: list[tuple[int, int, bytes]]) -> None:
    body = RSS
    for place, length, piece in edits:
        body = body[:place] + piece + body[place + length :]
    _readable_or_not(body)


@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b"<?xml ", b"<rss><item>", b"<feed>"]))
def test_random_bytes_are_read_or_unreadable(body: bytes, start: bytes) -> None:
    _readable_or_not(start + body)


@given(st.text(max_size=30))
@example("undefined")
@example("idna")
@example("rot13")
@example("utf-16")
@example("x" * 300)
def test_no_charset_in_the_header_makes_a_feed_raise(charset: str) -> None:
    _readable_or_not(RSS, f"text/xml; charset={charset}")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "url", "title", "content_html", "date_published", "language"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_json, _json)
def test_any_json_feed_is_read(title: Any, items: Any) -> None:
    version = "https://jsonfeed.org/version/1.1"
    document = {"version": version, "title": title, "items": items}
    assert isinstance(parse(json.dumps(document).encode()), ParsedFeed)


@pytest.mark.parametrize(
    "body",
    [b"http://203.0.113.9/feed.xml", b"/etc/passwd", b"file:///etc/passwd", b"README.md"],
    ids=["web address", "path", "file address", "file name"],
)
def test_bytes_that_look_like_an_address_are_never_fetched_nor_opened(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **_: object) -> None:
        pytest.fail(f"opened {args}")

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(FeedUnreadable):  # the guard of conftest refuses any connection
        parse(body, "", BASE)


def test_external_entities_are_not_read() -> None:
    doctype = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss'
    body = RSS.replace(b"<rss", doctype).replace(b"Short summary.", b"&x;")
    assert parse(body, "", BASE).entries[0].summary in ("", "&x;")


def test_nested_entities_do_not_grow() -> None:
    names = "abcdefghij"
    lines = [f'<!ENTITY {n} "{f"&{m};" * 10}">' for m, n in itertools.pairwise(names)]
    doctype = f'<!DOCTYPE r [<!ENTITY a "lol">{"".join(lines)}]><rss'.encode()
    body = RSS.replace(b"<rss", doctype).replace(b"Short summary.", b"&j;")
    assert len(parse(body, "", BASE).entries[0].summary) < 1000


def test_entries_beyond_the_limit_are_left_out() -> None:
    items = b"".join(b"<item><guid>%d</guid></item>" % n for n in range(MAX_ENTRIES + 5))
    found = parse(b"<rss version='2.0'><channel>" + items + b"</channel></rss>")
    assert [entry.guid for entry in found.entries] == [str(n) for n in range(MAX_ENTRIES)]
    assert not found.whole
    assert not {"junk after the document", "stray bytes"} & set(found.repairs)


def test_a_gzip_bomb_inside_of_gzip_ends_at_the_limit() -> None:
    with pytest.raises(FeedUnreadable) as caught:
        parse(gzip.compress(bytes(11 * 1024 * 1024)))
    assert caught.value.kind == "too-large"


def test_half_of_a_gzip_file_is_read_as_far_as_it_goes() -> None:
    noise = b"".join(b"<item><guid>%d</guid></item>" % (n * n) for n in range(1000))
    whole = gzip.compress(b"<rss version='2.0'><channel>" + noise + b"</channel></rss>")
    assert len(parse(whole[: len(whole) // 2]).entries) > 300
    with pytest.raises(FeedUnreadable):
        parse(b"\x1f\x8bno gzip at all")


WAITS = {
    "ttl": ("<ttl>30</ttl>", 1800),
    "the longest": ("<ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod>", 86_400),
    "twice a day": (
        "<sy:updatePeriod>Daily </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
        43_200,
    ),
    "a frequency alone is of a day": ("<sy:updateFrequency>4</sy:updateFrequency>", 21_600),
    "a year": ("<sy:updatePeriod>yearly</sy:updatePeriod>", MAX_WAIT),
    "never": ("<ttl>99999999999999999999</ttl>", MAX_WAIT),
    "below nothing": ("<ttl>-5</ttl>", 0),
    "nothing": ("<ttl>0</ttl>", 0),
    "words": ("<ttl>often</ttl><sy:updatePeriod>sometimes</sy:updatePeriod>", 0),
    "no times a day": ("<sy:updateFrequency>0</sy:updateFrequency>", 86_400),
}


@pytest.mark.parametrize(("asked", "seconds"), WAITS.values(), ids=WAITS)
def test_a_document_may_ask_to_be_read_less_often(asked: str, seconds: int) -> None:
    head = "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel>"
    assert parse(f"{head}{asked}<item/></channel></rss>".encode()).wait == seconds


def test_a_later_end_of_the_document_is_the_end() -> None:
    one = b"<rss version='2.0'><channel><item><title>1</title>"
    two = b"<description><![CDATA[how to end: </rss> ]]></description></item><item><title>2</title>"
    assert len(parse(one + two + b"</item></channel></rss>").entries) == 2
    assert len(parse(one + two).entries) == 2


def test_ampersands_are_text_in_cdata_alone() -> None:
    body = b"<rss version='2.0'><channel><item><title>a&b<![CDATA[c&d]]>e&f</title></item>"
    assert parse(body + b"</channel></rss>").entries[0].title == "a&bc&de&f"


DATES: dict[str, tuple[str, datetime | None]] = {
    "RFC 822": ("Thu, 14 Jul 2022 12:30:00 +0200", datetime(2022, 7, 14, 10, 30, tzinfo=UTC)),
    "zone name": ("Thu, 14 Jul 2022 12:30:00 EST", datetime(2022, 7, 14, 17, 30, tzinfo=UTC)),
    "ISO 8601": ("2022-07-14T12:30:00+04:30", datetime(2022, 7, 14, 8, 0, tzinfo=UTC)),
    "day only": ("2022-07-14", datetime(2022, 7, 14, tzinfo=UTC)),
    "no date": ("soon", None),
    "impossible": ("0000-00-00", None),
}


@pytest.mark.parametrize(("printed", "time"), DATES.values(), ids=DATES)
def test_times_are_in_utc_or_missing(printed: str, time: datetime | None) -> None:
    body = re.sub(rb"<pubDate>.*?</pubDate>", b"<pubDate>" + printed.encode() + b"</pubDate>", RSS)
    assert parse(body, "", BASE).entries[0].published == time
