"""Which planted copies were joined with their originals, and what was joined wrongly. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.dedupe_texts import COPIES, EVERY, TRAPS, World

_ALL = "all copies"


@dataclass
class Found:
    """What came of the planted copies."""

    planted: Counter[str] = field(default_factory=Counter)  # copies by kind
    found: Counter[str] = field(default_factory=Counter)
    relevant: int = 0  # articles
    wrong: int = 0  # articles joined with one that they do not belong with
    traps: Counter[str] = field(default_factory=Counter)  # planted, by kind
    trapped: Counter[str] = field(default_factory=Counter)  # of these, joined wrongly

    def count(self, kind: str) -> int:
        """How many copies of a kind, or "all copies", were planted."""
        return self.planted.total() if kind == _ALL else self.planted[kind]

    def hits(self, kind: str) -> int:
        """How many of these were found."""
        return self.found.total() if kind == _ALL else self.found[kind]

    def recall(self, kind: str) -> float:
        """Their share."""
        return self.hits(kind) / max(1, self.count(kind))

    def as_dict(self) -> dict[str, object]:
        """For the file of figures."""
        return {
            "planted": dict(self.planted),
            "found": dict(self.found),
            "relevant": self.relevant,
            "wrong": self.wrong,
            "traps": dict(self.traps),
            "trapped": dict(self.trapped),
        }


def score(
    world: World, numbers: Mapping[int, int], copies: Mapping[int, int], *, most: int | None = None
) -> Found:
    """Of relevant articles by id with their numbers, and the first ones of copies by id.

    With `most`: only the first so many relevant articles.
    """
    firsts = {
        numbers[one] // EVERY: numbers[first] // EVERY
        for one, first in copies.items()
        if one in numbers and first in numbers
    }
    indexes = sorted(number // EVERY for number in numbers.values())
    return _score(world, indexes if most is None else indexes[:most], firsts)


def score_peer(world: World, joined: Mapping[str, int]) -> Found:
    """Of the peer: the relevant article that each was joined with, by number among these."""
    indexes = range(int(max(joined, key=int)) + 1)
    firsts = {int(one): first for one, first in joined.items() if first >= 0}
    return _score(world, indexes, firsts)


def _score(world: World, indexes: range | list[int], firsts: Mapping[int, int]) -> Found:
    roots = _roots(firsts)
    result = Found(relevant=len(indexes))
    for index in indexes:
        role = world.role(index)
        if role.kind in TRAPS:
            result.traps[role.kind] += 1
        if role.kind in COPIES:
            result.planted[role.kind] += 1
            result.found[role.kind] += roots.get(index, index) == roots.get(role.of, role.of)
        first = firsts.get(index)
        if first is not None and _group(world, first) != _group(world, index):
            result.wrong += 1
            kinds = (role.kind, world.role(first).kind)
            result.trapped.update([kind for kind in kinds if kind in TRAPS][:1])
    return result


def _group(world: World, index: int) -> int:
    role = world.role(index)
    return role.of if role.kind in COPIES else index


def _roots(firsts: Mapping[int, int]) -> dict[int, int]:
    """The end of each chain, in both directions of time."""
    roots: dict[int, int] = {}
    for start in {*firsts, *firsts.values()}:
        here, steps = start, 0
        while here in firsts and steps < len(firsts):
            here, steps = firsts[here], steps + 1
        roots[start] = here
    return roots
