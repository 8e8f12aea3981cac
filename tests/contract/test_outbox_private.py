"""Pages of private chats are claimed many at a time, one a chat."""

import threading
from datetime import timedelta

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import DAY, HOUR, NOW, add_channel, add_subscriber, queue
from watchers.errors import DeliveryUnknown
from watchers.ports import Store
from watchers.telling import (
    Channel,
    Delivery,
    DeliveryState,
    Neighbours,
    SendOutcome,
    SendResult,
)

SENT = SendResult(SendOutcome.SENT, message_id=7)


def _claimed(store: Store, limit: int = 9, at: timedelta = timedelta(0)) -> list[str]:
    return [delivery.content.text for _, delivery in store.claim_private(NOW + at, limit)]


def _three(store: Store) -> list[Channel]:
    return [add_subscriber(store, number) for number in (30, 20, 10)]


def test_one_page_a_chat_is_claimed_the_oldest_digests_first(store: Store) -> None:
    one, two, three = _three(store)
    queue(store, two, "b1", "b2")
    queue(store, one, "a1", slot=NOW - DAY)
    queue(store, three, "c1")
    queue(store, two, "b3", slot=NOW + DAY)
    queue(store, add_channel(store), "public")
    claims = store.claim_private(NOW, 2)
    assert [channel for channel, _ in claims] == [store.subscriber(20), store.subscriber(30)]
    assert [delivery.content.text for _, delivery in claims] == ["b1", "a1"]
    assert [delivery.channel_id for _, delivery in claims] == [two.id, one.id]
    for _, delivery in claims:
        assert (delivery.state, delivery.claimed_at, delivery.attempts) == (
            DeliveryState.SENDING,
            NOW,
            1,
        )
        assert store.delivery(delivery.id) == delivery
    assert _claimed(store) == ["c1"]
    assert _claimed(store) == []  # one of each chat is out
    store.record_sends([(delivery.id, SENT) for _, delivery in claims], at=NOW)
    assert _claimed(store) == []  # a second between two of one digest
    assert _claimed(store, at=timedelta(seconds=1)) == ["b2"]


@pytest.mark.parametrize("limit", [0, -1])
def test_none_is_claimed_if_none_is_asked_for(store: Store, limit: int) -> None:
    queue(store, add_subscriber(store, 1), "page")
    assert store.claim_private(NOW, limit) == ()


@pytest.mark.parametrize(
    "outcome",
    [SendOutcome.SENT, SendOutcome.FAILED, SendOutcome.UNCERTAIN],
    ids=lambda outcome: outcome.value,
)
def test_the_next_page_follows_whatever_came_of_the_one_before(
    store: Store, outcome: SendOutcome
) -> None:
    private = add_subscriber(store, 1)
    queue(store, private, "one", "two")
    ((_, delivery),) = store.claim_private(NOW, 9)
    store.record_send(delivery.id, SendResult(outcome, message_id=5), at=NOW)
    assert _claimed(store) == ["two"]


def test_a_wait_holds_back_one_chat_alone(another: Opener) -> None:
    store = another()
    one, two, _ = _three(store)
    for private in (one, two):
        queue(store, private, "page of 30" if private is one else "page of 20", "more")
    wait = timedelta(seconds=90.5)
    first, second = store.claim_private(NOW, 9)
    retry = SendResult(SendOutcome.RETRY, "Too Many Requests", wait=90.5)
    store.record_sends([(first[1].id, retry), (second[1].id, SENT)], at=NOW)
    again = another()
    channel = again.subscriber(30)
    assert channel is not None
    assert channel.not_before == NOW + wait
    assert _claimed(again, at=wait - timedelta(microseconds=1)) == ["more"]
    assert _claimed(again, at=wait) == ["page of 30"]


def test_who_blocked_the_bot_keeps_the_pages(store: Store) -> None:
    one, two, _ = _three(store)
    for private in (one, two):
        queue(store, private, f"page of {private.chat}")
    claims = store.claim_private(NOW, 9)
    blocked = SendResult(SendOutcome.PAUSE, "Forbidden: bot was blocked by the user")
    store.record_sends([(claims[0][1].id, blocked), (claims[1][1].id, SENT)], at=NOW)
    assert _claimed(store, at=DAY) == []
    queue(store, one, "later", slot=NOW + DAY)
    assert _claimed(store, at=DAY) == []
    assert len(store.deliveries(DeliveryState.QUEUED, channel_id=one.id)) == 2
    store.change_channel(one.id, {"paused": False}, at=NOW, actor="30")
    assert _claimed(store) == ["page of 30"]


