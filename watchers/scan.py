"""Scanning: one automaton over every alias and phrase finds what stands in a folded text. Pure.

The cheap part of matching: most of the world's news has no hit and ends here. What the hits
come to is decided in `watchers.match`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from watchers.folding import Folded
from watchers.rules import Rule, bounded

_REPEATS = 200  # of one pattern in one field: more say nothing new, and hits are compared in pairs


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern found in a field, at folded positions."""

    rule: Rule
    field: str  # "title" or "text"
    start: int
    end: int
    word: int  # number of its first word in the field: distances count words


class Scanner:
    """All patterns made ready; pickles without its automaton, which is made anew."""

    def __init__(self, patterns: Iterable[tuple[str, Rule]]) -> None:
        rules: dict[str, list[Rule]] = defaultdict(list)
        for pattern, rule in patterns:
            if rule not in rules[pattern]:
                rules[pattern].append(rule)
        self._patterns = list(rules)
        self._rules = [tuple(found) for found in rules.values()]
        self._build()

    def _build(self) -> None:
        self._automaton = AhoCorasick(
            self._patterns, matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_automaton"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._build()

    def scan(self, field: str, folded: Folded) -> Iterator[Hit]:
        """Every pattern that stands in the field as words of its own."""
        text = folded.text
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        seen: Counter[int] = Counter()
        for pattern, start, end in found:
            for rule in self._rules[pattern]:
                if seen[pattern] < _REPEATS and bounded(text, start, end, prefix=rule.prefix):
                    seen[pattern] += 1
                    yield Hit(rule, field, start, end, folded.word(start))
