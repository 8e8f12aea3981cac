"""Several that poll: who may ask which host, and what is due there."""

import threading
from collections.abc import Sequence
from datetime import timedelta

from bot.clock import utc_now
from tests.contract.conftest import Opener
from tests.contract.making import DAY, HOUR, NOW, add_feed, old_feed, poll
from watchers.model import Feed, FeedSpec
from watchers.ports import Store
from watchers.urls import host

LEASE = timedelta(minutes=2)
LAPSED = timedelta()  # over as soon as it began: PostgreSQL's own clock cannot be put forward
NONE = timedelta()


def claim(
    store: Store,
    holder: str = "a",
    limit: int = 100,
    *,
    lease: timedelta = LEASE,
    per_host: int = 8,
    among: Sequence[int] | None = None,
    without: Sequence[int] = (),
) -> list[str]:
    """The last parts of what a holder gets, and their hosts' first letters."""
    given = store.claim_feeds(
        holder, NOW, limit, lease=lease, per_host=per_host, among=among, without=without
    )
    return [short(feed) for feed in given]


def short(feed: Feed) -> str:
    return host(feed.url).partition(".")[0] + feed.url.rpartition("/")[2].replace("feed", "")


def add(store: Store, *names: str) -> None:
    """Feeds "a1", "a2", "b1": hosts a and b; due at once, the first the longest overdue."""
    for number, name in enumerate(names):
        spec = FeedSpec(f"https://{name[0]}.example/{name[1:]}")
        store.add_feed(spec, at=NOW - DAY + timedelta(seconds=number), actor="cli")


def test_what_is_due_is_given_once_by_hosts_in_turn(store: Store) -> None:
    add(store, "a1", "a2", "a3", "b1", "c1", "c2")
    assert claim(store, per_host=2) == ["a1", "b1", "c1", "a2", "c2"]
    assert claim(store, "b") == claim(store, "a") == []
    assert [feed.last_polled for feed in store.feeds()] == [None] * 6


def test_the_longest_overdue_hosts_come_first_and_no_other_is_held(store: Store) -> None:
    add(store, "a1", "b1", "a2", "c1", "c2", "d1")
    assert claim(store, "a", 2) == ["a1", "b1"]
    assert claim(store, "b", 3) == ["c1", "d1", "c2"]
    assert claim(store, "c", 3) == claim(store, "c", 0) == []


def test_the_clock_of_leases_is_the_databases_or_ours(store: Store) -> None:
    began = utc_now()
    said = {store.claim_clock(NOW), store.claim_clock(NOW + HOUR)}
    assert said == {NOW, NOW + HOUR} or (began - HOUR < min(said) and max(said) < began + HOUR)
    assert all(one.utcoffset() == NONE for one in said)


def test_what_is_not_due_is_not_given(store: Store) -> None:
    add(store, "a1", "b1", "c1", "d1", "e1", "e2")
    later, paused, removed, _, gone, due = store.feeds()
    store.save_poll(poll(later))
    store.pause_feed(paused.id, paused=True, at=NOW, actor="cli")
    store.remove_feed(removed.id, at=NOW, actor="cli")
    store.rest_host("d.example", NOW + HOUR)
    store.remove_feed(gone.id, at=NOW, actor="cli")
    assert store.claimable(NOW, 10) == 1
    assert claim(store) == [short(due)]


def test_a_host_is_given_again_after_its_pause(store: Store) -> None:
    add(store, "a1", "b1")
    assert claim(store) == ["a1", "b1"]
    store.release_hosts("a", NOW, {"a.example": NONE, "b.example": HOUR, "c.example": NONE})
    assert store.claimable(NOW, 10) == 1
    assert claim(store, "b") == ["a1"]
    store.release_hosts("a", NOW, {"a.example": NONE})  # it is another's
    assert claim(store, "c") == []
    assert store.release_all("b", NOW, pause=NONE) == 1
    assert store.release_all("a", NOW, pause=NONE) == 0
    assert claim(store, "c") == ["a1"]


def test_what_a_holder_does_not_renew_is_given_to_others(store: Store) -> None:
    add(store, "a1", "b1")
    assert claim(store, "dead", 1, lease=LAPSED) == ["a1"]
    assert store.renew_claims("dead", NOW, lease=LEASE) == frozenset()
    assert claim(store, "alive") == ["a1", "b1"]
    both = frozenset({"a.example", "b.example"})
    assert store.renew_claims("alive", NOW, lease=LEASE) == both
    assert store.renew_claims("dead", NOW, lease=LEASE) == frozenset()
    store.release_hosts("alive", NOW, {"a.example": HOUR})
    assert store.renew_claims("alive", NOW, lease=LAPSED) == {"b.example"}
    assert claim(store, "next") == ["b1"]


