"""The watchlist as admins changed it, and stored articles judged again."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    item,
    key,
    names,
    old_feed,
    poll,
    queue,
    settle,
    verdict,
)
from tests.unit.test_watchlist import META, REST, other
from tests.unit.test_watchlist import PERSON as PERSON_ROW
from watchers import amend
from watchers.changes import Rejudged, WatchRow, WatchRows
from watchers.errors import WatchlistChanged
from watchers.match import Matcher
from watchers.model import Fingerprint, Grouping
from watchers.ports import Store
from watchers.rehearsal import rejudged
from watchers.watchlist import read_file

PERSON = WatchRow("person", "a-person", {"name": "A Person", "aliases": ["Anna", "آنا"]}, "b1")
TOPIC = WatchRow("own_topic", "graves", {"query": "grave NEAR/5 Evin"})
GONE = WatchRow("person", "z-person", None, "b2")


def save(
    store: Store,
    *rows: WatchRow,
    expected: int = 0,
    drop: Sequence[tuple[str, str]] = (),
    actor: str = "7",
) -> int:
    return store.save_watch_rows(
        rows, drop=drop, expected=expected, action="watch.add", detail="Why", at=NOW, actor=actor
    )


def judged(
    number: int,
    *,
    relevant: bool = False,
    officials: Sequence[str] = (),
    bands: Sequence[int] = (),
    quiet: bool = False,
    text: str = "Some text.",
) -> Rejudged:
    """A new verdict of that text, by the watchlist "w2"."""
    found = replace(verdict(relevant=relevant, officials=officials), watchlist="w2")
    prints = Fingerprint("f1", key(text), tuple(abs(b) for b in bands), tuple(bands))
    return Rejudged(number, found, prints, quiet, key(text))


# ---------------------------------------------------------------- rows


def test_nothing_was_changed_at_first(store: Store) -> None:
    assert store.watch_revision() == 0
    assert store.watch_rows() == WatchRows(0, ())


def test_rows_are_kept_by_section_and_id(store: Store) -> None:
    assert save(store, GONE, PERSON, TOPIC) == 1
    assert store.watch_revision() == 1
    assert store.watch_rows() == WatchRows(1, (TOPIC, PERSON, GONE))


def test_a_row_is_put_over_the_one_before(store: Store) -> None:
    save(store, PERSON, TOPIC)
    other = replace(PERSON, row={"name": "Other", "deep": [{"with": "x", "seen": True}]}, base="")
    assert save(store, other, replace(TOPIC, row=None), expected=1) == 2
    assert store.watch_rows().rows == (replace(TOPIC, row=None), other)


def test_rows_are_dropped(store: Store) -> None:
    save(store, PERSON, TOPIC)
    drop = [("person", "a-person"), ("person", "nobody"), ("own_topic", "a-person")]
    assert save(store, GONE, drop=drop, expected=1) == 2
    assert store.watch_rows() == WatchRows(2, (TOPIC, GONE))


def test_a_change_upon_another_is_refused_whole(store: Store) -> None:
    save(store, PERSON)
    with pytest.raises(WatchlistChanged):
        save(store, TOPIC, drop=[("person", "a-person")], expected=0)
    with pytest.raises(WatchlistChanged):
        save(store, TOPIC, expected=2)
    assert store.watch_rows() == WatchRows(1, (PERSON,))
    assert len(store.audit()) == 1


def test_of_changes_at_the_same_time_one_is_made(another: Opener) -> None:
    stores = [another() for _ in range(4)]
    ends: list[object] = []

    def change(number: int) -> None:
        try:
            ends.append(save(stores[number], replace(TOPIC, id=f"t{number}")))
        except WatchlistChanged as error:
            ends.append(type(error))

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, ends)) == sorted(map(str, [1, *[WatchlistChanged] * 3]))
    assert len(stores[0].watch_rows().rows) == 1


def test_a_change_leaves_its_record(store: Store) -> None:
    save(store, PERSON, drop=[("own_topic", "graves"), ("person", "a-person")], actor="4242")
    (record,) = store.audit()
    assert (record.at, record.actor, record.action) == (NOW, "4242", "watch.add")
    assert (record.subject, record.detail) == ("a-person, graves", "Why")


def test_another_process_sees_the_change(another: Opener) -> None:
    one, other = another(), another()
    save(one, PERSON)
    assert other.watch_rows() == WatchRows(1, (PERSON,))


# ---------------------------------------------------------------- stored


def test_stored_articles_come_by_number(store: Store) -> None:
    feed = old_feed(store)
    told = item("one", relevant=True, officials=["raisi"])
    store.save_poll(poll(feed, told))
    store.save_poll(poll(feed, item("two", published=None, text="Other."), at=NOW + HOUR))
    one, two = store.stored(0, 10)
    assert names([one, two]) == ["one", "two"]
    assert (one.title, one.text, one.time) == ("Title of one", "Some text.", NOW)
    assert (one.relevant, one.officials, one.people) == (True, ("raisi",), ("montazeri",))
    assert (one.topics, one.watchlist) == (("massacre-1988",), "w1")
    assert (two.relevant, two.text, two.time) == (False, "Other.", NOW + HOUR)
    assert [(a.first_seen, a.text_key) for a in (one, two)] == [
        (NOW, key("Some text.")), (NOW + HOUR, key("Other.")),
    ]  # fmt: skip
    assert store.stored(one.id, 10) == (two,)
    assert store.stored(0, 1) == (one,)
    assert store.stored(two.id, 10) == ()


def test_stored_articles_since_a_time(store: Store) -> None:
    feed = old_feed(store)
    for hours in range(3):
        store.save_poll(poll(feed, item(f"n{hours}"), at=NOW + hours * HOUR))
    assert names(store.stored(0, 10, since=NOW + HOUR)) == ["n1", "n2"]
    second = store.stored(0, 10)[1]
    assert names(store.stored(second.id, 10, since=NOW)) == ["n2"]
    assert store.stored(0, 10, since=NOW + DAY) == ()


# ---------------------------------------------------------------- judged again


def test_a_verdict_is_replaced_with_all_that_hangs_on_it(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one", officials=["raisi", "pour"], bands=[1, 2])))
    settle(store)
    assert store.save_verdicts([judged(1, relevant=True, officials=["pour"], bands=[3])]) == 1
    (one,) = store.stored(0, 10)
    assert (one.relevant, one.officials, one.watchlist) == (True, ("pour",), "w2")
    (kept,) = store.export()
    assert (kept.officials, kept.people, kept.topics) == (
        ("pour",), ("montazeri",), ("massacre-1988",),
    )  # fmt: skip
    assert [match.subject for match in kept.reasons] == ["pour"]
    assert kept.updates == ()
    (grouped,) = store.unsettled(5)
    assert grouped.fingerprint.bands == (3,)
    assert store.check() == ()


def test_bands_of_before_lead_nowhere(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(
        poll(feed, item("one", relevant=True, bands=[1, 2]), item("two", text="x", bands=[1, 9]))
    )
    settle(store)
    two = judged(2, relevant=True, bands=[5], text="x")
    assert store.save_verdicts([replace(two, fingerprint=Fingerprint("f1", key("x")))]) == 1
    store.save_poll(poll(feed, item("three", relevant=True, text="y", bands=[1, 9])))
    (three,) = [a for a in store.unsettled(5) if a.id == 3]
    assert names(store.copy_candidates_of([three])[three.id]) == ["one"]


def test_articles_that_are_not_there_are_passed_over(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one")))
    assert store.save_verdicts([judged(99), judged(1, officials=["raisi"])]) == 1
    assert store.save_verdicts([judged(99)]) == 0
    assert store.save_verdicts([]) == 0


def test_an_article_that_a_poll_judged_meanwhile_is_left_alone(store: Store) -> None:
    feed = old_feed(store)
    fresh = item("one", relevant=True)
    fresh = replace(fresh, verdict=replace(fresh.verdict, watchlist="w2"))
    store.save_poll(poll(feed, fresh))
    assert store.save_verdicts([judged(1, officials=["raisi"])]) == 0
    assert [(a.relevant, a.officials) for a in store.stored(0, 1)] == [(True, ())]


def test_a_verdict_of_a_text_that_a_poll_replaced_is_not_kept(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one"), item("two")))
    read = store.stored(0, 10)
    changed = item("one", text="Another text.", officials=["pour"])
    assert changed.verdict.watchlist != "w2"  # the poll began before the change
    store.save_poll(poll(feed, changed, at=NOW + HOUR))
    again = [replace(judged(one.id, officials=["raisi"]), text_key=one.text_key) for one in read]
    assert store.save_verdicts(again) == 1
    assert [(a.officials, a.watchlist) for a in store.stored(0, 10)] == [
        (("pour",), "w1"), (("raisi",), "w2"),
    ]  # fmt: skip
    (now, _) = store.stored(0, 10)
    assert now.text_key == key("Another text.")
    again = [replace(judged(now.id, officials=["raisi"]), text_key=now.text_key)]
    assert store.save_verdicts(again) == 1
    assert store.check() == ()


@pytest.mark.parametrize(
    ("before", "after", "anew"),
    [
        pytest.param({}, {"relevant": True}, True, id="becomes relevant"),
        pytest.param({}, {"officials": ["raisi"]}, True, id="becomes close"),
        pytest.param({"officials": ["raisi"]}, {"relevant": True}, True, id="named to relevant"),
        pytest.param({"relevant": True}, {}, True, id="no longer relevant"),
        pytest.param({"officials": ["raisi"]}, {}, True, id="no longer close"),
        pytest.param({"suspicious": True}, {"officials": ["raisi"]}, False, id="close as before"),
        pytest.param({"relevant": True}, {"relevant": True, "officials": ["raisi"]}, False,
                     id="one more official"),
    ],
)  # fmt: skip
def test_articles_are_settled_anew_where_grouping_may_change(
    store: Store, before: dict[str, bool], after: dict[str, bool], anew: bool
) -> None:
    store.save_poll(poll(old_feed(store), item("one", **before)))  # type: ignore[arg-type]
    settle(store)
    store.save_verdicts([judged(1, **after)])  # type: ignore[arg-type]
    assert names(store.unsettled(5)) == (["one"] if anew else [])


def test_an_unsettled_article_stays_unsettled(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one", relevant=True)))
    store.save_verdicts([judged(1, relevant=True, officials=["raisi"])])
    assert names(store.unsettled(5)) == ["one"]


def test_a_copy_stays_one(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one"), item("two")))
    store.save_groupings([Grouping(1, None, None, ""), Grouping(2, 1, None, "")])
    store.save_verdicts([judged(2, relevant=True)])
    (two,) = store.unsettled(5)
    assert two.duplicate_of == 1


# ---------------------------------------------------------------- told, or never


def untold(store: Store, channel: int) -> list[str]:
    settle(store)
    return names(store.untold(channel, NOW - DAY))


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_found_late_is_told_only_if_it_is_news(store: Store, quiet: bool) -> None:
    channel = add_channel(store)
    store.save_poll(poll(old_feed(store), item("one"), item("two")))
    settle(store)
    store.save_verdicts(
        [judged(1, officials=["raisi"], quiet=quiet), judged(2, relevant=True, quiet=quiet)]
    )
    assert untold(store, channel.id) == ([] if quiet else ["one", "two"])


def test_what_waits_for_its_first_digest_is_not_lost(store: Store) -> None:
    channel = add_channel(store)
    first = item("one", officials=["raisi"])
    store.save_poll(poll(old_feed(store), first, item("two", relevant=True)))
    settle(store)
    store.save_verdicts(
        [
            judged(1, relevant=True, quiet=True),
            judged(2, relevant=True, officials=["x"], quiet=True),
        ]
    )
    assert untold(store, channel.id) == ["one", "two"]


def test_what_was_told_as_naming_somebody_is_not_told_again_as_relevant(store: Store) -> None:
    channel = add_channel(store)
    store.save_poll(poll(old_feed(store), item("one", officials=["raisi"])))
    settle(store)
    queue(store, channel, "page", subjects=["article:1"])
    store.save_verdicts([judged(1, relevant=True, officials=["raisi"], quiet=True)])
    settle(store, one="s1")
    assert store.untold(channel.id, NOW - DAY) == ()


def test_what_told_and_is_not_relevant_any_more_just_changes(store: Store) -> None:
    channel = add_channel(store)
    store.save_poll(poll(old_feed(store), item("one", relevant=True)))
    settle(store, one="s1")
    store.save_verdicts([judged(1, quiet=True)])
    assert untold(store, channel.id) == []
    store.save_verdicts([replace(one_more(), quiet=False)])
    assert untold(store, channel.id) == ["one"]


def one_more() -> Rejudged:
    """Found again, by a third watchlist."""
    found = judged(1, relevant=True)
    return replace(found, verdict=replace(found.verdict, watchlist="w3"))


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        pytest.param(HOUR, ["one"], id="first seen today"),
        pytest.param(DAY + HOUR, [], id="first seen yesterday"),
    ],
)
def test_late_news_outlives_an_edit_and_its_undoing(
    store: Store, seen: timedelta, told: list[str]
) -> None:
    channel = add_channel(store)
    late = item("one", title="Anna Person speaks", published=NOW - 2 * DAY, officials=["a-person"])
    store.save_poll(poll(old_feed(store), late, at=NOW - seen))
    settle(store)
    assert names(store.untold(channel.id, NOW - 7 * DAY)) == ["one"]
    shipped = amend.joined(read_file(META + PERSON_ROW + other() + REST, "x"), WatchRows(0, ()))
    without = amend.after(shipped, amend.remove(shipped, "a-person"))
    for joint, officials in ((without, ()), (shipped, ("a-person",))):
        items = rejudged(store.stored(0, 9), Matcher(joint.watchlist), NOW)
        assert store.save_verdicts(items) == 1
        assert store.stored(0, 9)[0].officials == officials
        settle(store)
    assert names(store.untold(channel.id, NOW - 7 * DAY)) == told


def test_baseline_stays_baseline(store: Store) -> None:
    channel = add_channel(store)
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one", published=NOW - 60 * DAY)))
    settle(store)
    store.save_verdicts([judged(1, relevant=True)])
    assert untold(store, channel.id) == []
