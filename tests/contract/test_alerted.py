"""Alerts: told at once, and once; the digest that follows tells the story all the same."""

from dataclasses import replace
from datetime import timedelta

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
from watchers.ports import Store
from watchers.telling import Channel, DigestKind, DigestOrder, Page, Placed


def _alert(channel: Channel, *subjects: str, after: timedelta = timedelta(0)) -> DigestOrder:
    slot = NOW + after
    return DigestOrder(
        channel.id,
        slot=slot,
        built_at=slot,
        since=NOW - DAY,
        subjects=subjects,
        pages=(Page("at once", placed=tuple(Placed(one, 0, 2) for one in subjects)),),
        scheduled=False,
        kind=DigestKind.ALERT,
    )


def _two_stories(store: Store) -> None:
    items = [item("one", relevant=True), item("two", relevant=True)]
    store.save_poll(poll(old_feed(store), *items))
    settle(store, one="s1", two="s2")


def test_what_was_alerted_is_still_to_be_told(store: Store) -> None:
    channel, other = add_channel(store), add_channel(store, "@other")
    _two_stories(store)
    (number,) = store.queue_digests([_alert(channel, "s1", after=HOUR)])
    assert number is not None
    assert store.alerted(channel.id, NOW) == {"s1": NOW + HOUR}
    assert store.alerted(channel.id, NOW + HOUR) == {"s1": NOW + HOUR}
    assert store.alerted(channel.id, NOW + HOUR + timedelta(microseconds=1)) == {}
    assert store.alerted(other.id, NOW) == {}
    assert sorted(names(store.untold(channel.id, NOW))) == ["one", "two"]
    assert store.channel("@digest").last_slot is None
    assert queue(store, channel, "digest", subjects=["s1", "s2"]) is not None
    assert store.untold(channel.id, NOW) == ()
    assert store.alerted(channel.id, NOW) == {"s1": NOW + HOUR}


def test_nothing_is_alerted_twice_or_after_it_was_told(store: Store) -> None:
    channel = add_channel(store)
    assert store.queue_digests([_alert(channel, "s1")]) != (None,)
    queue(store, channel, "digest", subjects=["s2"])
    before = store.deliveries()
    for number, subjects in enumerate((("s1",), ("s2",), ("s3", "s1"), ("s2", "s3")), 1):
        order = _alert(channel, *subjects, after=number * HOUR)
        assert store.queue_digests([order]) == (None,)
    assert store.deliveries() == before
    assert set(store.alerted(channel.id, NOW)) == {"s1"}
    assert store.queue_digests([_alert(channel, "s3", after=HOUR)]) != (None,)


def test_what_changed_since_it_was_told_is_no_alert(store: Store) -> None:
    channel = add_channel(store)
    _two_stories(store)
    queue(store, channel, "digest", subjects=["s1"])
    changed = item("one", title="Nine, not five", text="Nine.", relevant=True)
    store.save_poll(poll(1, changed, at=NOW + HOUR))
    assert store.queue_digests([_alert(channel, "s1", after=2 * HOUR)]) == (None,)
    assert queue(store, channel, "again", subjects=["s1"], slot=NOW + 2 * HOUR) is not None


def test_an_alert_and_a_digest_may_have_one_slot(store: Store) -> None:
    channel = add_channel(store)
    assert store.queue_digests([_alert(channel, "s1")]) != (None,)
    assert store.queue_digests([_alert(channel, "s2")]) == (None,)
    assert queue(store, channel, "digest", subjects=["s2"]) is not None


def test_what_was_alerted_stays_so_under_a_merged_story(store: Store) -> None:
    channel, other = add_channel(store), add_channel(store, "@other")
    _two_stories(store)
    store.queue_digests([_alert(channel, "s2"), _alert(other, "s1"), _alert(other, "s2")])
    kept = store.merge_stories("s1", "s2", at=NOW + HOUR, actor="7")
    assert kept in store.alerted(channel.id, NOW)
    assert store.queue_digests([_alert(channel, kept, after=HOUR)]) == (None,)
    assert store.check() == ()


def test_orders_of_one_call_see_each_other(store: Store) -> None:
    channel, private = add_channel(store), add_subscriber(store, 5)

    def digest(channel: Channel, *subjects: str, after: timedelta = timedelta(0)) -> DigestOrder:
        return replace(_alert(channel, *subjects, after=after), kind=DigestKind.DIGEST)

    ids = store.queue_digests(
        [
            digest(channel, "s1"),
            digest(channel, "s2"),  # the slot is taken
            digest(channel, "s1", after=HOUR),  # told
            digest(private, "s1"),
            _alert(channel, "s1", after=HOUR),  # told
            _alert(channel, "s3", after=HOUR),
            _alert(channel, "s3", after=2 * HOUR),  # alerted
            digest(channel, "s3", after=2 * HOUR),
            replace(digest(private, after=HOUR), pages=(), scheduled=True),
            replace(digest(private, after=DAY), pages=(), scheduled=True),
        ]
    )
    assert [number is None for number in ids] == [
        False, True, True, False, True, False, True, False, True, True,
    ]  # fmt: skip
    made = [number for number in ids if number is not None]
    assert made == sorted(set(made))
    told = {one.digest_id: one.channel_id for one in store.deliveries()}
    assert [told[number] for number in made] == [channel.id, private.id, channel.id, channel.id]
    subscriber = store.subscriber(5)
    assert subscriber is not None
    assert subscriber.last_slot == NOW + DAY
    assert store.check() == ()


def test_pages_that_are_alike_are_kept_once_and_found_everywhere(store: Store) -> None:
    chats = [add_subscriber(store, number) for number in range(1, 6)]
    orders = [replace(_alert(one, "s1"), pages=(Page("a"), Page("b"), Page("a"))) for one in chats]
    assert None not in store.queue_digests(orders)
    for one in chats:
        texts = [found.content.text for found in store.deliveries(channel_id=one.id)]
        assert texts == ["a", "b", "a"]
    store.remove_channel(chats[0].id, at=NOW, actor="1")
    assert [one.content.text for _, one in store.claim_private(NOW, 9)] == ["a"] * 4


def test_a_digest_says_what_was_withdrawn_once_and_only_its_channels(store: Store) -> None:
    channel, other = add_channel(store), add_channel(store, "@other")
    for one in (channel, other):
        order = replace(_alert(one, "s1"), kind=DigestKind.DIGEST)
        assert store.queue_digests([order]) != (None,)
    changes = {one.id: None for one in store.deliveries()}
    for one in (channel, other):
        delivery = store.claim_next(one.id, NOW)
        assert delivery is not None
    store.withdraw(["s1"], changes, what="removed", at=NOW + HOUR, actor="7")
    (mine,), (theirs,) = store.withdrawals(channel.id), store.withdrawals(other.id)
    says = DigestOrder(
        channel.id, NOW + DAY, NOW + DAY, NOW, (), (Page("said"),), True,
        withdrawals=(mine.id, theirs.id, 999),
    )  # fmt: skip
    assert store.queue_digests([replace(says, pages=())]) == (None,)
    assert store.withdrawals(channel.id) == (mine,)
    assert store.queue_digests([replace(says, slot=NOW + 2 * DAY)]) != (None,)
    assert store.withdrawals(channel.id) == ()
    assert store.withdrawals(other.id) == (theirs,)
