"""Articles to be settled, a clusterer that sees only their marks, and what ought to come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

from tests.contract.making import DAY, item, poll
from watchers import sweeping
from watchers.cluster import WINDOW, Clusterer, story_id
from watchers.model import Feed, FeedSpec, Grouped, Item
from watchers.ports import Store
from watchers.settler import settle_batch

START = datetime(2026, 7, 1, tzinfo=UTC)


class Marks:
    """Joins articles that have a mark in common: most marks first, then the greatest name."""

    def __init__(self) -> None:
        self.asked = 0

    def story_of(self, article: Grouped, candidates: Iterable[Grouped]) -> tuple[str, str]:
        """As Clusterer: ties go by the story's name, which must tell nothing of the past."""
        self.asked += 1
        own = marks_of(article)
        found = [(len(own & marks_of(other)), other.story or "") for other in candidates]
        best = max(found, default=(0, ""))
        if best[0]:
            return best[1], f"close to {best[1]}"
        return story_id(article), "first of its story"


def marks_of(article: Grouped) -> frozenset[str]:
    """The marks in its title."""
    return frozenset(article.title.split()[1:])


def clusterer() -> Clusterer:
    """One that sees marks."""
    return cast("Clusterer", Marks())


@dataclass(frozen=True)
class News:
    """An invented article; its place in the pool is its name."""

    name: str
    hours: float | None  # after START; None: undated
    marks: frozenset[str] = frozenset()
    text: int = 0  # articles of one text are copies; 0: of its own
    relevant: bool = True

    @property
    def seen(self) -> datetime:
        """When it is polled, whatever came before: of an undated one this is its time."""
        return START + 10 * DAY + timedelta(hours=int(self.name[1:]) % 7)

    @property
    def item(self) -> Item:
        """As a poll gives it; its copies share a band and the text."""
        words = f"said {self.text or self.name} to them all on that day in the same words"
        published = None if self.hours is None else START + timedelta(hours=self.hours)
        return item(
            self.name,
            url=f"https://{self.name}.example/{self.name}",  # one outlet uses a text again
            title=" ".join(["News", *sorted(self.marks)]),
            text=words,
            published=published,
            relevant=self.relevant,
            bands=[self.text] if self.text else [],
        )


def settle_all(store: Store, most: int = sweeping.MOST_AGAIN) -> None:
    """Until nothing is left."""
    for _ in range(1_000):
        if not settle_batch(store, clusterer(), most=most):
            return
    msg = "settling does not end"
    raise AssertionError(msg)


def feed_of(store: Store) -> Feed:
    """A feed to be polled as often as one likes."""
    return store.feeds()[0] if store.feeds() else store.add_feed(
        FeedSpec("https://feed.example/"), at=START, actor="cli"
    )  # fmt: skip


def arrive(store: Store, news: Iterable[News]) -> None:
    """Each in a poll at its own time."""
    feed = feed_of(store)
    for one in news:
        store.save_poll(poll(feed, one.item, at=one.seen))


def in_batches(
    store: Store, news: Sequence[News], cuts: Iterable[int], most: int = sweeping.MOST_AGAIN
) -> None:
    """Polled in this order, and settled at each cut and at the end."""
    edges = sorted({0, *(cut for cut in cuts if cut < len(news)), len(news)})
    for start, end in pairwise(edges):
        arrive(store, news[start:end])
        settle_all(store, most)


def parts(groups: Mapping[str, object]) -> frozenset[frozenset[str]]:
    """Which belong together, by what each has in common."""
    found: dict[object, set[str]] = {}
    for name, group in groups.items():
        found.setdefault(group, set()).add(name)
    return frozenset(frozenset(names) for names in found.values())


def copies_of(store: Store) -> frozenset[frozenset[str]]:
    """The groups of copies."""
    return parts({name_of(one): one.duplicate_of or one.id for one in all_of(store)})


def stories_of(store: Store) -> frozenset[frozenset[str]]:
    """The stories."""
    return parts({name_of(one): one.story for one in all_of(store) if one.story})


def expected_stories(store: Store) -> frozenset[frozenset[str]]:
    """The stories that follow from the stored articles and their copies, decided in order."""
    groups: dict[int, list[Grouped]] = {}
    for one in all_of(store):
        groups.setdefault(one.duplicate_of or one.id, []).append(one)
    leads = {}
    for first, members in groups.items():
        relevant = [one for one in members if one.relevant]
        if relevant:
            leads[first] = min(relevant, key=_order)
    told: dict[str, str] = {}
    before: list[Grouped] = []
    for first, lead in sorted(leads.items(), key=lambda pair: _order(pair[1])):
        near = [one for one in before if one.time >= lead.time - WINDOW]
        story, _ = Marks().story_of(lead, near[-sweeping.MOST_STORIES :])
        before.append(replace(lead, story=story))
        told.update((name_of(one), story) for one in groups[first])
    return parts(told)


def name_of(article: Grouped) -> str:
    """Its name in the pool."""
    return article.canonical_url.rsplit("/", 1)[1]


def _order(article: Grouped) -> tuple[datetime, bytes]:
    return article.time, article.canonical_url.encode()


def all_of(store: Store) -> list[Grouped]:
    """All articles as grouping sees them."""
    ids = range(1, store.counts().articles + 1)
    if hasattr(store, "_articles"):
        return [store._articles[number].grouped for number in ids]
    from storage import candidates

    with store._read() as connection:  # type: ignore[attr-defined]
        return list(candidates.load(connection, ids).values())
