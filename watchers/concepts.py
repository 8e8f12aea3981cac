"""Concepts: what tells one event from another in any language. Pure.

A concept ("sanctions", "geneva", "hearing") has its words in several languages; finding any
of them in a text says the same thing, so that a Persian and a French report can be seen to
tell one event. How much it says depends on how common it is: :meth:`Concepts.weight`.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from watchers.errors import WatchlistInvalid
from watchers.folding import fold
from watchers.rules import bounded

GROUPS = ("place", "body", "event", "thing", "form", "figure")
_WITHIN = "within"
_SEEN = "seen"
# Articles of a thousand that are taken to name what is not counted: a town or a figure is rare,
# a concept that somebody added may not be.
_RARE, _UNCOUNTED = 1, 10
_RARE_GROUPS = ("place:", "figure:", "person:")
_SHARE = re.compile("[1-9][0-9]{0,2}")
_LANGUAGE = 2  # letters of a language's code


@dataclass(frozen=True, slots=True)
class ConceptTable:
    """What a file of concepts says."""

    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    within: Mapping[str, str] = field(default_factory=dict)  # city -> country
    seen: Mapping[str, int] = field(default_factory=dict)  # feature -> articles of a thousand


class Concepts:
    """A table of concepts made ready: build once, ask of any number of texts."""

    def __init__(self, table: ConceptTable) -> None:
        patterns: dict[str, list[tuple[str, bool, str]]] = {}
        for group, concepts in table.groups.items():
            for name, words in concepts.items():
                for word in words:
                    language, form = _parted(word)
                    found = patterns.setdefault(fold(form.rstrip("*")), [])
                    found.append((f"{group}:{name}", form.endswith("*"), language))
        self._meanings = list(patterns.values())
        self._automaton = AhoCorasick(
            list(patterns),
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
        )
        self._within = {f"place:{city}": f"place:{land}" for city, land in table.within.items()}
        self._countries = frozenset(self._within.values())
        self._seen = dict(table.seen)

    def of(self, text: str, language: str | None = None) -> frozenset[str]:
        """The concepts ("place:geneva", "event:hearing") that a text speaks of.

        `language` (a code of two letters) lets words count that are of that language only.
        """
        return self.in_folded(fold(text), language)

    def in_folded(self, folded: str, language: str | None) -> frozenset[str]:
        """The same of a text that is folded already."""
        padded = f" {folded} "
        found = {
            name
            for pattern, start, end in self._automaton.find_matches_as_indexes(
                padded, overlapping=True
            )
            for name, prefix, only in self._meanings[pattern]
            if (not only or only == language) and bounded(padded, start, end, prefix=prefix)
        }
        found |= {self._within[name] for name in found if name in self._within}
        return frozenset(found)

    def is_country(self, place: str) -> bool:
        """Whether a concept ("place:germany") is a place that others of the table are in."""
        return place in self._countries

    def weight(self, feature: str) -> float:
        """How much a shared feature says: -ln of the share of articles that have it."""
        uncounted = _RARE if feature.startswith(_RARE_GROUPS) else _UNCOUNTED
        return math.log(1000 / self._seen.get(feature, uncounted))


def parse_concepts(text: str, source: str) -> Concepts:
    """The table in a TOML text. WatchlistInvalid names what is wrong, and where."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WatchlistInvalid(source, (f"{source}: not TOML: {error}",)) from error
    problems: list[str] = []
    table = _table(raw, problems)
    if problems:
        raise WatchlistInvalid(source, tuple(f"{source}: {problem}" for problem in problems))
    return Concepts(table)


def _table(raw: Mapping[str, Any], problems: list[str]) -> ConceptTable:
    """What is well-formed of it; the rest is added to `problems`."""
    known = (*GROUPS, _WITHIN, _SEEN)
    parts: dict[str, Mapping[str, Any]] = {}
    for name, part in raw.items():
        if name not in known:
            problems.append(f"[{name}]: no such group; use {known}")
        elif isinstance(part, dict):
            parts[name] = part
        else:
            problems.append(f"{name}: must be a table")
    groups: dict[str, dict[str, tuple[str, ...]]] = {group: {} for group in GROUPS}
    for group in GROUPS:
        for name, words in parts.get(group, {}).items():
            if isinstance(words, list) and all(map(_is_word, words)):
                groups[group][name] = tuple(words)
            else:
                problems.append(f"{group}.{name}: must be a list of words, none empty")
    within = _within(parts.get(_WITHIN, {}), groups["place"], problems)
    return ConceptTable(groups, within, _seen(parts.get(_SEEN, {}), problems))


def _within(
    raw: Mapping[str, Any], places: Mapping[str, object], problems: list[str]
) -> dict[str, str]:
    problems += [
        f"within.{city}: both must be places of the table"
        for city, land in raw.items()
        if city not in places or not isinstance(land, str) or land not in places
    ]
    return dict(raw)


def _seen(raw: Mapping[str, Any], problems: list[str]) -> dict[str, int]:
    """`30 = ["event:hearing", ...]`: 30 of a thousand articles name it."""
    seen: dict[str, int] = {}
    for share, features in raw.items():
        listed = isinstance(features, list) and all(isinstance(one, str) for one in features)
        if listed and _SHARE.fullmatch(share):
            seen.update(dict.fromkeys(features, int(share)))
        else:
            problems.append(f"seen.{share}: must be articles of a thousand and a list of features")
    return seen


def _parted(word: str) -> tuple[str, str]:
    """("sv", "dom") of "sv:dom"; the language is empty where there is none."""
    language, _, form = word.rpartition(":")
    return (language, form) if len(language) == _LANGUAGE else ("", word)


def _is_word(value: object) -> bool:
    """At least two letters: one alone would be found everywhere."""
    if not isinstance(value, str):
        return False
    return len(fold(_parted(value)[1]).replace(" ", "")) > 1
