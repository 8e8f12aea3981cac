"""Scanning: automata over every alias and phrase find what stands in a folded text. Pure.

The cheap part of matching, and where most of the world's news ends: what can begin a reason (a
name, a strong phrase, a year, a place) is looked for first, and the ordinary words that count
only beside it ("court", "killed") only if some was found. What the hits come to is decided in
`watchers.match`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from watchers.folding import Folded
from watchers.rules import Rule, bounded, is_persian

_REPEATS = 200  # of one pattern in one field: more say nothing new, and hits are compared in pairs
_FEW = 4_000  # patterns: of so many the faster automaton is made


class Hit(NamedTuple):
    """A pattern found in a field, at folded positions."""

    rule: Rule
    field: str  # "title" or "text"
    start: int
    end: int
    word: int  # number of its first word in the field: distances count words


class Tells(IntEnum):
    """What a hit says by itself."""

    NOTHING = 0  # a word of the topic that half of the news has
    COMPANY = 1  # the same, without which no AT_HOME comes to anything
    AT_HOME = 2  # it may begin a reason in a text that is of Iran, in company
    ALONE_AT_HOME = 3  # the same, and needs no company
    COUNTRY = 4  # Iran: the text may be of it
    ENOUGH = 5  # the article has to be looked at


class Scanner:
    """All patterns made ready. `tells` says what the hits of a rule say by themselves."""

    def __init__(
        self,
        patterns: Iterable[tuple[str, Rule]],
        tells: Callable[[Rule], Tells] = lambda _: Tells.ENOUGH,
    ) -> None:
        sorts: dict[Tells, list[tuple[str, Rule]]] = {sort: [] for sort in Tells}
        for pattern, rule in patterns:
            sorts[tells(rule)].append((pattern, rule))
        self._country = frozenset(rule for _, rule in sorts[Tells.COUNTRY])
        self._first = _Patterns(sorts[Tells.ENOUGH] + sorts[Tells.COUNTRY], few=_FEW)
        at_home = sorts[Tells.AT_HOME] + sorts[Tells.ALONE_AT_HOME]
        self._at_home = _Patterns(at_home, few=_FEW)
        company = sorts[Tells.COMPANY] + sorts[Tells.ALONE_AT_HOME]
        self._company = frozenset(rule for _, rule in company)
        self._others = _Patterns(sorts[Tells.NOTHING] + sorts[Tells.COMPANY], few=0)

    def find(self, fields: Mapping[str, Folded]) -> list[Hit]:
        """The hits in all fields; none if they cannot come to anything.

        Only those of the country, if nothing is there that they could go with.
        """
        first = _all(self._first, fields)
        enough = any(hit.rule not in self._country for hit in first)
        if not first and not any(is_persian(folded.original) for folded in fields.values()):
            return []
        at_home = _all(self._at_home, fields)
        if not enough and not at_home:
            return first
        hits = [*first, *at_home, *_all(self._others, fields)]
        if enough or any(hit.rule in self._company for hit in hits):
            return hits
        return first

    def tells_more_than_the_country(self, hits: Iterable[Hit]) -> bool:
        """Whether anything but Iran was found."""
        return any(hit.rule not in self._country for hit in hits)

    def scan(self, field: str, folded: Folded) -> Iterator[Hit]:
        """Every pattern that stands in one field as words of its own."""
        for patterns in (self._first, self._at_home, self._others):
            yield from patterns.scan(field, folded)


def _all(patterns: _Patterns, fields: Mapping[str, Folded]) -> list[Hit]:
    return [hit for name in fields for hit in patterns.scan(name, fields[name])]


class _Patterns:
    """Patterns with an automaton; pickles without it, for it is made anew in no time."""

    def __init__(self, patterns: Iterable[tuple[str, Rule]], few: int) -> None:
        rules: dict[str, dict[Rule, None]] = defaultdict(dict)
        for pattern, rule in patterns:
            if pattern:
                rules[pattern][rule] = None
        self._patterns = list(rules)
        self._rules = [tuple(found) for found in rules.values()]
        self._kind = "DFA" if len(self._patterns) < few else "ContiguousNFA"
        self._build()

    def _build(self) -> None:
        """A DFA of 2,000 patterns takes 10 MB and 0.03 s, one of 20,000 75 MB and more.

        The other kind needs a tenth of that. The more patterns there are, the less a DFA gains,
        for it no longer fits into the processor's cache: half of the time at 3,000, no more than
        a twentieth at 7,000.
        """
        self._automaton = AhoCorasick(
            self._patterns,
            matchkind=MatchKind.Standard,
            implementation=getattr(Implementation, self._kind),
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_automaton"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._build()

    def scan(self, field: str, folded: Folded) -> list[Hit]:
        """Every pattern that stands in the field as words of its own."""
        text = folded.text
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return list(self._hits(field, text, found)) if found else []

    def _hits(self, field: str, text: str, found: Iterable[tuple[int, int, int]]) -> Iterator[Hit]:
        seen: dict[int, int] = defaultdict(int)
        word = at = 0  # words are counted on from hit to hit
        for pattern, start, end in found:
            rules = self._rules[pattern]
            if text[start - 1] != " " or text[end] != " ":
                rules = tuple(r for r in rules if bounded(text, start, end, prefix=r.prefix))
            if not rules or seen[pattern] >= _REPEATS:
                continue
            seen[pattern] += 1
            word += text.count(" ", at, start) if start >= at else -text.count(" ", start, at)
            at = start
            for rule in rules:
                yield Hit(rule, field, start, end, word)
