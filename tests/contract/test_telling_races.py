"""What two processes do at the same moment: nothing told twice, nothing that was taken back."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from bot.withdrawals import Change, carry_out
from storage import MemoryStore, contents, queueing, receipts
from tests.contract.conftest import Opener
from tests.contract.making import DAY, NOW, add_channel, item, old_feed, poll, settle
from tests.contract.taking import page, queue_pages, subscriber, told
from watchers.ports import Store
from watchers.telling import DeliveryState, DigestOrder, Page, SendOutcome, SendResult

RETRY = SendOutcome.RETRY


class _Interrupted:
    """A store in which something happens right before pages are taken back."""

    def __init__(self, store: Store, meanwhile: Callable[[], object]) -> None:
        self._store = store
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def withdraw(self, *args: object, **rest: object) -> int:
        """As the store's, but the first time somebody else was quicker."""
        meanwhile, self._meanwhile = self._meanwhile, lambda: None
        meanwhile()
        return self._store.withdraw(*args, **rest)  # type: ignore[arg-type]


def test_what_is_queued_while_a_story_is_taken_back_goes_out_without_it(another: Opener) -> None:
    store, other = another(), another()
    told(store, "@digest", "s1", "s2")
    late = add_channel(store, "@late")
    slow = _Interrupted(store, lambda: queue_pages(other, late, page("s1", text="too late")))
    assert carry_out(slow, ("s1",), Change(), at=NOW, actor="7") == 1  # type: ignore[arg-type]
    assert other.claim_next(late.id, NOW) is None
    assert store.posted(subject="s1") == ()


def test_a_correction_is_added_once(store: Store) -> None:
    told(store, "@digest", "s1", "s2")
    carry_out(store, ("s1",), Change("corrected", "A note."), at=NOW, actor="7")
    (posted,) = store.posted(subject="s1")
    assert posted.delivery.content.text.count("A note.") == 1


@pytest.mark.parametrize("private", [False, True], ids=["channel", "private"])
def test_a_short_wait_does_not_end_a_longer_one(store: Store, *, private: bool) -> None:
    channel = subscriber(store, 4_242) if private else add_channel(store)
    queue_pages(store, channel, page("s1"), page("s2"))
    first = store.claim_next(channel.id, NOW)
    assert first is not None
    store.record_send(first.id, SendResult(SendOutcome.SENT, message_id=5), at=NOW)
    store.withdraw(["s1"], {first.id: Page("less")}, what="removed", at=NOW, actor="7")
    second = store.claim_next(channel.id, NOW)
    assert second is not None
    (correction,) = store.due_corrections(NOW, 10)
    store.record_correction(correction.id, SendResult(RETRY, "Flood", wait=300), at=NOW)
    store.record_sends([(second.id, SendResult(RETRY, "cut", wait=10))], at=NOW)
    assert store.claim_next(channel.id, NOW + timedelta(seconds=299)) is None
    assert store.claim_private(NOW + timedelta(seconds=299), 10) == ()
    assert store.claim_next(channel.id, NOW + timedelta(seconds=300)) is not None


