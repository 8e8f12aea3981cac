"""Full search over what is stored: what is asked for, what is found, the port. Pure.

A question (`watchers.search_question`) becomes `Wanted`: phrases of tokens, as articles are
indexed (`watchers.search_text`). The store gives the newest hits, bounded in number and time;
the best of them are put in order by `watchers.search_order`, and shown with a piece of the
original (`watchers.snippets`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchers.telling import Tellable

MOST_HITS = 2_000  # of one question: the newest
MOST_RANKED = 100  # of these, that are looked at more closely and can be shown
PART = 100  # articles that are indexed in one short transaction
SECONDS = 0.8  # that one question may take in the database


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that stand together; mostly one. `begins`: the last may go on."""

    words: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something of a question that was not taken as it was typed.

    `kind`: "cut" and "terms" (only so many characters, words), "no date", "no who" (nobody is
    called so), "no outlet"; `value` is the number, or what was typed.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks the index for.

    An article is wanted that has one of each of `all_of` and none of `none_of`, and whose time
    (published, or else first seen) is in [since, until). `title`: one of each of these, and all
    that was asked stands in its title. `terms` are the words and phrases among `all_of`.
    """

    all_of: tuple[tuple[Phrase, ...], ...]
    none_of: tuple[Phrase, ...] = ()
    title: tuple[tuple[Phrase, ...], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    terms: tuple[tuple[Phrase, ...], ...] = ()
    notes: tuple[Note, ...] = ()
    asks: bool = True  # False: there was nothing to look for


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that is wanted; `stream` is it as it is indexed."""

    id: int
    time: datetime
    in_title: bool
    stream: str


@dataclass(frozen=True, slots=True)
class Hits:
    """Of the newest hits, at most MOST_HITS, those that may be shown; by id downwards.

    `found`: how many of the newest there are; `more`: there are older ones, which were not looked
    at. `stopped`: the time was over; articles stored before that id were not looked at (None: all
    were).
    """

    hits: tuple[Hit, ...]
    found: int
    more: bool = False
    stopped: int | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a part of the indexing came to."""

    articles: int
    left: bool  # there are more to be indexed


class SearchPort(Protocol):
    """The search index. It is behind what is stored by some seconds, and can be made anew."""

    def search(self, wanted: Wanted, *, seconds: float = SECONDS) -> Hits:
        """The newest articles that are wanted; bounded in number and time. No question is an
        error.
        """

    def found_articles(
        self, article_ids: Sequence[int], *, settled: bool = False
    ) -> tuple[Tellable, ...]:
        """These articles in the order given; unknown ids are left out, and with `settled` those
        that were not grouped yet.
        """

    def whole_texts(self, article_ids: Sequence[int]) -> Mapping[int, str]:
        """Their whole texts; at most 50 of them."""

    def index_part(self, limit: int = PART) -> Indexed:
        """Index up to so many of the articles that are new or were changed; newest first.

        The first call on a database whose index another version made, or none, marks all.
        """

    def to_index(self) -> int:
        """How many articles wait for `index_part`."""

    def reindex(self) -> int:
        """Mark all articles, to be indexed anew; how many."""

    def scrub_part(self) -> bool:
        """Go on overwriting what was thrown away and is left in the index; whether more is."""