def test_a_page_claimed_by_its_channel_counts_as_out(store: Store) -> None:
    private = add_subscriber(store, 1)
    queue(store, private, "one", "two")
    delivery = store.claim_next(private.id, NOW)
    assert delivery is not None
    assert _claimed(store) == []
    assert store.abandon_sending(private.id, at=NOW) == 1
    assert _claimed(store) == ["two"]


def test_what_a_dead_process_was_sending_privately_becomes_uncertain(store: Store) -> None:
    public = add_channel(store)
    for channel in (public, *_three(store)):
        queue(store, channel, "one", "two")
    store.claim_next(public.id, NOW)
    claims = store.claim_private(NOW, 2)
    assert store.abandon_private(at=NOW) == 2
    assert store.abandon_private(at=NOW) == 0
    left = store.deliveries(DeliveryState.UNCERTAIN)
    assert {one.id for one in left} == {delivery.id for _, delivery in claims}
    assert all(one.error for one in left)
    assert [one.channel_id for one in store.deliveries(DeliveryState.SENDING)] == [public.id]
    assert sorted(_claimed(store)) == ["one", "two", "two"]


def test_a_page_taken_back_while_it_waits_is_not_claimed(store: Store) -> None:
    one, two, _ = _three(store)
    for private in (one, two):
        queue(store, private, f"page of {private.chat}")
    mine = store.deliveries(channel_id=one.id)[0]
    store.withdraw(["s1"], {mine.id: None}, what="removed", at=NOW, actor="7")
    assert store.delivery(mine.id).state is DeliveryState.DROPPED
    assert _claimed(store) == ["page of 20"]
    assert _claimed(store) == []


def test_two_processes_never_claim_one_private_page(another: Opener) -> None:
    stores = [another() for _ in range(4)]
    for number in range(24):
        queue(stores[0], add_subscriber(stores[0], number), str(number))
    start = threading.Barrier(4)
    claimed: list[str] = []

    def work(store: Store) -> None:
        start.wait()
        for _ in range(24):
            claimed.extend(d.content.text for _, d in store.claim_private(NOW, 3))

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed, key=int) == [str(number) for number in range(24)]


# ---------------------------------------------------------------- the stop


def test_nothing_is_claimed_while_posting_is_stopped(another: Opener) -> None:
    store, other = another(), another()
    public, private = add_channel(store), add_subscriber(store, 1)
    for channel in (public, private):
        queue(store, channel, "page")
    before = store.audit()
    assert store.posting_stopped() is False
    assert store.stop_posting(stopped=True, at=NOW, actor="7") is True
    assert store.stop_posting(stopped=True, at=NOW, actor="7") is False
    assert other.posting_stopped() is True
    assert other.claim_next(public.id, NOW) is None
    assert other.claim_private(NOW, 9) == ()
    assert other.stop_posting(stopped=False, at=NOW + HOUR, actor="8") is True
    assert other.stop_posting(stopped=False, at=NOW + HOUR, actor="8") is False
    told = [(one.actor, one.action) for one in store.audit()[: -len(before)]]
    assert told == [("8", "posting.resume"), ("7", "posting.stop")]
    assert store.claim_next(public.id, NOW) is not None
    assert len(store.claim_private(NOW, 9)) == 1


def test_a_receipt_is_recorded_while_posting_is_stopped(store: Store) -> None:
    private = add_subscriber(store, 1)
    queue(store, private, "one", "two")
    ((_, delivery),) = store.claim_private(NOW, 1)
    store.stop_posting(stopped=True, at=NOW, actor="7")
    store.record_send(delivery.id, SENT, at=NOW)
    assert store.delivery(delivery.id).state is DeliveryState.SENT
    assert _claimed(store) == []
    store.stop_posting(stopped=False, at=NOW, actor="7")
    assert _claimed(store) == ["two"]


# ---------------------------------------------------------------- what is listed


