"""Pages are claimed, get their receipts, and are settled by hand when nobody knows."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import DAY, HOUR, NOW, add_channel, queue
from tests.contract.taking import subscriber
from watchers.errors import DeliverySettled, DeliveryUnknown, InputInvalid
from watchers.ports import Store
from watchers.telling import Channel, Delivery, DeliveryState, SendOutcome, SendResult

SENT = SendResult(SendOutcome.SENT, message_id=2**40)
UNCERTAIN = SendResult(SendOutcome.UNCERTAIN, "No answer in time.")
FAILED = SendResult(SendOutcome.FAILED, "Bad Request: message is too long")


def _claimed(store: Store, *pages: str) -> tuple[Channel, Delivery]:
    channel = add_channel(store)
    queue(store, channel, *(pages or ("one",)))
    delivery = store.claim_next(channel.id, NOW)
    assert delivery is not None
    return channel, delivery


def _text(delivery: Delivery | None) -> str | None:
    return None if delivery is None else delivery.content.text


def test_pages_are_claimed_in_order(store: Store) -> None:
    channel = add_channel(store)
    other = add_channel(store, "@other")
    queue(store, channel, "1a", "1b")
    queue(store, other, "x")
    queue(store, channel, "2a", slot=NOW + DAY)
    claims = [store.claim_next(channel.id, NOW) for _ in range(4)]
    assert [_text(claim) for claim in claims] == ["1a", "1b", "2a", None]


def test_a_claimed_page_is_sending(store: Store) -> None:
    _, delivery = _claimed(store)
    assert (delivery.state, delivery.claimed_at) == (DeliveryState.SENDING, NOW)
    assert delivery.attempts == 1
    assert store.deliveries() == (delivery,)


def test_a_paused_or_unknown_channel_has_nothing_to_claim(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, "one")
    store.change_channel(channel.id, {"paused": True}, at=NOW, actor="cli")
    assert store.claim_next(channel.id, NOW) is None
    assert store.claim_next(999, NOW) is None


def test_a_sent_page_has_its_receipt(store: Store) -> None:
    _, delivery = _claimed(store)
    store.record_send(delivery.id, SENT, at=NOW + HOUR)
    (sent,) = store.deliveries(DeliveryState.SENT)
    assert (sent.message_id, sent.sent_at, sent.error) == (2**40, NOW + HOUR, None)
    assert store.check() == ()


@pytest.mark.parametrize(
    ("result", "state"),
    [(FAILED, DeliveryState.FAILED), (UNCERTAIN, DeliveryState.UNCERTAIN)],
    ids=["failed", "uncertain"],
)
def test_a_page_that_did_not_go_does_not_block_the_next(
    store: Store, result: SendResult, state: DeliveryState
) -> None:
    channel, delivery = _claimed(store, "one", "two")
    store.record_send(delivery.id, result, at=NOW)
    (kept,) = store.deliveries(state)
    assert (kept.id, kept.error, kept.message_id) == (delivery.id, result.detail, None)
    assert _text(store.claim_next(channel.id, NOW)) == "two"


def test_a_wait_is_kept_for_the_page_and_the_channel(another: Opener) -> None:
    store = another()
    channel, delivery = _claimed(store, "one", "two")
    result = SendResult(SendOutcome.RETRY, "Too Many Requests", wait=90.5)
    store.record_send(delivery.id, result, at=NOW)
    until = NOW + timedelta(seconds=90.5)
    again = another()
    assert again.channel("@digest").not_before == until
    assert again.deliveries(DeliveryState.QUEUED)[1].not_before == until
    assert again.claim_next(channel.id, until - timedelta(microseconds=1)) is None
    claimed = again.claim_next(channel.id, until)
    assert (claimed and claimed.id, claimed and claimed.attempts) == (delivery.id, 2)


def test_a_pause_stops_the_channel_and_loses_nothing(store: Store) -> None:
    channel, delivery = _claimed(store)
    result = SendResult(SendOutcome.PAUSE, "Forbidden: bot was kicked")
    store.record_send(delivery.id, result, at=NOW)
    paused = store.channel("@digest")
    assert (paused.paused, paused.pause_reason) == (True, "Forbidden: bot was kicked")
    assert store.claim_next(channel.id, NOW + DAY) is None
    store.change_channel(channel.id, {"paused": False}, at=NOW, actor="7")
    assert store.channel("@digest").pause_reason is None
    assert _text(store.claim_next(channel.id, NOW)) == "one"


def test_a_migrated_chat_is_followed(store: Store) -> None:
    channel, delivery = _claimed(store)
    result = SendResult(SendOutcome.MIGRATED, new_chat="-1002")
    store.record_send(delivery.id, result, at=NOW)
    assert store.channel("-1002").id == channel.id
    assert _text(store.claim_next(channel.id, NOW)) == "one"


def test_a_chat_that_migrated_into_another_channel_is_paused(store: Store) -> None:
    channel, delivery = _claimed(store)
    add_channel(store, "-1002")
    store.record_send(delivery.id, SendResult(SendOutcome.MIGRATED, new_chat="-1002"), at=NOW)
    assert store.channel(channel.chat).paused


@pytest.mark.parametrize("many", [False, True], ids=["one", "several"])
@pytest.mark.parametrize("private", [False, True], ids=["channel", "private"])
@pytest.mark.parametrize(
    ("result", "why"),
    [
        (SendResult(SendOutcome.PAUSE, "bot was kicked"), "bot was kicked"),
        (SendResult(SendOutcome.PAUSE, "x" * 1_000), "x" * 300 + "."),
        (SendResult(SendOutcome.PAUSE), "no reason was given"),
        (SendResult(SendOutcome.MIGRATED), "an unknown id, which cannot be used"),
    ],
    ids=["pause", "long-reason", "no-reason", "migrated-nowhere"],
)
def test_admins_are_told_of_a_channel_that_is_paused_as_it_is_paused(
    store: Store, result: SendResult, why: str, *, private: bool, many: bool
) -> None:
    channel = subscriber(store, 4_242) if private else add_channel(store)
    queue(store, channel, "one")
    delivery = store.claim_next(channel.id, NOW)
    assert delivery is not None
    if many:
        store.record_sends([(delivery.id, result)], at=NOW + HOUR)
    else:
        store.record_send(delivery.id, result, at=NOW + HOUR)
    if private:
        assert store.notices(untold=True) == ()
        return
    [told] = store.notices(untold=True)
    assert (told.kind, told.at) == ("paused", NOW + HOUR)
    assert "Posting to @digest is paused" in told.text
    assert why in told.text
    assert "/channels" in told.text


def test_each_pause_is_told(store: Store) -> None:
    channel, _ = _claimed(store)
    for attempt in range(2):
        result = SendResult(SendOutcome.PAUSE, f"{attempt}", attempt=attempt + 1)
        store.record_send(store.deliveries()[0].id, result, at=NOW)
        store.change_channel(channel.id, {"paused": False}, at=NOW, actor="7")
        store.claim_next(channel.id, NOW)
    assert len(store.notices(untold=True)) == 2


def test_a_receipt_needs_a_page_that_is_out(store: Store) -> None:
    _, delivery = _claimed(store)
    store.record_send(delivery.id, SENT, at=NOW)
    with pytest.raises(DeliverySettled):
        store.record_send(delivery.id, FAILED, at=NOW)
    with pytest.raises(DeliveryUnknown):
        store.record_send(2**50, SENT, at=NOW)
    assert store.deliveries()[0].state is DeliveryState.SENT


def test_what_a_dead_process_was_sending_becomes_uncertain(store: Store) -> None:
    channel, delivery = _claimed(store, "one", "two")
    assert store.abandon_sending(channel.id, at=NOW) == 1
    assert store.abandon_sending(channel.id, at=NOW) == 0
    (left,) = store.deliveries(DeliveryState.UNCERTAIN)
    assert left.id == delivery.id
    assert left.error
    # A receipt that arrives late is still the truth.
    store.record_send(delivery.id, SENT, at=NOW)
    assert store.deliveries(DeliveryState.SENT)[0].message_id == 2**40


@pytest.mark.parametrize("many", [False, True], ids=["one", "several"])
@pytest.mark.parametrize(
    "outcome",
    [SendOutcome.RETRY, SendOutcome.SENT, SendOutcome.PAUSE, SendOutcome.FAILED],
    ids=["retry", "sent", "pause", "failed"],
)
def test_a_late_receipt_of_an_earlier_attempt_does_not_count(
    store: Store, outcome: SendOutcome, *, many: bool
) -> None:
    channel, first = _claimed(store)
    store.abandon_sending(channel.id, at=NOW)  # somebody who took its sender for dead
    store.settle_delivery(first.id, "resend", at=NOW, actor="7")
    second = store.claim_next(channel.id, NOW)
    late = SendResult(outcome, "Late.", message_id=5, wait=60, attempt=first.attempts)
    if many:
        store.record_sends([(first.id, late)], at=NOW)
    else:
        with pytest.raises(DeliverySettled, match="tried again"):
            store.record_send(first.id, late, at=NOW)
    assert store.deliveries() == (second,)
    assert second is not None
    assert second.state is DeliveryState.SENDING
    assert (store.channel("@digest").paused, store.channel("@digest").not_before) == (False, None)
    store.record_send(first.id, replace(SENT, attempt=second.attempts), at=NOW)
    assert store.deliveries()[0].message_id == 2**40


def test_deliveries_are_listed_newest_first(store: Store) -> None:
    _, delivery = _claimed(store, "1", "2", "3")
    store.record_send(delivery.id, SENT, at=NOW)
    assert [d.page for d in store.deliveries()] == [3, 2, 1]
    assert [d.page for d in store.deliveries(limit=2)] == [3, 2]
    states = (DeliveryState.SENT, DeliveryState.FAILED)
    assert [d.page for d in store.deliveries(*states)] == [1]


@pytest.mark.parametrize("result", [FAILED, UNCERTAIN], ids=["failed", "uncertain"])
@pytest.mark.parametrize(
    ("decision", "state"),
    [
        ("arrived", DeliveryState.SENT),
        ("resend", DeliveryState.QUEUED),
        ("drop", DeliveryState.DROPPED),
    ],
)
def test_an_admin_settles_what_nobody_knows(
    store: Store, result: SendResult, decision: str, state: DeliveryState
) -> None:
    _, delivery = _claimed(store)
    store.record_send(delivery.id, result, at=NOW)
    settled = store.settle_delivery(delivery.id, decision, at=NOW + HOUR, actor="7")
    assert settled.state is state
    assert store.deliveries() == (settled,)
    record = store.audit(1)[0]
    assert (record.actor, record.action, record.detail) == ("7", "delivery.settle", decision)
    assert store.check() == ()


def test_a_resent_page_can_be_claimed_again(store: Store) -> None:
    channel, delivery = _claimed(store, "one", "two")
    store.record_send(delivery.id, UNCERTAIN, at=NOW)
    store.settle_delivery(delivery.id, "resend", at=NOW, actor="7")
    claimed = store.claim_next(channel.id, NOW)
    assert (claimed and claimed.id, claimed and claimed.attempts) == (delivery.id, 2)


def test_only_open_pages_can_be_settled(store: Store) -> None:
    _, delivery = _claimed(store)
    refusals: list[tuple[type[InputInvalid], Callable[[], object]]] = [
        (DeliverySettled, lambda: store.settle_delivery(delivery.id, "drop", at=NOW, actor="7")),
        (DeliveryUnknown, lambda: store.settle_delivery(99, "drop", at=NOW, actor="7")),
        (InputInvalid, lambda: store.settle_delivery(delivery.id, "burn", at=NOW, actor="7")),
    ]
    before = store.audit()
    for error, act in refusals:
        with pytest.raises(error):
            act()
    assert store.audit() == before


def test_two_processes_never_claim_one_page(another: Opener) -> None:
    stores = [another() for _ in range(4)]
    channel = add_channel(stores[0])
    queue(stores[0], channel, *(str(number) for number in range(12)))
    start = threading.Barrier(4)
    claimed: list[str] = []

    def work(store: Store) -> None:
        start.wait()
        while (delivery := store.claim_next(channel.id, NOW)) is not None:
            claimed.append(delivery.content.text)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed, key=int) == [str(number) for number in range(12)]
