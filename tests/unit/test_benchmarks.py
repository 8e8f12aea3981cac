"""The benchmarks' own parts: generated feeds are what they claim, verdicts are right."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from benchmarks.agreement import differences
from benchmarks.corpus import Corpus
from benchmarks.plans import FAULTS, UNREADABLE
from benchmarks.table import Run, table, verdicts
from watchers.errors import FeedUnreadable
from watchers.parse import parse

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
CORPUS = Corpus(200, AT)
RUN = Run("dadkhah", 1000, 1, 1, 10.0, 20.0, 200 * 2**20, 3, {"cpu_seconds": 0.1}, {})


def one_of_each() -> list[int]:
    """A feed of each fault, and of each format and charset without one."""
    kinds = {plan.fault or (plan.format, plan.charset): plan.number for plan in CORPUS.plans}
    return sorted(kinds.values())


def test_every_hundred_feeds_have_the_same_shares() -> None:
    for start in (0, 100):
        plans = CORPUS.plans[start : start + 100]
        formats = Counter((plan.fault and "broken") or plan.format for plan in plans)
        assert formats == {"rss": 70, "atom": 20, "broken": 5, "rdf": 3, "json": 2}
        assert sum(plan.changes for plan in plans) == 5
        assert sum(plan.conditional for plan in plans) == 70
    assert {plan.fault for plan in CORPUS.plans} == {"", *FAULTS}


def test_documents_are_about_sixty_kilobytes_and_thirty_entries() -> None:
    size = sum(len(CORPUS.document(number).body) for number in range(0, 200, 2)) / 100
    assert 50_000 < size < 70_000
    assert 28 < sum(plan.entries for plan in CORPUS.plans) / 200 < 34


def test_a_feed_is_the_same_in_a_corpus_of_any_size() -> None:
    assert Corpus(30, AT).document(29) == CORPUS.document(29)
    assert Corpus(30, AT, seed=1).document(29) != CORPUS.document(29)


def test_each_feed_has_an_address_of_its_own() -> None:
    addresses = {plan.address for plan in Corpus(5_000, AT).plans}
    assert len(addresses) == 5_000
    assert all(address.startswith("127.1.") for address in addresses)


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_has_one_to_three_new_entries_on_top(version: int) -> None:
    before, after = (CORPUS.entries(7, number) for number in (version - 1, version))
    new = [entry for entry in after if entry not in before]
    assert 1 <= len(new) <= 3
    assert after == [*new, *before[: -len(new)]]


@pytest.mark.parametrize("number", one_of_each())
def test_feedparser_and_we_agree_but_for_listed_repairs(number: int) -> None:
    assert [one for one in differences(CORPUS, number) if not one.excused] == []


@pytest.mark.parametrize("fault", UNREADABLE)
def test_what_is_no_feed_is_refused(fault: str) -> None:
    number = next(plan.number for plan in CORPUS.plans if plan.fault == fault)
    document = CORPUS.document(number)
    with pytest.raises(FeedUnreadable):
        parse(document.body, document.content_type, "http://127.1.0.1/feed")


@pytest.mark.parametrize(
    ("peer_wall", "memory", "met"),
    [
        pytest.param(26.0, 299, [True, True], id="fast and lean"),
        pytest.param(24.0, 299, [False, True], id="too slow"),
        pytest.param(26.0, 301, [True, False], id="too much memory"),
    ],
)
def test_verdicts(peer_wall: float, memory: int, met: list[bool]) -> None:
    ours = replace(RUN, memory=memory * 2**20)
    peer = replace(RUN, program="reader", wall=peer_wall)
    assert [v.met for v in verdicts([ours, peer], "dadkhah", "reader")] == met


def test_cpu_a_feed_that_grows_with_the_number_of_feeds_is_told() -> None:
    dearer = replace(RUN, feeds=5000, cpu=150.0)
    runs = [replace(run, cycle=cycle) for run in (RUN, dearer) for cycle in (1, 2, 3)]
    told = [v for v in verdicts(runs, "dadkhah", "reader") if v.text.startswith("CPU")]
    assert [v.met for v in told] == [False] * 3
    assert "1.50 times" in told[0].text


def test_the_table_has_medians_of_the_rounds() -> None:
    rounds = [replace(RUN, round=n, wall=wall) for n, wall in enumerate((10.0, 20.0, 25.0))]
    *_, row = table(rounds)
    assert row.startswith("| 1000 | all new | dadkhah | 50 | 20.00 | 20.0 |")
