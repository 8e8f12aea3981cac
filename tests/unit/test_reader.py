"""Reading only what is unseen gives exactly what reading all of it would have given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import event, given, settings

import bot.demo
import config
import watchers.reader
from tests.unit.feed_documents import Document, histories
from watchers.errors import FeedUnreadable
from watchers.listing import unpack
from watchers.match import Matcher
from watchers.model import ParsedFeed, Remembered
from watchers.parse import MAX_ENTRIES, parse
from watchers.reader import NOTHING, Reading, ReadJob, read
from watchers.watchlist import parse_watchlist

MATCHER = Matcher(parse_watchlist(config.shipped_watchlist(), "watchlist.toml"))
NOW = datetime(2026, 7, 30, tzinfo=UTC)
URL = "https://site.example/feeds/all.xml"
GOLDEN = sorted(
    path
    for folder in (
        Path(__file__).parents[1] / "data" / "feeds",
        Path(bot.demo.__file__).parent / "feeds",
    )
    for path in folder.glob("*.[xjr]*")
    if not path.name.endswith(".expected.json")
)


def job(body: bytes, remembered: Remembered = NOTHING, header: str = "text/xml") -> ReadJob:
    return ReadJob(body, header, URL, None, NOW, remembered)


def stored(reading: Reading, before: Remembered = NOTHING) -> Remembered:
    """What the store would remember after this reading."""
    articles = [item.article for item in reading.items]
    return Remembered(
        {**before.entries, **{a.guid_key: a.content_key for a in articles}},
        before.urls | {a.url_key for a in articles},
        reading.listing,
    )


def outcome(job: ReadJob) -> Reading | str:
    """A reading; of repairs only those of the whole document could be told."""
    try:
        return replace(read(job, MATCHER), repairs=())
    except FeedUnreadable as error:
        return error.message


def agree(job: ReadJob) -> Reading | str:
    """The outcome, after checking that a full parse comes to the same."""
    found = outcome(job)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watchers.reader, "cut", lambda *_: None)
        whole = outcome(job)
    listing = found.listing if isinstance(found, Reading) else b""
    assert found == (replace(whole, listing=listing) if isinstance(whole, Reading) else whole)
    if isinstance(found, Reading):
        job = replace(job, remembered=replace(job.remembered, listing=b""))
        assert unpack(listing) == unpack(read(job, MATCHER).listing)
    return found


def follow(bodies: Iterable[tuple[bytes, str]]) -> None:
    """Read versions of a document one after another, as polls would."""
    remembered = NOTHING
    for body, header in bodies:
        reading = agree(job(body, remembered, header))
        if isinstance(reading, Reading):
            remembered = stored(reading, remembered)


def rss(*items: str, head: str = "", root: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"{root}><channel>'
        f"<title>Head</title>{head}{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int, more: str = "", guid: str | None = None) -> str:
    return (
        f"<item><title>News {number}</title><guid isPermaLink='false'>{guid or number}</guid>"
        f"<link>https://site.example/{number}</link>{more}</item>"
    )


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries the parser was given, call by call."""
    counts: list[int] = []

    def counting(body: bytes, content_type: str, base_url: str) -> ParsedFeed:
        feed = parse(body, content_type, base_url)
        counts.append(len(feed.entries))
        return feed

    monkeypatch.setattr(watchers.reader, "parse", counting)
    return counts


# ---------------------------------------------------------------- the same as a full parse


@settings(max_examples=60, deadline=None)
@given(histories())
def test_successive_versions_are_read_as_a_full_parse_reads_them(versions: list[Document]) -> None:
    remembered = NOTHING
    for version in versions:
        reading = agree(job(version.body, remembered, version.header))
        if isinstance(reading, Reading):
            event("cut" if reading.listing else "whole")
            remembered = stored(reading, remembered)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_golden_feeds_are_read_as_a_full_parse_reads_them(path: Path) -> None:
    body = path.read_bytes()
    begin, end = (b"<entry", b"</entry>") if b"<entry" in body else (b"<item", b"</item>")
    starts = [n for n in range(len(body)) if body.startswith(begin, n)]
    ends = [body.find(end, n) + len(end) for n in starts]
    without = [
        body[:start] + body[stop:] for start, stop in zip(starts, ends, strict=True) if stop > start
    ]
    follow((version, "application/rss+xml; charset=utf-8") for version in (*without, body, body))


