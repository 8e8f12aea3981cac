"""The feeds of `make bench-scale`."""

from datetime import UTC, datetime

import pytest

import config
from benchmarks.scale import verdicts
from benchmarks.scale_feeds import (
    ENTRIES,
    address_of,
    answer_of,
    document,
    first_document,
    is_changed,
    is_on_subject,
    number_of,
    tag_of,
)
from benchmarks.scale_part import Part
from watchers.match import Matcher
from watchers.reader import ReadJob, read
from watchers.watchlist import parse_watchlist

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_each_feed_has_an_address_of_its_own() -> None:
    addresses = [address_of(number) for number in range(20_000)]
    assert len(set(addresses)) == 20_000
    assert [number_of(address) for address in addresses] == list(range(20_000))


def test_what_changed_is_read_whole_and_one_entry_is_on_the_subject() -> None:
    matcher = Matcher(parse_watchlist(config.shipped_watchlist(), "watchlist.toml"))
    number = next(n for n in range(1, 1_000) if is_on_subject(n))
    job = ReadJob(document(number, AT), "application/rss+xml", "http://f.example/", "en", AT)
    items = read(job, matcher).items
    assert len(items) == ENTRIES
    assert sorted(item.verdict.relevant for item in items) == [False, False, True]
    assert (
        read(ReadJob(first_document(number), "", "http://f.example/", "en", AT), matcher).items
        == ()
    )


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_known_is_answered_with_304(number: int) -> None:
    known = f"get / http/1.1\r\nif-none-match: {tag_of(number, changed=False)}\r\n".encode()
    status, headers, body = answer_of(number, known, AT)
    assert (status == 200) is is_changed(number)
    assert bool(body) is is_changed(number)
    assert headers.startswith(b"ETag: ")


@pytest.mark.parametrize(
    ("seconds", "cpu", "met"),
    [(10.0, 2.2, [True, True]), (13.0, 2.2, [False, True]), (10.0, 2.4, [True, False])],
)
def test_two_workers_have_to_be_worth_it(seconds: float, cpu: float, met: list[bool]) -> None:
    one = Part(1, kill=False, seconds=20.0, cpu=2.0, stored=1_000)
    two = Part(2, kill=False, seconds=seconds, cpu=cpu, stored=1_000)
    assert [verdict.met for verdict in verdicts([one, two])][:2] == met


def test_a_broken_promise_is_a_miss() -> None:
    part = Part(2, kill=True, problems=["twice: a page"])
    assert [(v.met, v.text) for v in verdicts([part])] == [
        (False, "2 workers, one killed: twice: a page")
    ]