def test_deliveries_are_listed_by_whose_they_are(store: Store) -> None:
    public, private = add_channel(store), add_subscriber(store, 1)
    other = add_channel(store, "@other")
    for number, channel in enumerate((public, private, other, private)):
        queue(store, channel, f"{number}a", f"{number}b", slot=NOW + number * HOUR)
    store.claim_next(public.id, NOW)
    store.claim_private(NOW, 1)

    def texts(*states: DeliveryState, **chosen: int | None) -> str:
        found = store.deliveries(*states, **chosen)  # type: ignore[arg-type]
        return " ".join(one.content.text for one in found)

    queued, sending = DeliveryState.QUEUED, DeliveryState.SENDING
    assert texts() == "3b 3a 2b 2a 1b 1a 0b 0a"
    assert texts(private=True) == "3b 3a 1b 1a"
    assert texts(private=False) == "2b 2a 0b 0a"
    assert texts(queued, sending, private=False, limit=3) == "2b 2a 0b"
    assert texts(queued) == "3b 3a 2b 2a 1b 0b"
    assert texts(sending, sending) == "1a 0a"
    assert texts(queued, limit=2) == "3b 3a"
    assert texts(channel_id=private.id) == "3b 3a 1b 1a"
    assert texts(sending, channel_id=private.id) == "1a"
    assert texts(channel_id=private.id, private=False) == ""
    assert texts(queued, channel_id=public.id, private=False, limit=1) == "0b"
    assert texts(channel_id=99) == ""
    assert texts(limit=0) == ""


def test_a_delivery_is_found_by_its_number(store: Store) -> None:
    queue(store, add_channel(store), "page")
    (known,) = store.deliveries()
    assert store.delivery(known.id) == known
    for number in (0, -1, known.id + 1, 2**31, 2**70):
        with pytest.raises(DeliveryUnknown):
            store.delivery(number)


# ---------------------------------------------------------------- evidence


def _send(store: Store, channel: Channel, message_id: int | None) -> Delivery:
    delivery = store.claim_next(channel.id, NOW)
    assert delivery is not None
    result = SendResult(SendOutcome.SENT, message_id=message_id)
    if message_id is None:
        result = SendResult(SendOutcome.UNCERTAIN, "No answer.")
    store.record_send(delivery.id, result, at=NOW)
    return delivery


def test_the_sent_pages_around_one_are_evidence(store: Store) -> None:
    channel, other = add_channel(store), add_channel(store, "@other")
    queue(store, channel, "1", "2", "3")
    queue(store, channel, "4", "5", slot=NOW + HOUR)
    queue(store, other, "elsewhere")
    _send(store, other, 102)
    first = _send(store, channel, 100)
    unsure = _send(store, channel, None)
    assert store.neighbours(unsure.id) == Neighbours(100, None)
    late = _send(store, channel, None)
    last = _send(store, channel, 104)
    assert store.neighbours(unsure.id) == Neighbours(100, 104)
    # Sent once more, it stands behind; nothing of it lies in between.
    store.settle_delivery(late.id, "resend", at=NOW, actor="7")
    _send(store, channel, 103)
    assert store.neighbours(unsure.id) == Neighbours(100, 103)
    assert store.neighbours(late.id) == Neighbours(100, 104)
    assert store.neighbours(first.id) == Neighbours(None, 103)
    assert store.neighbours(last.id) == Neighbours(103, None)
    with pytest.raises(DeliveryUnknown):
        store.neighbours(999)


def test_pages_of_ours_in_between_are_named(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, "1", "2", "3", "4")
    resent = _send(store, channel, None)
    _send(store, channel, 100)
    unsure = _send(store, channel, None)
    store.settle_delivery(resent.id, "resend", at=NOW, actor="7")
    _send(store, channel, 101)  # the first page, later than the second
    _send(store, channel, 103)
    assert store.neighbours(unsure.id) == Neighbours(100, 103, (101,))


def test_a_page_that_an_admin_saw_is_no_evidence(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, "1", "2", "3")
    seen = _send(store, channel, None)
    unsure = _send(store, channel, None)
    store.settle_delivery(seen.id, "arrived", at=NOW, actor="7")
    _send(store, channel, 9)
    assert store.neighbours(unsure.id) == Neighbours(None, 9)


def test_whether_a_private_page_is_due_is_seen_without_claiming_it(store: Store) -> None:
    assert not store.private_due(NOW)
    one = add_subscriber(store, 10)
    queue(store, add_channel(store), "public")
    assert not store.private_due(NOW)
    queue(store, one, "page")
    assert store.private_due(NOW)
    store.stop_posting(stopped=True, at=NOW, actor="test")
    assert not store.private_due(NOW)
    store.stop_posting(stopped=False, at=NOW, actor="test")
    ((_, page),) = store.claim_private(NOW, 9)
    assert store.private_due(NOW)  # whoever has it may have died
    later = SendResult(SendOutcome.RETRY, wait=3600.0)
    store.record_send(page.id, later, at=NOW)
    store.claim_private(NOW, 9)  # it is looked at once, and waits
    assert not store.private_due(NOW)
    assert store.private_due(NOW + 2 * HOUR)
