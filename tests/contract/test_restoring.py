"""Posting held after a restore, and what ends it (watchers.restoring)."""

from dataclasses import replace

import pytest

from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_subscriber,
    item,
    names,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.errors import InputInvalid, PostingHeld
from watchers.ports import Store
from watchers.telling import Channel, DeliveryState, Page, Placed, SendOutcome, SendResult

LATER = NOW + HOUR
LONG_AGO = NOW - 60 * DAY


def states(store: Store) -> list[str]:
    """Of all pages, in order."""
    return [str(one.state) for one in reversed(store.deliveries())]


def untold(store: Store, channel: Channel) -> list[str]:
    """The names of what a channel is to be told."""
    return names(store.untold(channel.id, LONG_AGO))


@pytest.fixture
def waiting(store: Store) -> tuple[Store, Channel, Channel]:
    """Three pages: one that is being sent and one that waits in a channel, one of a subscriber."""
    channel, private = add_channel(store), add_subscriber(store, 5)
    queue(store, channel, "first", "second")
    queue(store, private, "own")
    assert store.claim_next(channel.id, NOW) is not None
    store.hold_posting("restored", at=LATER)
    return store, channel, private


def test_a_backup_of_what_is_held_stays_as_old_as_it_was(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one")))
    store.hold_posting("restored", at=LATER)
    store.save_poll(poll(feed, item("two"), at=LATER + HOUR))
    store.hold_posting("copied", at=LATER + DAY)
    held = store.posting_held()
    assert held is not None
    assert (held.why, held.at, held.data_of) == ("copied", LATER + DAY, NOW)


def test_what_waited_is_in_doubt_and_nothing_goes_out(
    waiting: tuple[Store, Channel, Channel],
) -> None:
    store, channel, private = waiting
    assert states(store) == ["uncertain"] * 3
    assert store.posting_stopped()
    held = store.posting_held()
    assert held is not None
    assert (held.why, held.at, held.data_of) == ("restored", LATER, NOW)
    with pytest.raises(PostingHeld, match="db resume"):
        queue(store, channel, "page", slot=LATER)
    with pytest.raises(PostingHeld):
        store.ask_approval(channel.id, LATER, ["s"], at=LATER)
    with pytest.raises(PostingHeld):
        store.stop_posting(stopped=False, at=LATER, actor="7")
    for one in store.deliveries():  # an admin may decide, and that waits as well
        store.settle_delivery(one.id, "resend", at=LATER, actor="7")
    assert store.claim_next(channel.id, LATER) is None
    assert store.claim_private(LATER, 5) == ()
    (notice,) = store.notices(untold=True)
    assert "3 pages" in notice.text
    assert private.chat not in notice.text.split()


def test_carrying_on_sends_what_waited_but_not_what_was_on_its_way(
    waiting: tuple[Store, Channel, Channel],
) -> None:
    store, channel, private = waiting
    assert store.carry_on(at=LATER, actor="cli") == 2
    assert states(store) == ["uncertain", "queued", "queued"]
    assert not store.posting_stopped()
    (claimed,) = store.claim_private(LATER, 5)
    assert claimed[0].id == private.id
    found = store.claim_next(channel.id, LATER)
    assert found is not None
    assert found.content.text == "second"
    with pytest.raises(InputInvalid, match="not held"):
        store.carry_on(at=LATER, actor="cli")
    with pytest.raises(InputInvalid, match="not held"):
        store.count_as_told(NOW, at=LATER, actor="cli")


def test_posting_that_an_admin_stopped_before_stays_stopped(store: Store) -> None:
    store.stop_posting(stopped=True, at=NOW, actor="7")
    store.hold_posting("restored", at=LATER)
    store.carry_on(at=LATER, actor="cli")
    assert store.posting_stopped()


def test_what_appeared_until_then_counts_as_told_and_the_later_is_news(store: Store) -> None:
    channel, private = add_channel(store), add_subscriber(store, 5)
    feed = old_feed(store)
    early, late = NOW - HOUR, NOW + HOUR
    store.save_poll(
        poll(
            feed,
            item("dated", relevant=True, published=early),
            item("undated", relevant=True, published=None, text="B."),
            item("grown", relevant=True, published=early, text="C."),
            item("grown2", relevant=True, published=late, text="D."),
            item("new", relevant=True, published=late, text="E."),
            at=NOW + 2 * HOUR,
        )
    )
    settle(store, grown="s1", grown2="s1")
    store.hold_posting("restored", at=NOW)
    decided = NOW + 3 * HOUR
    done = store.count_as_told(NOW, at=decided, actor="cli")
    assert (done.subjects, done.channels) == (3, 2)
    assert untold(store, channel) == untold(store, private) == ["new"]
    assert store.posting_held() is None

    other = old_feed(store, "b")  # read late: what is dated before is no news either
    late_ones = (
        item("x", relevant=True, published=early, text="F."),
        item("y", relevant=True, published=late, text="G."),
    )
    store.save_poll(poll(other, *late_ones, at=decided + HOUR))
    settle(store)
    assert untold(store, channel) == ["new", "y"]


def test_a_change_told_since_is_not_told_again_and_a_later_one_is(store: Store) -> None:
    channel, feed = add_channel(store), old_feed(store)
    one = item("one", relevant=True)
    store.save_poll(poll(feed, one, at=NOW))
    settle(store, one="s1")
    queue(store, channel, "page", subjects=["s1"])

    def change(hours: int, figure: int) -> None:
        changed = replace(one.article, text=f"{figure} people.", content_key=bytes([figure] * 16))
        store.save_poll(poll(feed, replace(one, article=changed), at=NOW + hours * HOUR))
        settle(store, one="s1")

    change(1, 12)
    assert untold(store, channel) == ["one"]
    store.hold_posting("restored", at=NOW + 2 * HOUR)
    store.count_as_told(NOW + 2 * HOUR, at=NOW + 3 * HOUR, actor="cli")
    assert untold(store, channel) == []


def test_a_feed_that_nobody_could_read_since_begins_anew(store: Store) -> None:
    channel = add_channel(store)
    read, unread = old_feed(store), old_feed(store, "b")
    store.hold_posting("restored", at=NOW)
    store.save_poll(poll(read, at=LATER))
    assert store.count_as_told(LATER, at=LATER, actor="cli").feeds == 1
    undated = item("old", relevant=True, published=None)
    store.save_poll(poll(unread, undated, at=NOW + 2 * HOUR))
    settle(store)
    assert untold(store, channel) == []


def test_corrections_wait_and_are_given_up_if_something_was_posted(store: Store) -> None:
    channel = add_channel(store)
    page = Page("page", placed=(Placed("s1", 0, 4),))
    queue(store, channel, "page", subjects=["s1"])
    claimed = store.claim_next(channel.id, NOW)
    assert claimed is not None
    store.record_send(claimed.id, SendResult(SendOutcome.SENT, message_id=9), at=NOW)
    changes = {claimed.id: replace(page, text="less")}
    assert store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7") == 1
    store.hold_posting("restored", at=LATER)
    assert store.due_corrections(LATER, 5) == ()
    assert store.count_as_told(NOW, at=LATER, actor="cli").corrections == 1
    assert store.due_corrections(LATER + DAY, 5) == ()
    assert store.withdrawals(channel.id) == ()
    assert store.deliveries(DeliveryState.SENT)[0].id == claimed.id
