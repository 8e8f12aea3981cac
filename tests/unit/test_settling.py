"""Groups are the same in whatever order, batches and polls the articles come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import MemoryStore
from storage.mapping import subject_of
from tests.contract.making import add_channel, queue
from tests.contract.settling import (
    START,
    News,
    all_of,
    arrive,
    clusterer,
    copies_of,
    expected_stories,
    in_batches,
    name_of,
    settle_all,
    stories_of,
)
from watchers import sweeping
from watchers.errors import StoryInvalid
from watchers.model import Grouped
from watchers.settler import settle_batch

HOURS = st.one_of(
    st.none(), st.sampled_from([0, 1, 50, 95.5, 96, 97, 150, 200, 300]), st.integers(0, 400)
)
MARKS = st.frozensets(st.sampled_from("abcdef"), max_size=3)
CUTS = st.sets(st.integers(1, 13), max_size=6)


@dataclass(frozen=True)
class Limits:
    """How many are compared, and how many decided again in a batch."""

    compared: int
    again: int


LIMITS = st.builds(Limits, st.sampled_from([200, 3, 2]), st.sampled_from([1_000, 3, 2, 1]))


@st.composite
def pools(draw: st.DrawFn) -> list[News]:
    """Articles of every kind, in an order in which they come; what copies say is one."""
    said = {1: draw(MARKS), 2: draw(MARKS)}
    pool = []
    for number in range(draw(st.integers(2, 12))):
        text = draw(st.sampled_from([0, 0, 1, 2]))
        marks = said[text] if text else draw(MARKS)
        relevant = draw(st.sampled_from([True, True, True, False]))
        pool.append(News(f"n{number}", draw(HOURS), marks, text, relevant))
    return draw(st.permutations(pool))


@given(pools(), CUTS, CUTS, LIMITS)
def test_groups_follow_from_the_articles_alone(
    pool: list[News], cuts: set[int], others: set[int], limits: Limits
) -> None:
    one, other = MemoryStore(), MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "MOST_STORIES", limits.compared)
        in_batches(one, pool, cuts, limits.again)
        in_batches(other, sorted(pool, key=lambda news: news.name), others)
        assert stories_of(one) == expected_stories(one)
    assert copies_of(one) == copies_of(other)
    assert stories_of(one) == stories_of(other)
    assert one.progress().rest is None
    assert one.unsettled(1) == ()


# ---------------------------------------------------------------- what happens in between


@st.composite
def histories(draw: st.DrawFn) -> list[object]:
    """Articles that come, and come again changed; settling, digests, and admins in between."""
    pool = draw(pools())
    events: list[object] = list(pool)
    for _ in range(draw(st.integers(0, 5))):
        one = draw(st.sampled_from(pool))
        marks = one.marks if one.text else draw(MARKS)
        hours = draw(st.sampled_from([one.hours, draw(HOURS)]))
        events.append(replace(one, hours=hours, marks=marks, relevant=draw(st.booleans())))
    steps = st.sampled_from(["settle", "settle", "batch", "tell"])
    events += draw(st.lists(steps, max_size=8))
    return draw(st.permutations(events))


class Told:
    """A store whose digests tell all there is; remembers under which subject each was told."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.channel = add_channel(self.store)
        self.times = 0
        self.of: dict[str, set[str]] = {}  # by the article's name
        self.fell: set[str] = set()  # were relevant, and then not

    def tell(self) -> None:
        subjects = {
            subject_of(one.id, one.duplicate_of, one.story)
            for one in self.store.untold(self.channel.id, START)
        }
        if not subjects:
            return
        self.times += 1
        slot = START.replace(year=START.year + self.times)
        assert queue(self.store, self.channel, "page", slot=slot, subjects=sorted(subjects))
        for one in all_of(self.store):
            if (subject := _subject(one)) in subjects:
                self.of.setdefault(name_of(one), set()).add(subject)

    def run(self, events: Iterable[object], limits: Limits) -> None:
        relevant: dict[str, bool] = {}
        for event in events:
            if isinstance(event, News):
                arrive(self.store, [event])
                if relevant.get(event.name) and not event.relevant:
                    self.fell.add(event.name)
                relevant[event.name] = event.relevant
            elif event == "settle":
                settle_all(self.store, limits.again)
            elif event == "batch":
                settle_batch(self.store, clusterer(), most=limits.again)
            else:
                self.tell()
        settle_all(self.store, limits.again)

    @property
    def subjects(self) -> set[str]:
        return {subject for _, subject in self.store._told}


