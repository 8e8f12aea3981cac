"""Which stored article each unsettled one copies. Pure but for the store.

Copies are looked for before and after an article in time: whichever comes second finds the
first, so that the groups are the same in whatever order they come. One that copies two articles
which are no copies of each other (a summary of both versions, say) brings them together, as it
would have done had it come before one of them. Only two groups that have copies already stay
apart: what was once a copy of an article stays that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import nsmallest

from watchers.dedupe import THRESHOLDS, Thresholds, copy_reason, first_of_copies
from watchers.groups import GroupPort
from watchers.model import Grouped

MOST_COPIES = 100  # candidates compared: those with most in common
_MOST_GROUPS = 4  # that one article brings together
_TOGETHER = 50  # articles whose candidates are looked up, and kept in memory, at a time


@dataclass(frozen=True, slots=True)
class Copied:
    """An unsettled article and the first of its copies, if it is not that itself."""

    article: Grouped
    first: int | None = None
    reason: str | None = None
    alone: bool = False  # nothing can be its copy, and it is in no group

    @property
    def group(self) -> int:
        """The first of its copies."""
        return self.first or self.article.id


def copies_among(
    store: GroupPort, batch: Sequence[Grouped], limits: Thresholds = THRESHOLDS
) -> list[Copied]:
    """What each of a batch copies, of what is settled and of the batch before it.

    With settled articles that had no copies, and turn out to be some.
    """
    looking = _Looking(store, batch, limits)
    looking.look()
    return list(looking.found.values())


class _Looking:
    """The store, and over it what this batch has decided already but not saved."""

    def __init__(self, store: GroupPort, batch: Sequence[Grouped], limits: Thresholds) -> None:
        self._store = store
        self._limits = limits
        self._batch = batch
        self._alone = self._who_is_alone()
        self._by_print: dict[object, list[Grouped]] = defaultdict(list)
        self._firsts: set[int] = set()  # that got copies in this batch
        self.found: dict[int, Copied] = {}

    def _who_is_alone(self) -> frozenset[int]:
        """Those whose text nobody printed before, and that nothing else could find.

        Nearly all are; a question each would cost ten times as much as all the rest.
        """
        plain = {article.fingerprint.text_key for article in self._batch if _is_plain(article)}
        texts = set(self._store.settled_texts(plain)) if plain else set()
        alone = set()
        for article in self._batch:
            if _is_plain(article) and article.fingerprint.text_key not in texts:
                alone.add(article.id)
            texts.add(article.fingerprint.text_key)
        return frozenset(alone)

    def look(self) -> None:
        """At each of the batch, in order."""
        for part in self._parts():
            asked = [article for article in part if article.id not in self._alone]
            stored = self._store.copy_candidates_of(asked) if asked else {}
            have_copies = self._store.copied([one.id for one in asked]) if asked else frozenset()
            for article in part:
                if article.id in self.found:  # brought to others by one before it
                    continue
                found = Copied(article, alone=True)
                if article.id not in self._alone:
                    is_first = article.id in have_copies or article.id in self._firsts
                    found = self._look(article, stored.get(article.id, ()), is_first=is_first)
                self._keep(found)

    def _parts(self) -> Iterator[list[Grouped]]:
        part: list[Grouped] = []
        asked = 0
        for article in self._batch:
            asked += article.id not in self._alone
            part.append(article)
            if asked == _TOGETHER:
                yield part
                part, asked = [], 0
        yield part

    def _look(self, article: Grouped, stored: Iterable[Grouped], *, is_first: bool) -> Copied:
        """What was once decided stays: a copy's first, and a first that has copies."""
        if article.duplicate_of is not None:
            return Copied(article, article.duplicate_of)
        if is_first:
            return Copied(article)
        copied = self._copied(article, self._nearest(article, stored))
        if not copied:
            return Copied(article)
        first = next(iter(copied))
        if len(copied) > 1:
            first = self._bring_together(copied)
        return Copied(article, first, copied[first][1])

    def _copied(self, article: Grouped, near: list[Grouped]) -> dict[int, tuple[Grouped, str]]:
        """By the first of its group: what the article copies there, and why; the best first."""
        copied: dict[int, tuple[Grouped, str]] = {}
        while near and len(copied) < _MOST_GROUPS:
            found = first_of_copies(article, near, self._limits)
            if found is None:
                break
            copied[self._first_of(found[0])] = found
            near = [other for other in near if self._first_of(other) not in copied]
        return copied

    def _first_of(self, article: Grouped) -> int:
        """As this batch knows it."""
        found = self.found.get(article.id)
        return found.group if found is not None else article.duplicate_of or article.id

    def _bring_together(self, copied: Mapping[int, tuple[Grouped, str]]) -> int:
        """The first of these groups from now on: the others, if they are single, become copies.

        It is the one that has copies (of several the best), or else the one that came first.
        Only groups that agree with the best: a text that was edited much may be like two
        articles that differ in a fact.
        """
        best, *others = copied
        like_best = (
            one
            for one in others
            if copy_reason(copied[one][0], copied[best][0], self._limits) is not None
        )
        agree = [best, *like_best]
        have_copies = self._firsts.intersection(agree) | self._store.copied(agree)
        first = next((one for one in agree if one in have_copies), min(agree))
        for other in agree:
            if other != first and other not in have_copies:
                self._keep(Copied(copied[other][0], first, copied[other][1]))
        return first

    def _nearest(self, article: Grouped, stored: Iterable[Grouped]) -> list[Grouped]:
        """As the port says, this batch's included."""
        key, bands = article.fingerprint.text_key, frozenset(article.fingerprint.bands)
        found = {one.id: one for one in stored}
        for part in (key, *bands):
            found.update((one.id, one) for one in self._by_print.get(part, ()))
        found.pop(article.id, None)
        if len(found) <= MOST_COPIES:
            return list(found.values())

        def distance(other: Grouped) -> tuple[bool, int, timedelta, int]:
            common = len(bands.intersection(other.fingerprint.bands))
            apart = abs(other.time - article.time)
            return other.fingerprint.text_key != key, -common, apart, other.id

        return nsmallest(MOST_COPIES, found.values(), key=distance)

    def _keep(self, found: Copied) -> None:
        article = found.article
        is_new = article.id not in self.found
        self.found[article.id] = found
        if found.first is not None:
            self._firsts.add(found.first)
        if not is_new:
            return
        for part in (article.fingerprint.text_key, *article.fingerprint.bands):
            self._by_print[part].append(article)


def _is_plain(article: Grouped) -> bool:
    """Copies of it are found by the very same text only, and it is in no group or story."""
    grouped = article.duplicate_of or article.lead_at or article.story
    return not (article.relevant or article.fingerprint.bands or grouped)


def group_of(found: Iterable[Copied]) -> Mapping[int, list[Copied]]:
    """The batch's articles by the first of their copies, where there may be more than one."""
    listed = list(found)
    groups: dict[int, list[Copied]] = {one.group: [] for one in listed if not one.alone}
    for one in listed:
        if one.group in groups:
            groups[one.group].append(one)
    return groups