# ---------------------------------------------------------------- what is parsed


def test_only_unseen_entries_are_parsed(parsed: list[int]) -> None:
    first = agree(job(rss(*map(item, range(10)))))
    assert isinstance(first, Reading)
    parsed.clear()
    reading = read(job(rss(*map(item, range(-1, 9))), stored(first)), MATCHER)
    assert parsed == [1]
    assert [entry.article.title for entry in reading.items] == ["News -1"]
    assert (reading.entries, reading.overlap, len(reading.seen)) == (10, 9, 10)


def test_an_edited_entry_is_parsed_again(parsed: list[int]) -> None:
    first = read(job(rss(item(1), item(2), item(3))), MATCHER)
    parsed.clear()
    changed = rss(item(1), item(2, "<description>more</description>"), item(3))
    reading = read(job(changed, stored(first)), MATCHER)
    assert parsed == [1]
    assert [entry.article.text for entry in reading.items] == ["more"]


def test_a_change_of_the_head_alone_costs_one_entry(parsed: list[int]) -> None:
    first = read(job(rss(*map(item, range(10)))), MATCHER)
    parsed.clear()
    head = "<lastBuildDate>Wed, 01 Jul 2026 10:00:00 GMT</lastBuildDate><language>fa</language>"
    reading = read(job(rss(*map(item, range(10)), head=head), stored(first)), MATCHER)
    assert parsed == [1]
    assert (reading.items, reading.overlap, reading.language) == ((), 10, "fa")


@pytest.mark.parametrize(
    "root",
    [' xml:base="https://else.example/"', ' xml:lang="fa"', ' xmlns:dc="urn:a"'],
    ids=["base", "language", "namespace"],
)
def test_what_stands_around_the_entries_makes_all_of_them_unseen(
    parsed: list[int], root: str
) -> None:
    first = read(job(rss(item(1), item(2))), MATCHER)
    parsed.clear()
    read(job(rss(item(1), item(2), root=root), stored(first)), MATCHER)
    assert parsed == [2]


def test_another_address_of_the_feed_makes_all_of_them_unseen(parsed: list[int]) -> None:
    first = read(job(rss(item(1), item(2))), MATCHER)
    parsed.clear()
    read(replace(job(rss(item(1), item(2)), stored(first)), url="https://b.example/"), MATCHER)
    assert parsed == [2]


def test_an_entry_that_the_store_forgot_is_read_again() -> None:
    first = read(job(rss(item(1), item(2))), MATCHER)
    remembered = replace(stored(first), entries={})
    assert len(read(job(rss(item(1), item(2)), remembered), MATCHER).items) == 2


def test_an_entry_that_the_store_knows_otherwise_is_read_again() -> None:
    """Its content may have come and gone meanwhile."""
    first = read(job(rss(item(1), item(2))), MATCHER)
    remembered = stored(first)
    other = {first.seen[0]: bytes(16)}
    remembered = replace(remembered, entries={**remembered.entries, **other})
    reading = agree(job(rss(item(1), item(2)), remembered))
    assert isinstance(reading, Reading)
    assert [entry.article.title for entry in reading.items] == ["News 1"]


@pytest.mark.parametrize(
    ("spoiled", "charset"),
    [
        ("خبر", "windows-1256"),
        ("خبر", "utf-16"),
        ("&nbsp;", "utf-8"),
        ("AT&T", "utf-8"),
        ("\v", "utf-8"),
    ],
    ids=["charset", "UTF-16", "entity", "ampersand", "control"],
)
def test_a_document_that_can_be_mended_is_cut_too(
    parsed: list[int], spoiled: str, charset: str
) -> None:
    def body(*numbers: int) -> bytes:
        text = rss(*(item(n, f"<description>{spoiled}</description>") for n in numbers)).decode()
        return text.replace("utf-8", charset).encode(charset)

    first = read(job(body(3, 2, 1), header=""), MATCHER)
    parsed.clear()
    reading = read(job(body(4, 3, 2), stored(first), header=""), MATCHER)
    assert (parsed, len(reading.items), reading.repairs) == ([1], 1, first.repairs)
    agree(job(body(4, 3, 2), stored(first), header=""))