def _subject(one: Grouped) -> str:
    return subject_of(one.id, one.duplicate_of, one.story)


@given(histories(), LIMITS)
def test_whatever_happens_in_between(events: list[object], limits: Limits) -> None:
    told = Told()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "MOST_STORIES", limits.compared)
        told.run(events, limits)
        assert stories_of(told.store) == expected_stories(told.store)
    assert told.store.progress().rest is None
    assert told.store.unsettled(1) == ()
    assert told.store.check() == ()
    _groups_are_whole(told.store)
    for one in all_of(told.store):
        if name_of(one) not in told.fell:  # what is told of an official is told of the event later
            was = told.of.get(name_of(one), set())
            stories = {subject for subject in was if not subject.startswith("article:")}
            assert not stories or _subject(one) in told.subjects


def _groups_are_whole(store: MemoryStore) -> None:
    """One story and one that leads, in each group of copies that has a relevant article."""
    groups: dict[int, list[Grouped]] = {}
    for one in all_of(store):
        groups.setdefault(one.duplicate_of or one.id, []).append(one)
    for members in groups.values():
        leads = [one for one in members if one.lead_at is not None]
        assert len({one.story for one in members}) == 1
        assert len(leads) == any(one.relevant for one in members)
        assert [one.lead_at for one in leads] == [one.time for one in leads]


@given(histories())
def test_pinned_articles_stay_where_they_are(events: list[object]) -> None:
    told = Told()
    told.run(events, Limits(200, 1_000))
    store = told.store
    stories = sorted({one.story for one in all_of(store) if one.story})
    if len(stories) < 2:
        return
    kept = store.merge_stories(stories[0], stories[-1], at=START, actor="7")
    pinned = {one.id: one.story for one in all_of(store) if one.pinned}
    assert set(pinned.values()) == {kept}
    late = [News(f"n{20 + n}", hours, frozenset("abc")) for n, hours in enumerate((0, 96, 300))]
    in_batches(store, late, {1})
    now = {one.id: one for one in all_of(store)}
    assert {number: now[number].story for number in pinned} == pinned
    _groups_are_whole(store)


def test_an_admin_can_split_what_settling_would_join() -> None:
    store = MemoryStore()
    mark = frozenset("a")
    in_batches(store, [News("n0", 0, mark), News("n1", 1, mark), News("n2", 2, mark)], ())
    (whole,) = {one.story for one in all_of(store)}
    assert whole is not None
    with pytest.raises(StoryInvalid):
        store.split_story(whole, ["1", "2", "3"], at=START, actor="7")
    store.split_story(whole, ["2"], at=START, actor="7")
    in_batches(store, [News("n3", 1.5, mark)], ())
    assert len(stories_of(store)) == 2
    assert {"n0", "n2"} <= next(names for names in stories_of(store) if "n0" in names)


def test_what_moved_because_its_story_did_is_told_to_those_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "MOST_STORIES", 2)
    store = MemoryStore()

    def then(*pool: tuple[int, float, str]) -> None:
        in_batches(store, [News(f"n{n}", hours, frozenset(m)) for n, hours, m in pool], (), 1)

    then((10, 150, "c"), (4, 50, "abd"), (6, 1, "cef"), (1, 1, "c"), (2, 150, "ace"))
    then((7, 97, "a"))
    # Joins two stories in a batch that leaves those of the one that ends undecided: the last
    # article of them has to be decided again, for it is as near to another.
    then((11, 50, "df"))
    assert stories_of(store) == expected_stories(store)
    assert frozenset({"n2", "n10"}) in stories_of(store)
