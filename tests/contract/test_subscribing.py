"""What many channels were told, in one question: the same as asking for each."""

from datetime import timedelta

from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    item,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers import digest
from watchers.model import Grouping, Item
from watchers.ports import Store
from watchers.subscribing import NOBODY
from watchers.telling import (
    Channel,
    ChannelSpec,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)


def _stored(store: Store, *items: Item, **stories: str) -> None:
    store.save_poll(poll(old_feed(store), *items))
    settle(store, **stories)


def _untold(store: Store, *channels: Channel) -> list[set[str]]:
    """What each is to be told, by way of the question for many."""
    subjects = {digest.subject_of(one) for one in store.untold(NOBODY, NOW - DAY)}
    told = store.told_subjects([channel.id for channel in channels], sorted(subjects))
    return [subjects - told.get(channel.id, frozenset()) for channel in channels]


def _asked_each(store: Store, *channels: Channel) -> list[set[str]]:
    return [
        {digest.subject_of(one) for one in store.untold(channel.id, NOW - DAY)}
        for channel in channels
    ]


def test_nobody_was_told_anything(store: Store) -> None:
    _stored(store, item("one", relevant=True), item("two", officials=["r"]), one="s1")
    queue(store, add_channel(store), "page", subjects=["s1"])
    assert len(store.untold(NOBODY, NOW - DAY)) == 2


def test_channels_are_told_apart(store: Store) -> None:
    first, second, third = (add_channel(store, f"@{n}") for n in ("a", "b", "c"))
    _stored(store, item("one", relevant=True), item("two", relevant=True), one="s1", two="s2")
    queue(store, first, "page", subjects=["s1", "s2"])
    queue(store, second, "page", subjects=["s2"])
    assert _untold(store, first, second, third) == [set(), {"s1"}, {"s1", "s2"}]
    assert _untold(store, first, second, third) == _asked_each(store, first, second, third)
    asked = [first.id, second.id, third.id]
    assert store.told_subjects(asked, ["s1"]) == {first.id: frozenset(["s1"])}
    assert store.told_subjects(asked, ["unknown", "article:99"]) == {}
    assert store.told_subjects([], ["s1"]) == {}
    assert store.told_subjects(asked, []) == {}


def test_what_changed_its_facts_is_untold_once_more(store: Store) -> None:
    channel, other = add_channel(store), add_channel(store, "@other")
    _stored(store, item("one", relevant=True), one="s1")
    queue(store, channel, "page", subjects=["s1"])
    later = NOW + HOUR
    changed = item("one", title="Thirty people, not twelve, it says now", relevant=True)
    store.save_poll(poll(1, changed, at=later))
    assert store.untold(channel.id, NOW - DAY)
    assert _untold(store, channel, other) == [{"s1"}, {"s1"}]
    queue(store, channel, "again", subjects=["s1"], slot=later + HOUR)
    assert _untold(store, channel, other) == [set(), {"s1"}]
    assert _untold(store, channel, other) == _asked_each(store, channel, other)


def test_the_same_of_articles_without_a_story(store: Store) -> None:
    channel = add_channel(store)
    store.save_poll(poll(old_feed(store), item("one", officials=["r"]), item("two")))
    one, two = store.unsettled(2)
    store.save_groupings([Grouping(one.id, None, None, ""), Grouping(two.id, one.id, None, "")])
    subject = f"article:{one.id}"
    queue(store, channel, "page", subjects=[subject])
    assert store.told_subjects([channel.id], [subject]) == {channel.id: frozenset([subject])}
    changed = item("one", title="Thirty people, not twelve, it says now", officials=["r"])
    store.save_poll(poll(1, changed, at=NOW + HOUR))
    settle(store)
    assert _untold(store, channel) == _asked_each(store, channel)


def test_what_was_taken_back_is_asked_for_many(store: Store) -> None:
    first, second = add_channel(store), add_channel(store, "@other")
    pages = (Page("page", placed=(Placed("s1", 0, 4),)),)
    order = DigestOrder(first.id, NOW, NOW, NOW - DAY, ("s1",), pages, scheduled=True)
    store.queue_digests((order,))
    page = store.claim_next(first.id, NOW)
    assert page is not None
    store.record_send(page.id, SendResult(SendOutcome.SENT, message_id=5), at=NOW)
    store.withdraw(["s1"], {page.id: None}, what="removed", at=NOW + timedelta(1), actor="5")
    found = store.withdrawals_of([first.id, second.id])
    assert found == {first.id: store.withdrawals(first.id)}
    assert [one.subject for one in found[first.id]] == ["s1"]
    assert store.withdrawals_of([second.id]) == {}


def test_a_private_chat_rests_a_second_between_two_pages_of_a_digest(store: Store) -> None:
    chat = store.add_channel(ChannelSpec("1001", private=True), at=NOW, actor="system")
    queue(store, chat, "1/2", "2/2")
    ((_, first),) = store.claim_private(NOW, 8)
    store.record_sends([(first.id, SendResult(SendOutcome.SENT, message_id=1))], at=NOW)
    assert store.claim_private(NOW + timedelta(seconds=0.9), 8) == ()
    ((_, second),) = store.claim_private(NOW + timedelta(seconds=1), 8)
    later = NOW + timedelta(seconds=1)
    store.record_sends([(second.id, SendResult(SendOutcome.SENT, message_id=2))], at=later)
    (kept,) = store.subscribers()
    assert kept.not_before == later  # as after the first page: there is no third