@pytest.mark.parametrize("listing", [b"", b"\x01abc", b"\xff" + bytes(49), b"?"])
def test_a_listing_that_cannot_be_read_is_none(parsed: list[int], listing: bytes) -> None:
    first = read(job(rss(item(1), item(2))), MATCHER)
    parsed.clear()
    reading = read(job(rss(item(1), item(2)), replace(stored(first), listing=listing)), MATCHER)
    assert (parsed, reading.items) == ([2], ())


# ---------------------------------------------------------------- guids


def test_a_guid_that_comes_to_be_repeated_names_no_entry_any_more() -> None:
    """The entry that had it alone is read again: its name hung on the whole document."""
    first = read(job(rss(item(1, guid="g"), item(2))), MATCHER)
    reading = agree(job(rss(item(3, guid="g"), item(1, guid="g"), item(2)), stored(first)))
    assert isinstance(reading, Reading)
    assert len(reading.items) == 2
    follow((version, "") for version in (
        rss(item(1, guid="g"), item(2, guid="g"), item(3)),
        rss(item(1, guid="g"), item(3)),
        rss(item(1, guid="g"), item(2, guid="g"), item(4, guid="g")),
    ))  # fmt: skip


def test_entries_of_one_name_do_not_take_turns_as_changes() -> None:
    body = rss(*(
        f"<item><title>T</title><link>/l</link><description>{n}</description></item>"
        for n in range(2)
    ))  # fmt: skip
    first = read(job(body), MATCHER)
    assert [entry.article.text for entry in first.items] == ["0"]
    again = agree(job(body, stored(first)))
    assert isinstance(again, Reading)
    assert again.items == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["oldest first", "newest first"])
def test_of_entries_of_one_name_the_latest_counts(order: tuple[int, int]) -> None:
    """A feed may list a corrected report beside what it said before."""
    entries = [
        f"<item><title>T</title><link>/l</link><description>{n}</description>"
        f"<pubDate>Wed, 29 Jul 2026 1{n}:00:00 GMT</pubDate></item>"
        for n in range(2)
    ]
    first = read(job(rss(entries[0])), MATCHER)
    both = job(rss(*(entries[n] for n in order)), stored(first))
    later = agree(both)
    assert isinstance(later, Reading)
    assert [entry.article.text for entry in later.items] == ["1"]
    again = agree(replace(both, remembered=stored(later, stored(first))))
    assert isinstance(again, Reading)
    assert again.items == ()


# ---------------------------------------------------------------- figures


def test_overlap_counts_entries_known_by_guid_or_by_address() -> None:
    first = read(job(rss(item(1), item(2), item(3))), MATCHER)
    reading = agree(job(rss(item(4), item(3, guid="other"), item(2)), stored(first)))
    assert isinstance(reading, Reading)
    assert (reading.entries, reading.overlap) == (3, 2)


def test_the_oldest_entry_may_be_one_that_is_not_parsed() -> None:
    day = "<pubDate>{:02} Jul 2026 10:00:00 GMT</pubDate>".format
    first = read(job(rss(*(item(n, day(n)) for n in (3, 2, 1)))), MATCHER)
    reading = read(job(rss(*(item(n, day(n)) for n in (5, 4, 3, 2))), stored(first)), MATCHER)
    assert reading.oldest == datetime(2026, 7, 2, 10, tzinfo=UTC)
    assert reading.newest == datetime(2026, 7, 5, 10, tzinfo=UTC)


def test_a_date_to_come_is_clamped_to_the_time_of_each_reading() -> None:
    body = rss(item(1, "<pubDate>01 Jan 2031 10:00:00 GMT</pubDate>"))
    first = read(job(body), MATCHER)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert read(replace(job(body, stored(first)), now=later), MATCHER).oldest == later


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("broken", ["", "&nbsp;", "<br>"], ids=["sound", "mended", "broken"])
def test_no_more_than_so_many_entries_reach_the_parser(parsed: list[int], broken: str) -> None:
    head = f"<description>{broken}</description>"
    items = (f"<item><title>{n}</title></item>" for n in range(MAX_ENTRIES + 500))
    reading = read(job(rss(*items, head=head)), MATCHER)
    assert (parsed, reading.entries) == ([MAX_ENTRIES], MAX_ENTRIES)
    assert "later entries left out" in reading.repairs
    assert len(unpack(reading.listing)) in (0, MAX_ENTRIES)
