"""The form in which articles are searched: a stream of tokens, made of folded text. Pure.

What SQLite and PostgreSQL index is this, and nothing else: neither folds, stems or cuts by
itself. An article's stream is

- the words of its title, a break, the words of its text: folded, in order, for phrases;
- words that are written as one or as two, joined ("می شود" is indexed as "میشود" too,
  "Pour Mohammadi" as "pourmohammadi"): in which spelling one asks does not matter;
- the words of the title once more, marked, so that they can be looked up by themselves;
- facts: language, outlet, whom it names, year and month, whether readers see it.

Marks hold characters that folding leaves in no word, so that no text can pretend to be a fact.
Scripts without spaces between words (Chinese, Japanese, Thai, Khmer, Lao, Burmese) are indexed
by pairs of letters. A question goes through the same functions (`watchers.search_question`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from watchers.folding import fold

VERSION = "1"
"""Of the form; what another version indexed is indexed anew."""

BREAK = "‖"  # between title, text and the rest: no phrase reaches over it
TITLE = "="  # before a word of the title
STORED = "is:stored"  # every article has it
TOLD = "is:told"  # readers see it: it tells something, and is no baseline
LONGEST = 48  # characters of a word that count
_JOINED = 18  # characters of a joined word, at most
_MOST_COMPOUND = 100  # characters between two blanks
_MOST_JOINED = 20_000  # of one article
_FACT = re.compile(r"[^a-z0-9.\-_\u0080-\U0010ffff]")

_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff]+")
_JOINERS = re.compile("[-\u2010\u2011\u200c]")
_COMPOUND = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,16}(?:[-\u2010\u2011\u200c][^\W\d_]{1,16}){1,4}")
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)


@dataclass(frozen=True, slots=True)
class Indexable:
    """What of an article is searched; `mark` is its number in the list of what is due."""

    id: int
    mark: int
    title: str
    text: str
    language: str | None
    host: str
    source: str  # the outlet's name, where its link leads to an aggregator
    named: tuple[str, ...]  # ids of officials and other people
    topics: tuple[str, ...]
    time: datetime  # published, or else first seen
    told: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """An article as it is indexed."""

    words: tuple[tuple[str, ...], tuple[str, ...]]  # of title and text, in order
    others: tuple[str, ...]  # joined words, marked ones, facts; in no order

    @property
    def text(self) -> str:
        """The words of both, with breaks: what is looked through again when hits are ranked."""
        title, text = self.words
        return f" {' '.join(title)} {BREAK} {' '.join(text)} {BREAK} "

    @property
    def whole(self) -> str:
        """All of it as one text of tokens between spaces."""
        return f"{self.text}{' '.join(self.others)}"


def words(folded: str) -> tuple[str, ...]:
    """The words of a folded text as they are indexed."""
    if not folded:
        return ()
    if not folded.isascii() and _SPACELESS.search(folded):
        folded = _SPACELESS.sub(_pairs, folded)
    found = folded.split()
    if len(max(found, key=len, default="")) > LONGEST:
        return tuple(word[:LONGEST] for word in found)
    return tuple(found)


def _pairs(run: re.Match[str]) -> str:
    letters = run.group()
    return f" {' '.join(map(''.join, pairwise(letters)))} {letters[-1]} "


def is_spaceless(word: str) -> bool:
    """Whether the word is of a script without spaces between words."""
    return _SPACELESS.match(word) is not None


def stream(one: Indexable) -> Stream:
    """An article as it is indexed."""
    title, text = words(fold(one.title)), words(fold(one.text))
    others = dict.fromkeys(f"{TITLE}{word}" for word in title)
    others |= dict.fromkeys(joined_in(title, one.title))
    others |= dict.fromkeys(joined_in(text, one.text))
    return Stream((title, text), (*others, *_facts(one)))


# ---------------------------------------------------------------- joined words


def joined_in(found: Sequence[str], original: str) -> Iterator[str]:
    """Neighbouring words that some write as one.

    All pairs in Arabic letters, where a space, a ZWNJ and nothing at all mean the same to most
    who type; elsewhere names and what a hyphen joins.
    """
    left = _MOST_JOINED
    is_arabic = [_ARABIC.fullmatch(word) is not None for word in found]
    for number, both in enumerate(pairwise(is_arabic)):
        if both == (True, True):
            joined = found[number] + found[number + 1]
            if len(joined) <= _JOINED:
                left -= 1
                yield joined
        if not left:
            return
    yield from dict.fromkeys(_compounds(original))


def _compounds(original: str) -> Iterator[str]:
    chunks = original.split()
    if _JOINERS.search(original):
        for chunk in chunks:
            if _JOINERS.search(chunk):
                for compound in _COMPOUND.finditer(chunk[:_MOST_COMPOUND]):
                    yield from _joined(fold(compound.group()).split(" "))
    for one, other in pairwise(chunks):
        if one[0].isupper() and other[0].isupper() and one[-1].isalpha():
            yield from _joined((fold(one), fold(other)))


def _joined(parts: Sequence[str]) -> Iterator[str]:
    whole = "".join(parts)
    if len(parts) > 1 and len(whole) <= LONGEST:
        yield whole.replace(" ", "")


# ---------------------------------------------------------------- facts


def _facts(one: Indexable) -> Iterator[str]:
    yield STORED
    if one.told:
        yield TOLD
    if one.language:
        yield fact("lang", one.language)
    for name in one.named:
        yield fact("who", name)
    for topic in one.topics:
        yield fact("topic", topic)
    yield year(one.time.year)
    yield month(one.time.year, one.time.month)
    yield from dict.fromkeys(_outlet(one))


def _outlet(one: Indexable) -> Iterator[str]:
    labels = one.host.split(".")[-6:]
    for start in range(len(labels) - 1):
        yield fact("site", ".".join(labels[start:]))
    for label in (*labels[:-1], *words(fold(one.source))[:12]):
        yield fact("outlet", label)


def year(number: int) -> str:
    """The token of a year."""
    return f"year:{number:04d}"


def month(of_year: int, number: int) -> str:
    """The token of a month."""
    return f"month:{of_year:04d}-{number:02d}"


def fact(kind: str, value: str) -> str:
    """The token of a fact: whatever is odd in the value, it is one token."""
    return f"{kind}:{_FACT.sub('_', value.strip().casefold())[:LONGEST]}"
