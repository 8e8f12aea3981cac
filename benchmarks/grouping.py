"""How well articles were grouped, against labels: copies, traps, updates and stories.

Labels say `duplicate_of` (the same article again), `not_duplicate_of` (looks alike and is not: a
trap), `update_of` (changed facts: must be shown) and `cluster` (the same event). Copies count as
pairs. Stories are B-cubed (Bagga and Baldwin 1998): for each article how many of its predicted
companions are true ones, and the reverse, over relevant articles without their copies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from benchmarks.scoring import Tally

Item = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass
class Grouping:
    """What was found, and every error as a line."""

    copies: Tally = field(default_factory=Tally)
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    traps: Tally = field(default_factory=Tally)  # fp: merged, fn: kept apart
    updates: Tally = field(default_factory=Tally)  # tp: shown, fn: not
    stories: int = 0
    precision: float = 1.0
    recall: float = 1.0
    errors: list[str] = field(default_factory=list)

    @property
    def bcubed(self) -> float:
        """F1 of B-cubed precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def lines(self) -> Iterator[str]:
        """The figures, then every error."""
        yield "COPIES"
        yield f"  {'pairs of relevant articles':28} {self.copies}"
        yield from (
            f"  {name:28} {t.tp} of {t.tp + t.fn}" for name, t in sorted(self.kinds.items())
        )
        yield f"  traps merged: {self.traps.fp} of {self.traps.fp + self.traps.fn}"
        yield f"  updates shown: {self.updates.tp} of {self.updates.tp + self.updates.fn}"
        yield f"STORIES ({self.stories})"
        figures = f"P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.bcubed:.3f}"
        yield f"  B-cubed                      {figures}"
        yield f"ERRORS OF GROUPING ({len(self.errors)})"
        yield from (f"  {line}" for line in self.errors)


class _Found:
    """The rows of an export by item, and the groups of copies that they make."""

    def __init__(self, items: Sequence[Item], rows: Iterable[Row]) -> None:
        by_url: dict[str, Row] = {}
        for row in rows:
            for url in (row["url"], row["canonical_url"], *row["also"]):
                by_url.setdefault(url, row)
        self.row = {item["id"]: by_url[item["url"]] for item in items if item["url"] in by_url}

    def group(self, number: str) -> Hashable:
        """The first of its copies; an item that is in no row is alone."""
        row = self.row.get(number)
        return ("item", number) if row is None else row["duplicate_of"] or row["canonical_url"]

    def in_place(self, one: str, other: str) -> bool:
        """Two items at one address: the later is what the row says now."""
        rows = [self.row.get(number) for number in (one, other)]
        return rows[0] is not None and rows[0] is rows[1]

    def story(self, number: str) -> Hashable:
        """Its story, or itself."""
        row = self.row.get(number)
        return row["story"] if row is not None and row["story"] else ("item", number)


def of_export(items: Sequence[Item], rows: Iterable[Row]) -> Grouping:
    """What `dadkhah export` printed of these items, joined by address."""
    found, told = _Found(items, rows), Grouping()
    by_id = {item["id"]: item for item in items}
    _count_copies(items, by_id, found, told)
    for item in items:
        for other in item["labels"]["not_duplicate_of"]:
            if other not in by_id or found.in_place(item["id"], other):
                continue
            merged = found.group(item["id"]) == found.group(other)
            told.traps.add(said=merged, true=not merged)
            if merged:
                told.errors.append(f"trap merged: {_pair(by_id, item['id'], other)}")
        _count_update(item, found, told)
    _count_stories(items, found, told)
    return told


def _true_groups(items: Sequence[Item], by_id: Mapping[str, Item]) -> dict[str, str]:
    groups: dict[str, str] = {}
    for item in items:
        first = item["id"]
        while (before := by_id[first]["labels"]["duplicate_of"]) in by_id:
            first = before
        groups[item["id"]] = first
    return groups


def _count_copies(
    items: Sequence[Item], by_id: Mapping[str, Item], found: _Found, told: Grouping
) -> None:
    groups = _true_groups(items, by_id)
    updates = {
        frozenset((item["id"], item["labels"]["update_of"]))
        for item in items
        if item["labels"]["update_of"]
    }
    relevant = [item["id"] for item in items if item["labels"]["relevant"]]
    for one, other in combinations(relevant, 2):
        said, true = found.group(one) == found.group(other), groups[one] == groups[other]
        firsts = frozenset((groups[one], groups[other]))
        if not (said or true) or (said and not true and firsts in updates):
            continue  # an update at the same address: the row was replaced
        told.copies.add(said=said, true=true)
        if true:
            labels = [by_id[number]["labels"]["dup_kind"] for number in (one, other)]
            told.kinds[" + ".join(sorted(kind or "first" for kind in labels))].add(
                said=said, true=True
            )
        if said != true:
            wrong = "merged" if said else "not found"
            told.errors.append(f"copy {wrong}: {_pair(by_id, one, other)}")


def _count_update(item: Item, found: _Found, told: Grouping) -> None:
    before = item["labels"]["update_of"]
    if not before or item["id"] not in found.row:
        return
    if found.in_place(item["id"], before):
        shown = bool(found.row[item["id"]]["updates"])
    else:
        shown = found.group(item["id"]) != found.group(before)
    told.updates.add(said=shown, true=True)
    if not shown:
        told.errors.append(f"update not shown: {item['id']} {item['title'][:80]}")


def _count_stories(items: Sequence[Item], found: _Found, told: Grouping) -> None:
    alone = [
        item
        for item in items
        if item["labels"]["relevant"]
        and not item["labels"]["duplicate_of"]
        and not item["labels"].get("borderline")
    ]
    true: dict[Hashable, set[str]] = defaultdict(set)
    said: dict[Hashable, set[str]] = defaultdict(set)
    for item in alone:
        true[item["labels"]["cluster"]].add(item["id"])
        said[found.story(item["id"])].add(item["id"])
    shares = [
        (len(both), len(said[found.story(item["id"])]), len(true[item["labels"]["cluster"]]))
        for item in alone
        for both in [said[found.story(item["id"])] & true[item["labels"]["cluster"]]]
    ]
    if shares:
        told.precision = sum(both / companions for both, companions, _ in shares) / len(shares)
        told.recall = sum(both / event for both, _, event in shares) / len(shares)
    told.stories = len(true)


def _pair(by_id: Mapping[str, Item], one: str, other: str) -> str:
    titles = " | ".join(f"{number} {by_id[number]['title'][:60]}" for number in (one, other))
    return f"{by_id[one]['lang']}: {titles}"