def _while_queueing(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> list[Thread]:
    """Begin the work of another process after a digest was decided on, before it is recorded."""
    begun: list[Thread] = []
    record = queueing._record

    def slow(*args: Any) -> list[int]:
        begun.append(Thread(target=work))
        begun[0].start()
        begun[0].join(0.5)  # unless it has to wait for us
        return record(*args)

    monkeypatch.setattr(queueing, "_record", slow)
    return begun


def _two(another: Opener) -> tuple[Store, Store]:
    store, other = another(), another()
    if isinstance(store, MemoryStore):
        pytest.skip("one process, one lock")
    return store, other


def test_a_digest_and_taking_back_at_once_leave_no_page_of_it(
    another: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = _two(another)
    channel = add_channel(store)
    begun = _while_queueing(
        monkeypatch, lambda: carry_out(other, ("s1",), Change(), at=NOW, actor="7")
    )
    queue_pages(store, channel, page("s1"))
    begun[0].join()
    assert [one.state for one in store.deliveries()] == [DeliveryState.DROPPED]
    assert store.mutes().subjects == {"s1"}


def test_a_digest_and_a_merge_at_once_tell_nothing_twice(
    another: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = _two(another)
    feed, channel = old_feed(store), add_channel(store)
    store.save_poll(poll(feed, item("a", relevant=True), item("b", relevant=True)))
    settle(store, a="s1", b="s2")
    begun = _while_queueing(monkeypatch, lambda: other.merge_stories("s1", "s2", at=NOW, actor="7"))
    queue_pages(store, channel, page("s2"))
    begun[0].join()
    assert store.story("s2").id == "s1"
    assert store.untold(channel.id, NOW - DAY) == ()


def test_who_is_forgotten_while_others_are_queued_the_same_page(
    another: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = _two(another)
    first, second = subscriber(store, 1), subscriber(store, 2)
    queue_pages(store, first, page("s1"))
    failed: list[BaseException] = []

    def forget() -> None:
        try:
            other.remove_channel(first.id, at=NOW, actor="1")
        except Exception as error:
            failed.append(error)

    found = contents.content_ids
    begun: list[Thread] = []

    def slow(*args: Any) -> list[int]:
        ids = found(*args)
        begun.append(Thread(target=forget))
        begun[0].start()
        begun[0].join(0.5)
        return ids

    monkeypatch.setattr("storage.queueing.content_ids", slow)
    queue_pages(store, second, page("s1"))
    begun[0].join()
    assert failed == []
    assert [one.channel_id for one in store.deliveries()] == [second.id]


def test_receipts_and_taking_back_at_once_wait_for_each_other(
    another: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = _two(another)
    chats = [subscriber(store, 1), subscriber(store, 2), add_channel(store)]
    for chat in chats:
        queue_pages(store, chat, page("s1"))
    out = [store.claim_next(chat.id, NOW) for chat in chats]
    failed: list[BaseException] = []
    begun: list[Thread] = []

    def take_back() -> None:
        try:
            carry_out(other, ("s1",), Change(), at=NOW, actor="7")
        except Exception as error:
            failed.append(error)

    def slow(*args: Any) -> dict[str, object]:
        if not begun:
            begun.append(Thread(target=take_back))
            begun[0].start()
            begun[0].join(0.5)
        return receipts.receipt(*args)

    monkeypatch.setattr("storage.outbox.receipt", slow)
    results = (
        SendResult(SendOutcome.SENT, message_id=1),
        SendResult(RETRY, wait=1),
        SendResult(RETRY, wait=1),
    )
    store.record_sends([(one.id, r) for one, r in zip(out, results, strict=True) if one], at=NOW)
    begun[0].join()
    assert failed == []
    assert len(store.due_corrections(NOW, 10)) == 1
    assert store.deliveries(DeliveryState.QUEUED, DeliveryState.SENDING) == ()


def test_what_was_withdrawn_is_said_once(store: Store) -> None:
    channel, _ = told(store, "@digest", "s1", "s2")
    carry_out(store, ("s1",), Change(), at=NOW, actor="7")
    (withdrawn,) = store.withdrawals(channel.id)
    orders = [
        DigestOrder(
            channel.id,
            slot=NOW + timedelta(hours=number),
            built_at=NOW,
            since=NOW - DAY,
            subjects=(),
            pages=(Page("One story was withdrawn."),),
            scheduled=True,
            withdrawals=(withdrawn.id,),
        )
        for number in (1, 2, 3)
    ]
    first, second = store.queue_digests(orders[:2])
    assert (first is None, second) == (False, None)
    assert store.queue_digests(orders[2:]) == (None,)
    assert store.channel("@digest").last_slot == orders[0].slot