def test_a_feed_that_moved_is_claimed_with_its_new_host(store: Store) -> None:
    moved, other = old_feed(store, "a"), old_feed(store, "b")
    assert claim(store, "a", among=[moved.id]) == ["a"]
    store.save_poll(poll(moved, at=NOW - HOUR, next_due=NOW, moved_to="https://b.example/2"))
    store.save_poll(poll(other, at=NOW - HOUR, next_due=NOW))
    store.release_hosts("a", NOW, {"a.example": NONE})
    assert claim(store, "a", per_host=1) == ["b2"]
    assert claim(store, "b") == []
    assert store.take_host("a.example", "b", NOW, lease=LEASE) is None


def test_only_some_feeds_may_be_claimed_due_or_not(store: Store) -> None:
    add(store, "a1", "b1", "b2", "c1", "d1")
    a, b, late, c, gone = store.feeds()
    for feed in (late, c):
        store.save_poll(poll(feed))
    store.remove_feed(gone.id, at=NOW, actor="cli")
    assert claim(store, "x", 1, among=[b.id]) == ["b1"]
    named = [one.id for one in (late, c, gone)]
    assert claim(store, "y", among=named) == ["c1"]
    store.release_hosts("x", NOW, {"b.example": NONE})
    assert claim(store, "y", among=named) == ["b2"]
    assert claim(store, "y", among=[]) == []
    assert claim(store, "y") == [short(a)]


def test_feeds_left_out_hold_up_no_others_of_their_host(store: Store) -> None:
    add(store, "a1", "a2", "b1")
    first, _, last = store.feeds()
    assert claim(store, without=[first.id, last.id]) == ["a2"]
    assert claim(store, "b") == ["b1"]


def test_a_single_host_is_taken_with_manners(store: Store) -> None:
    assert store.take_host("x.example", "a", NOW, lease=LEASE) is None
    assert store.take_host("x.example", "a", NOW, lease=LEASE) is None  # what it has already
    wait = store.take_host("x.example", "b", NOW, lease=LEASE)
    assert wait is not None
    assert timedelta(minutes=1) < wait <= LEASE
    store.release_hosts("a", NOW, {"x.example": HOUR})
    wait = store.take_host("x.example", "b", NOW, lease=LEASE)
    assert wait is not None
    assert timedelta(minutes=59) < wait <= HOUR
    add(store, "x1")
    assert claim(store, "b") == []
    assert store.take_host("y.example", "a", NOW, lease=LAPSED) is None
    assert store.take_host("y.example", "b", NOW, lease=LEASE) is None
    assert store.take_host("y.example", "a", NOW, lease=LEASE) is not None


def test_what_nobody_asks_any_more_is_forgotten(store: Store) -> None:
    for name in ("a", "b", "c", "d"):
        store.take_host(name, "a", NOW, lease=LEASE)
    store.release_hosts("a", NOW, {"a": NONE, "b": HOUR, "c": NONE})
    soon = NOW + 3650 * DAY  # by PostgreSQL's clock it is whatever it is
    assert store.forget_turns(NOW - 3650 * DAY, 10) == 0
    assert store.take_host("b", "b", NOW, lease=LEASE) is not None
    assert store.forget_turns(soon, 2) == 2
    assert store.forget_turns(soon, 5) == 2
    assert store.take_host("b", "b", NOW, lease=LEASE) is None


def test_no_more_are_counted_than_asked_for(store: Store) -> None:
    add(store, "a1", "a2", "b1")
    assert [store.claimable(NOW, limit) for limit in (0, 2, 9)] == [0, 2, 3]
    claim(store, limit=1)
    assert store.claimable(NOW, 9) == 1


def test_holders_that_claim_at_once_share_the_hosts(another: Opener) -> None:
    stores = [another() for _ in range(3)]
    specs = [FeedSpec(f"https://h{n}.example/{m}") for n in range(60) for m in range(2)]
    stores[0].add_feeds(specs, at=NOW, actor="cli")
    ready = threading.Barrier(len(stores))
    got: list[dict[str, int]] = [{} for _ in stores]

    def work(store: Store, name: str, mine: dict[str, int]) -> None:
        ready.wait()
        while feeds := store.claim_feeds(name, NOW, 7, lease=LEASE, per_host=2):
            for feed in feeds:
                mine[host(feed.url)] = mine.get(host(feed.url), 0) + 1
            store.renew_claims(name, NOW, lease=LEASE)

    threads = [
        threading.Thread(target=work, args=(store, str(number), got[number]))
        for number, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(len(mine) for mine in got) == len({name for mine in got for name in mine}) == 60
    # Whoever claims with a limit may leave the second feed of its last hosts until later.
    assert all(count <= 2 for mine in got for count in mine.values())


def test_a_feed_added_while_its_host_is_held_waits(store: Store) -> None:
    add_feed(store, "a", at=NOW)
    assert claim(store) == ["a"]
    add(store, "a2")
    assert claim(store, "b") == claim(store, "a") == []
    store.release_hosts("a", NOW, {"a.example": NONE})
    assert claim(store, "b") == ["a2", "a"]
