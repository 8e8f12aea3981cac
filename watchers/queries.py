"""Own topics: an admin's expression of words, AND, OR, NOT and NEAR/N, applied to articles. Pure.

    ("asset freeze" OR sanction*) NEAR/10 (Raisi OR رئیسی) NOT football

Nothing an admin writes becomes a regex: words are only looked up in what the scanner found, so
a query costs the sorting of its hits. How it is read: `watchers.query_text`, which alone knows
lark and is imported when a query is read: worker processes get queries ready made. What it all
means to an admin: docs/queries.md.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from watchers.folding import fold

if TYPE_CHECKING:
    from watchers.scan import Hit

    _Found = Mapping[int, Sequence[Hit]]

# What people write for an operator; as words they are put in quotes.
SLIPS = {"and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/10", "و": "AND", "یا": "OR"}
_BARE = re.compile(r"[^\W_](?:[\w'’\u200c-]*[^\W_])?")


@dataclass(frozen=True)
class Phrase:
    """A word or phrase as it was written, the "*" taken off."""

    text: str
    prefix: bool = False  # its last word may go on

    @cached_property
    def folded(self) -> str:
        """As it is compared: single spaces between the words."""
        return fold(self.text)

    def __str__(self) -> str:
        star = "*" if self.prefix else ""
        bare = _BARE.fullmatch(self.text) and self.folded not in SLIPS
        if bare and not self.text.startswith("NEAR"):
            return f"{self.text}{star}"
        return f'"{self.text}{star}"'


@dataclass(frozen=True, slots=True)
class Word:
    """Holds where the phrase of this number stands."""

    number: int


@dataclass(frozen=True, slots=True)
class Near:
    """Holds where one of the left stands with at most `words` words between beside a right."""

    left: tuple[int, ...]  # numbers of phrases
    right: tuple[int, ...]
    words: int


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where its part does not."""

    part: Node


@dataclass(frozen=True, slots=True)
class Every:
    """AND: holds where all parts do."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """OR: holds where a part does."""

    parts: tuple[Node, ...]


Node = Word | Near | Not | Every | Either


@dataclass(frozen=True, slots=True)
class Query:
    """A query ready to be applied; pickles. `str` writes it with the parentheses it means."""

    phrases: tuple[Phrase, ...]
    root: Node

    def find(self, found: Mapping[int, Sequence[Hit]]) -> tuple[Hit, ...]:
        """The hits by which the query holds for an article, or () if it does not.

        `found` has for each phrase's number where it stands in title and text. Of a word the
        first hit counts, title before text; of NEAR the pair that is closest. Takes
        O(hits log hits).
        """
        reasons = _reasons(self, self.root, found, wanted=True)
        return tuple(sorted(set(reasons or ()), key=_place))

    @property
    def holds_for_nothing(self) -> bool:
        """Whether it holds for an article that has none of its words."""
        return _reasons(self, self.root, {}, wanted=True) is not None

    def __str__(self) -> str:
        return _written(self, self.root)


def parse_query(text: str) -> Query:
    """The query that a text means; QueryInvalid, in plain words with the place, if it is none."""
    from watchers.query_text import read

    return read(text)


def _written(query: Query, node: Node, above: type[Node] | None = None) -> str:
    """The node as a query, in parentheses where it binds less than what is above it."""
    match node:
        case Word(number):
            return str(query.phrases[number])
        case Not(part):
            out, loose = f"NOT {_written(query, part, Not)}", above is Not
        case Near():
            out, loose = _near_written(query, node), above is Not
        case Every(parts):
            out = " AND ".join(_written(query, part, Every) for part in parts)
            loose = above in (Not, Every)
        case _:
            out = " OR ".join(_written(query, part, Either) for part in node.parts)
            loose = above is not None
    return f"({out})" if loose else out


def _near_written(query: Query, near: Near) -> str:
    left, right = (
        " OR ".join(str(query.phrases[number]) for number in side)
        for side in (near.left, near.right)
    )
    one = f"({left})" if len(near.left) > 1 else left
    other = f"({right})" if len(near.right) > 1 else right
    return f"{one} NEAR/{near.words} {other}"


# ---------------------------------------------------------------- applying


def _reasons(query: Query, node: Node, found: _Found, *, wanted: bool) -> tuple[Hit, ...] | None:
    """The hits that make the node true (or false, if that is wanted); None if it is not so.

    What is absent has no hit: a node may hold by (). A NOT turns round what is wanted below it,
    so that AND and OR change places there.
    """
    match node:
        case Not(part):
            return _reasons(query, part, found, wanted=not wanted)
        case Every(parts) | Either(parts):
            each = (_reasons(query, part, found, wanted=wanted) for part in parts)
            held = [reasons for reasons in each if reasons is not None]
            needed = len(parts) if isinstance(node, Every) is wanted else 1
            return tuple(hit for hits in held for hit in hits) if len(held) >= needed else None
        case Word(number):
            hits = tuple(sorted(found.get(number, ()), key=_place)[:1])
        case _:
            hits = _nearest(query, node, found)
    if wanted:
        return hits or None
    return None if hits else ()


def _place(hit: Hit) -> tuple[bool, int, int]:
    return (hit.field != "title", hit.start, hit.end)


@dataclass(frozen=True, slots=True)
class _Span:
    """A hit as the words that it covers."""

    field: str
    first: int
    last: int
    hit: Hit


def _nearest(query: Query, near: Near, found: _Found) -> tuple[Hit, ...]:
    """The two hits with the fewest words between, at most `near.words`; () if there are none."""
    left, right = (
        sorted(_spans(query, side, found), key=_order) for side in (near.left, near.right)
    )
    pairs = (*_following(left, right), *_following(right, left))
    close = (pair for pair in pairs if _between(pair) <= near.words)
    best = min(close, key=lambda pair: (_between(pair), _place(pair[0].hit)), default=())
    return tuple(span.hit for span in best)


def _order(span: _Span) -> tuple[str, int]:
    return (span.field, span.first)


def _between(pair: tuple[_Span, _Span]) -> int:
    return pair[1].first - pair[0].last - 1


def _spans(query: Query, numbers: Iterable[int], found: _Found) -> Iterator[_Span]:
    for number in numbers:
        folded = query.phrases[number].folded
        spaces = folded.count(" ")
        letters = len(folded) - spaces
        for hit in found.get(number, ()):  # where it is written joined it covers fewer words
            more = min(max(0, hit.end - hit.start - letters), spaces)
            yield _Span(hit.field, hit.word, hit.word + more, hit)


def _following(ones: Sequence[_Span], others: Sequence[_Span]) -> Iterator[tuple[_Span, _Span]]:
    """Each of the first with the next of the others behind it in its field, without overlap."""
    for one in ones:
        at = bisect_right(others, (one.field, one.last), key=_order)
        if at < len(others) and others[at].field == one.field:
            yield one, others[at]
