"""The figures that grouping reached on the labelled sets are held (docs/dedupe.md).

The texts, outlets, speakers and acts in tests/data/grouped are invented: never publish one as
news. `make quality` polls the same items through the whole program.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grouping import Grouping, of_export
from benchmarks.labelled import exported, items_of
from tests.effort import part

GROUPED = Path(__file__).parents[1] / "data" / "grouped"
SETS = sorted(path.name for path in GROUPED.iterdir() if path.is_dir())


@cache
def grouped(name: str) -> list[dict[str, Any]]:
    """The items as they are grouped; nobody changes them."""
    return exported(items_of(GROUPED / name / "items.jsonl"))


@cache
def score(name: str) -> Grouping:
    return of_export(items_of(GROUPED / name / "items.jsonl"), grouped(name))


@pytest.mark.parametrize("name", SETS)
def test_copies_are_found_and_traps_kept_apart(name: str) -> None:
    found = score(name)
    assert found.copies.f1 >= 0.95
    assert found.copies.fp == 0
    assert (found.traps.fp, found.traps.fn > 20) == (0, True)


@pytest.mark.parametrize("name", SETS)
def test_updates_are_shown(name: str) -> None:
    found = score(name)
    assert (found.updates.fn, found.updates.tp > 5) == (0, True)


@pytest.mark.parametrize("name", SETS)
def test_stories_are_found(name: str) -> None:
    assert score(name).bcubed >= 0.80


def _groups(rows: Iterable[Mapping[str, Any]]) -> tuple[set[frozenset[str]], ...]:
    """Copies and stories as sets of addresses: which came first is another matter."""
    found = []
    for group_of in (lambda row: row["duplicate_of"] or row["canonical_url"], itemgetter("story")):
        groups: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if group_of(row):
                groups[group_of(row)].add(row["canonical_url"])
        found.append(set(map(frozenset, groups.values())))
    return tuple(found)


@pytest.mark.parametrize("name", SETS)
def test_the_groups_are_the_same_in_whatever_order_feeds_are_polled(name: str) -> None:
    items = items_of(GROUPED / name / "items.jsonl")
    expected = _groups(grouped(name))
    assert {_groups(exported(items, seed)) == expected for seed in range(part(8))} == {True}


# ---------------------------------------------------------------- the scorer itself


def item(number: str, **labels: Any) -> dict[str, Any]:
    first = {
        "relevant": True, "cluster": number, "duplicate_of": None, "dup_kind": None,
        "not_duplicate_of": [], "update_of": None,
    }  # fmt: skip
    return {
        "id": number, "lang": "en", "title": f"Title {number}", "url": f"https://a.example/{number}",
        "labels": first | labels,
    }  # fmt: skip


def row(number: str, copy_of: str | None = None, story: str | None = None) -> dict[str, Any]:
    url = f"https://a.example/{number}"
    first = f"https://a.example/{copy_of}" if copy_of else None
    return {
        "url": url, "canonical_url": url, "also": [], "duplicate_of": first, "story": story,
        "updates": [],
    }  # fmt: skip


def test_pairs_of_copies_are_counted() -> None:
    items = [
        item("a"), item("b", duplicate_of="a"), item("c", duplicate_of="b"), item("d"),
        item("x", relevant=False, duplicate_of="a"),
    ]  # fmt: skip
    found = of_export(items, [row("a"), row("b", "a"), row("c"), row("d", "a"), row("x")])
    # a-b is right; a-d and b-d are wrong; a-c and b-c are missed; x is not relevant.
    assert (found.copies.tp, found.copies.fp, found.copies.fn) == (1, 2, 2)
    assert len(found.errors) == 4


def test_a_merged_trap_is_counted() -> None:
    items = [
        item("a"),
        item("b", not_duplicate_of=["a"]),
        item("c", not_duplicate_of=["a", "gone"]),
    ]
    found = of_export(items, [row("a"), row("b", "a"), row("c")])
    assert (found.traps.fp, found.traps.fn) == (1, 1)


def test_an_update_is_shown_by_its_own_row_or_by_a_revision() -> None:
    later = item("a2", update_of="a", not_duplicate_of=["a"]) | {"url": "https://a.example/a"}
    apart, hidden = item("b", update_of="a"), item("c", update_of="a")
    rows = [row("a"), row("b"), row("c", "a")]
    found = of_export([item("a"), later, apart, hidden], rows)
    assert (found.updates.tp, found.updates.fn, found.traps.fp) == (1, 2, 0)
    rows[0]["updates"] = [{"at": "", "fields": ["text"]}]
    assert of_export([item("a"), later], rows).updates.tp == 1


def test_stories_are_b_cubed() -> None:
    items = [item("a", cluster="e"), item("b", cluster="e"), item("c", cluster="f")]
    found = of_export(items, [row("a", story="s"), row("b", story="t"), row("c", story="s")])
    assert (found.precision, found.recall) == pytest.approx((2 / 3, 2 / 3))
    found = of_export(items, [row("a", story="s"), row("b", story="s"), row("c")])
    assert (found.precision, found.recall, found.bcubed) == (1, 1, 1)
