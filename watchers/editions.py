"""Two texts in nearly the same words: do they state the same facts? Pure.

The words are aligned; where they differ, a figure, date or name on one side against another
one on the other side makes them two articles: another week's count, another chamber's vote.
A fact that one side has and the other leaves out does not: texts are cut and edited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from watchers.facts import names_of, stated
from watchers.folding import fold

_FORM = 0.6  # of the words of the shorter headline
_PLACES = 4  # where other words stand, in a form
_NAME = 4  # words
_SLIP = 0.6  # likeness of a word and its misspelling
_ARABIC = "\u0590"
_YEAR = re.compile(r"#(?:1[39]|20|14)\d\d")  # of both calendars
_STEM = 4  # letters: what inflection leaves
_NAMED = 0.3  # of the places that differ; a second desk changes other words too


class Wording:
    """A text as words, with what they state."""

    def __init__(self, text: str, language: str | None, limit: int) -> None:
        self.text = text
        self.language = language
        folded = fold(text)
        self.words: tuple[str, ...] = tuple(folded.split(" ")[:limit]) if folded else ()

    @cached_property
    def names(self) -> frozenset[str]:
        """Its words that are names."""
        return names_of(self.text)

    @cached_property
    def present(self) -> frozenset[str]:
        """All its words."""
        return frozenset(self.words)

    @cached_property
    def facts(self) -> frozenset[str]:
        """Its figures, weekdays and months."""
        return stated(self.words, self.language)


@dataclass(frozen=True, slots=True)
class _Gap:
    """A place where two texts differ: the words of one, and those of the other."""

    one: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def is_latin(self) -> bool:
        """Its words are of a script with capitals."""
        return max(map(max, self.one)) < _ARABIC

    @property
    def likeness(self) -> float:
        """How alike its words are spelt, from 0 to 1."""
        return Levenshtein.normalized_similarity(" ".join(self.one), " ".join(self.other))


def _gaps(one: Wording, other: Wording) -> Iterator[_Gap]:
    """Where the aligned texts differ, in order; touching differences are one."""
    start: tuple[int, int] | None = None
    end = (0, 0)
    for part in Levenshtein.opcodes(one.words, other.words):
        if part.tag == "equal":
            if start is not None:
                yield _Gap(one.words[start[0] : end[0]], other.words[start[1] : end[1]])
            start = None
            continue
        start = start or (part.src_start, part.dest_start)
        end = (part.src_end, part.dest_end)
    if start is not None:
        yield _Gap(one.words[start[0] : end[0]], other.words[start[1] : end[1]])


def same_facts(one: Wording, other: Wording, *, strict: bool) -> bool:
    """False if, where they differ, they state different facts.

    `strict`: of one outlet, which does not edit its own text for another page: any word that
    stands for another counts.
    """
    gaps = list(_gaps(one, other))
    both = [gap for gap in gaps if gap.one and gap.other]
    if any(_figures_differ(gap, one, other) for gap in both):
        return False
    named = sum(_names_differ(gap, one, other) for gap in both)
    if strict:
        return named == 0 and len(both) == 0
    return named <= _NAMED * len(gaps)


def same_headline(one: Wording, other: Wording) -> bool:
    """False if two headlines are one form filled in with different figures, dates or names."""
    here, there = one.present - other.present, other.present - one.present
    if len(one.present & other.present) < _FORM * min(len(one.present), len(other.present)):
        return True  # another headline altogether: the text decides
    if _clash(one.facts - other.facts, other.facts - one.facts):
        return False
    names = [word for word in here & one.names if not _has_form_of(word, there)]
    others = [word for word in there & other.names if not _has_form_of(word, here)]
    return not (names and others)


def _has_form_of(word: str, words: Iterable[str]) -> bool:
    """Whether some other form of it is there: Iran and Iran's, Iranian and Iranians."""
    return any(word[:_STEM] == other[:_STEM] for other in words if len(word) >= _STEM)


def _clash(
    here: Iterable[str], there: Iterable[str], kind: Callable[[str], str] | None = None
) -> bool:
    """Whether there are two facts of one kind."""
    kind = kind or _kind
    return not set(map(kind, here)).isdisjoint(map(kind, there))


def one_form(headlines: tuple[Wording, Wording], texts: tuple[Wording, Wording]) -> bool:
    """True if two articles are one form, filled in with other words that are no figures.

    A second desk changes words here and there. A form has the same word for the same other one
    in the headline and in the text; or but a single word or name in all of it, in the scripts
    that write names like any word (a slip of a letter is none).
    """
    gaps = list(_gaps(*texts))
    put = [gap for gap in gaps if gap.one and gap.other]
    if not 0 < len(put) <= _PLACES or any(_is_long(gap) for gap in put):
        return False
    if not set(put).isdisjoint(gap for gap in _gaps(*headlines) if gap.one and gap.other):
        return True
    only = put[0]
    return len(gaps) == 1 and not only.is_latin and only.likeness < _SLIP


def _is_long(gap: _Gap) -> bool:
    return max(len(gap.one), len(gap.other)) > _NAME


def _figures_differ(gap: _Gap, one: Wording, other: Wording) -> bool:
    """A figure or date of each side that the other side states nowhere, or not in this place."""
    here, there = stated(gap.one, one.language), stated(gap.other, other.language)
    if _is_long(gap):  # much was moved about
        here, there = here - other.facts, there - one.facts
    # A year may be told in other words ("in 2023", "three years ago"), another figure may not.
    kind = _kind if len(gap.one) == len(gap.other) else _kind_or_year
    return here != there and _clash(here - there, there - here, kind)


def _kind(fact: str) -> str:
    return fact[0]


def _kind_or_year(fact: str) -> str:
    return "year" if _YEAR.fullmatch(fact) else _kind(fact)


def _names_differ(gap: _Gap, one: Wording, other: Wording) -> bool:
    """A name of each side that the other side has nowhere."""
    here = any(word in one.names and word not in other.present for word in gap.one)
    there = any(word in other.names and word not in one.present for word in gap.other)
    return here and there
