"""Concepts: what tells one event from another in any language. Pure.

A concept ("sanctions", "geneva", "hearing") has its words in several languages; finding any
of them in a text says the same thing, so that a Persian and a French report can be seen to
tell one event.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from watchers.errors import WatchlistInvalid
from watchers.folding import fold
from watchers.rules import bounded

GROUPS = ("place", "body", "event")


class Concepts:
    """A table of concepts made ready: build once, ask of any number of texts."""

    def __init__(self, groups: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        patterns: dict[str, list[tuple[str, bool]]] = {}
        for group, concepts in groups.items():
            for name, words in concepts.items():
                for word in words:
                    found = patterns.setdefault(fold(word.rstrip("*")), [])
                    found.append((f"{group}:{name}", word.endswith("*")))
        self._meanings = list(patterns.values())
        self._automaton = AhoCorasick(
            list(patterns), matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def of(self, text: str) -> frozenset[str]:
        """The concepts ("place:geneva", "event:hearing") that a text speaks of."""
        folded = f" {fold(text)} "
        return frozenset(
            name
            for pattern, start, end in self._automaton.find_matches_as_indexes(
                folded, overlapping=True
            )
            for name, prefix in self._meanings[pattern]
            if bounded(folded, start, end, prefix=prefix)
        )


def parse_concepts(text: str, source: str) -> Concepts:
    """The table in a TOML text. WatchlistInvalid names what is wrong, and where."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WatchlistInvalid(source, (f"{source}: not TOML: {error}",)) from error
    problems = [f"{source}: [{name}]: no such group; use {GROUPS}" for name in raw.keys() - GROUPS]
    groups: dict[str, dict[str, tuple[str, ...]]] = {}
    for group in GROUPS:
        for name, words in raw.get(group, {}).items():
            if not isinstance(words, list) or not all(_is_word(word) for word in words):
                problems.append(f"{source}: {group}.{name}: must be a list of words, none empty")
                continue
            groups.setdefault(group, {})[name] = tuple(words)
    if problems:
        raise WatchlistInvalid(source, tuple(problems))
    return Concepts(groups)


def _is_word(value: object) -> bool:
    """At least two letters: one alone would be found everywhere."""
    return isinstance(value, str) and len(fold(value).replace(" ", "")) > 1
