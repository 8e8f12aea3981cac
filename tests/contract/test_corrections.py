"""What was posted is found, taken back everywhere, and tried until Telegram answers."""

from datetime import timedelta

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import DAY, HOUR, NOW, add_channel, item, old_feed, poll, queue, settle
from tests.contract.taking import (
    content_of,
    page,
    queue_pages,
    send,
    state_of,
    subscriber,
    told,
)
from watchers.correcting import Correction, CorrectionState
from watchers.ports import Store
from watchers.telling import (
    DeliveryState,
    DigestOrder,
    Page,
    SendOutcome,
    SendResult,
)

SENT = SendResult(SendOutcome.SENT)
UNCERTAIN = SendResult(SendOutcome.UNCERTAIN, "No answer in time.")
FAILED = SendResult(SendOutcome.FAILED, "Bad Request: message can't be edited")
LEFT = page("s2", text="What is left")


def _due(store: Store, at: timedelta = timedelta()) -> Correction:
    (correction,) = store.due_corrections(NOW + at, 10)
    return correction


# ------------------------------------------------------------------ what was posted


def test_pages_are_found_by_what_they_tell_and_whom_they_name(store: Store) -> None:
    channel = add_channel(store)
    first = page("s1", "s2", text="1", officials=["an-official"])
    queue_pages(store, channel, first, page("s3", text="2"))
    for asked in ({"subject": "s2"}, {"official": "an-official"}):
        (found,) = store.posted(**asked)
        assert (found.chat, found.private, found.built_at) == ("@digest", False, NOW)
        assert found.delivery.content == first
    assert store.posted(subject="s3")[0].delivery.content.text == "2"
    assert store.posted(subject="official:an-official") == store.posted(official="an-official")
    assert store.posted(subject="none") == store.posted(official="none") == store.posted() == ()


def test_pages_of_all_chats_are_found_oldest_first_but_not_dropped_ones(store: Store) -> None:
    channel = add_channel(store)
    private = subscriber(store, 4_242)
    for chat in (private, channel):
        queue_pages(store, chat, page("s1"), page("s1", text="more"))
    send(store, channel, FAILED)
    dropped = store.deliveries(DeliveryState.FAILED)[0]
    store.settle_delivery(dropped.id, "drop", at=NOW, actor="7")
    found = store.posted(subject="s1")
    assert [(p.chat, p.private, p.delivery.state.value) for p in found] == [
        ("4242", True, "queued"),
        ("4242", True, "queued"),
        ("@digest", False, "sent"),
    ]
    assert [p.delivery.id for p in found] == sorted(p.delivery.id for p in found)


def test_pages_are_found_by_the_story_that_theirs_was_merged_into(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("a", relevant=True), item("b", relevant=True)))
    settle(store, a="s1", b="s2")
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", "s2", text="both"))
    queue_pages(store, channel, page("article:1", text="earlier"), slot=NOW - DAY)
    kept = store.merge_stories("s1", "s2", at=NOW, actor="7")
    found = store.posted(subject=kept)
    assert [p.delivery.content.text for p in found] == ["both", "earlier"]
    gone = {p.delivery.id: None for p in found}
    send(store, channel)
    assert store.withdraw([kept], gone, what="removed", at=NOW, actor="7") == 2
    (one,) = store.withdrawals(channel.id)
    assert (one.subject, one.told_at) == (kept, NOW)


# ------------------------------------------------------------------ taking back


def test_a_sent_page_is_to_be_changed_and_another_deleted(another: Opener) -> None:
    store = another()
    _, one = told(store, "@one", "s1", "s2")
    _, two = told(store, "@two", "s1")
    changes = {one.delivery.id: LEFT, two.delivery.id: None}
    assert store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7") == 2
    first, second = another().due_corrections(NOW, 10)
    assert (first.chat, first.message_id, first.content) == ("@one", 100, LEFT)
    assert (second.chat, second.message_id, second.content) == ("@two", 100, None)
    assert first.state is second.state is CorrectionState.QUEUED
    assert store.posted(subject="s1") == ()
    assert [p.delivery.content for p in store.posted(subject="s2")] == [LEFT]
    assert state_of(store, two.delivery.id) is DeliveryState.SENT
    assert store.notices(untold=True) == ()
    assert store.check() == ()


@pytest.mark.parametrize("failed", [False, True], ids=["queued", "failed"])
def test_what_is_not_out_is_changed_or_dropped_and_nobody_is_told(
    store: Store, *, failed: bool
) -> None:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", "s2", text="a"), page("s1", text="b"))
    ids = [p.delivery.id for p in store.posted(subject="s1")]
    if failed:
        send(store, channel, FAILED, FAILED)
    changes = {ids[0]: LEFT, ids[1]: None}
    assert store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7") == 0
    assert content_of(store, ids[0]) == LEFT
    assert state_of(store, ids[0]) is (DeliveryState.FAILED if failed else DeliveryState.QUEUED)
    assert state_of(store, ids[1]) is DeliveryState.DROPPED
    assert store.due_corrections(NOW, 10) == ()
    assert store.withdrawals(channel.id) == ()
    assert store.notices(untold=True) == ()


@pytest.mark.parametrize("new", [LEFT, None], ids=["changed", "to go"])
def test_what_may_be_out_is_told_to_admins_and_put_right_when_its_receipt_comes(
    store: Store, new: Page | None
) -> None:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", "s2"))
    sending = store.claim_next(channel.id, NOW)
    assert sending is not None
    assert store.withdraw(["s1"], {sending.id: new}, what="removed", at=NOW, actor="7") == 0
    (notice,) = store.notices(untold=True)
    assert f"delivery {sending.id} in @digest" in notice.text
    assert store.due_corrections(NOW + DAY, 10) == ()
    store.record_send(sending.id, SendResult(SendOutcome.SENT, message_id=9), at=NOW)
    assert (_due(store).message_id, _due(store).content) == (9, new)
    assert len(store.withdrawals(channel.id)) == 1


@pytest.mark.parametrize("outcome", [SendOutcome.RETRY, SendOutcome.PAUSE, SendOutcome.UNCERTAIN])
def test_a_page_of_which_nothing_is_left_is_never_sent_again(
    store: Store, outcome: SendOutcome
) -> None:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1"))
    sending = store.claim_next(channel.id, NOW)
    assert sending is not None
    store.withdraw(["s1"], {sending.id: None}, what="removed", at=NOW, actor="7")
    store.record_send(sending.id, SendResult(outcome, "why"), at=NOW)
    if outcome is SendOutcome.UNCERTAIN:
        store.settle_delivery(sending.id, "resend", at=NOW, actor="7")
    assert state_of(store, sending.id) is DeliveryState.DROPPED
    assert store.claim_next(channel.id, NOW + DAY) is None


def test_in_bulk_too_only_that_is_sent_again_of_which_something_is_left(store: Store) -> None:
    chats = [subscriber(store, user) for user in (5, 6)]
    for chat in chats:
        queue_pages(store, chat, page("s1", "s2"))
        send(store, chat, UNCERTAIN)
    first, second = (p.delivery.id for p in store.posted(subject="s1"))
    store.withdraw(["s1"], {first: None, second: LEFT}, what="removed", at=NOW, actor="7")
    assert store.settle_private("resend", at=NOW, actor="7") == 2
    states = [state_of(store, number) for number in (first, second)]
    assert states == [DeliveryState.DROPPED, DeliveryState.QUEUED]
    assert [d.content for _, d in store.claim_private(NOW, 9)] == [LEFT]


def test_an_uncertain_page_is_sent_again_as_it_should_read(store: Store) -> None:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", "s2"))
    (number,) = send(store, channel, UNCERTAIN)
    store.withdraw(["s1"], {number: LEFT}, what="removed", at=NOW, actor="7")
    assert state_of(store, number) is DeliveryState.UNCERTAIN
    store.settle_delivery(number, "resend", at=NOW, actor="7")
    again = store.claim_next(channel.id, NOW)
    assert again is not None
    assert again.content == LEFT


def test_what_arrived_under_an_unknown_id_is_for_admins_to_put_right(store: Store) -> None:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", "s2"))
    (number,) = send(store, channel, UNCERTAIN)
    store.settle_delivery(number, "arrived", at=NOW, actor="7")
    assert store.withdraw(["s1"], {number: LEFT}, what="removed", at=NOW, actor="7") == 0
    assert store.due_corrections(NOW, 10) == ()
    assert len(store.notices(untold=True)) == 1
    assert len(store.withdrawals(channel.id)) == 1


def test_nothing_of_private_chats_is_in_notices_or_the_audit_log(store: Store) -> None:
    channel = add_channel(store)
    private = subscriber(store, 4_242_424)
    for chat in (channel, private):
        queue_pages(store, chat, page("s1"))
        send(store, chat, UNCERTAIN)
    changes = {p.delivery.id: LEFT for p in store.posted(subject="s1")}
    store.withdraw(["s1", "s9"], changes, what="removed", note="We erred.", at=NOW, actor="7")
    (notice,) = store.notices(untold=True)
    assert "1 in private chats" in notice.text
    assert "4242424" not in notice.text
    record = store.audit(1)[0]
    assert (record.action, record.subject, record.actor) == ("story.withdraw", "s1, s9", "7")
    assert "removed; messages to change: 0" in record.detail
    assert "We erred." in record.detail
    assert not [one for one in store.audit() if "4242424" in f"{one.subject} {one.detail}"]


@pytest.mark.parametrize("what", ["removed", "corrected"])
def test_only_what_is_removed_is_muted(store: Store, what: str) -> None:
    _, posted = told(store)
    store.withdraw(["s1"], {posted.delivery.id: LEFT}, what=what, at=NOW, actor="7")
    assert store.mutes().subjects == (frozenset({"s1"}) if what == "removed" else frozenset())


def test_a_wrong_word_or_unknown_pages_change_nothing(store: Store) -> None:
    channel, posted = told(store)
    with pytest.raises(ValueError, match="no way to take a story back"):
        store.withdraw(["s1"], {posted.delivery.id: None}, what="erased", at=NOW, actor="7")
    assert store.withdraw(["s7"], {999: None, 2**40: LEFT}, what="removed", at=NOW, actor="7") == 0
    assert store.posted(subject="s1") == (posted,)
    assert store.withdrawals(channel.id) == ()


def test_a_later_change_replaces_one_that_waits(store: Store) -> None:
    channel, posted = told(store, "@digest", "s1", "s2")
    number = posted.delivery.id
    store.withdraw(["s1"], {number: LEFT}, what="removed", at=NOW, actor="7")
    first = _due(store)
    store.withdraw(["s2"], {number: None}, what="removed", at=NOW + HOUR, actor="7")
    second = _due(store, HOUR)
    assert (second.content, second.id > first.id) == (None, True)
    store.record_correction(first.id, UNCERTAIN, at=NOW + HOUR)  # it was on its way
    assert _due(store, HOUR) == second
    assert [one.subject for one in store.withdrawals(channel.id)] == ["s1", "s2"]


# ------------------------------------------------------------------ channels are told


def test_each_channel_that_saw_it_is_told_once(another: Opener) -> None:
    store = another()
    public, posted = told(store)
    private = subscriber(store, 5)
    queue_pages(store, private, page("s1"), slot=NOW - DAY, alert=True)
    send(store, private)
    unaware = add_channel(store, "@unaware")
    changes = {p.delivery.id: LEFT for p in store.posted(subject="s1")}
    store.withdraw(["s1"], changes, what="corrected", note="A date.", at=NOW + HOUR, actor="7")
    store = another()
    (one,) = store.withdrawals(public.id)
    assert (one.subject, one.at, one.told_at) == ("s1", NOW + HOUR, posted.built_at)
    assert (one.what, one.note) == ("corrected", "A date.")
    assert [w.told_at for w in store.withdrawals(private.id)] == [NOW - DAY]
    assert store.withdrawals(unaware.id) == ()
    order = DigestOrder(
        public.id, NOW + DAY, NOW + DAY, NOW, (), (Page("Put right"),), True,
        withdrawals=(one.id, store.withdrawals(private.id)[0].id),
    )  # fmt: skip
    assert store.queue_digests([order])[0] is not None
    assert store.withdrawals(public.id) == ()
    assert len(store.withdrawals(private.id)) == 1  # another's digest did not tell it


def test_taking_back_once_more_is_told_in_place_of_what_waited(store: Store) -> None:
    channel, posted = told(store, "@digest", "s1", "s2")
    same = page("s1", "s2", text="corrected")
    changed = {posted.delivery.id: same}
    store.withdraw(["s1"], changed, what="corrected", at=NOW, actor="7")
    store.withdraw(["s1"], {posted.delivery.id: LEFT}, what="removed", at=NOW + HOUR, actor="7")
    assert [(w.what, w.at) for w in store.withdrawals(channel.id)] == [("removed", NOW + HOUR)]


def test_of_pages_that_do_not_say_what_they_tell_it_goes_by_what_was_told(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, "An old page", subjects=["s1"])
    store.withdraw(["s1"], {}, what="corrected", at=NOW, actor="7")
    assert store.withdrawals(channel.id) == ()  # nobody saw it
    send(store, channel)
    for at in (NOW, NOW + HOUR):
        store.withdraw(["s1"], {}, what="removed", at=at, actor="7")
    (one,) = store.withdrawals(channel.id)
    assert one.at == NOW + HOUR
    order = DigestOrder(
        channel.id, NOW + DAY, NOW + DAY, NOW, (), (Page("Put right"),), True, withdrawals=(one.id,)
    )
    store.queue_digests([order])
    store.withdraw(["s1"], {}, what="removed", at=NOW + DAY, actor="7")
    assert store.withdrawals(channel.id) == ()  # it was told so, and nothing was posted since


# ------------------------------------------------------------------ attempts


def test_corrections_come_one_a_chat_oldest_first_whatever_the_pause(store: Store) -> None:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", text="a"), page("s1", text="b"))
    send(store, channel)
    told(store, "@other")
    store.change_channel(channel.id, {"paused": True}, at=NOW, actor="7")
    changes = {p.delivery.id: LEFT for p in store.posted(subject="s1")}
    store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7")
    first, other = store.due_corrections(NOW, 10)
    assert [(c.chat, c.message_id) for c in (first, other)] == [("@digest", 100), ("@other", 100)]
    assert store.due_corrections(NOW, 1) == (first,)
    assert store.due_corrections(NOW, 0) == ()
    store.record_correction(first.id, SENT, at=NOW)
    assert [c.message_id for c in store.due_corrections(NOW, 10)] == [101, 100]


def _withdrawn(store: Store) -> tuple[int, Correction]:
    channel, posted = told(store)
    store.withdraw(["s1"], {posted.delivery.id: LEFT}, what="removed", at=NOW, actor="7")
    return channel.id, _due(store)


def test_a_correction_is_done_once(store: Store) -> None:
    _, correction = _withdrawn(store)
    store.record_correction(correction.id, SENT, at=NOW)
    store.record_correction(correction.id, FAILED, at=NOW)  # too late to matter
    store.record_correction(999, FAILED, at=NOW)
    assert store.due_corrections(NOW + DAY, 10) == ()
    assert store.notices(untold=True) == ()


def test_when_nobody_knows_it_is_tried_again_after_a_doubled_wait(store: Store) -> None:
    _, correction = _withdrawn(store)
    at, waits = NOW, []
    for attempts in range(11):
        store.record_correction(correction.id, UNCERTAIN, at=at)
        waits.append(next(s for s in _STEPS if store.due_corrections(at + s, 1)))
        at += waits[-1]
        assert store.due_corrections(at, 1)[0].attempts == attempts + 1
    assert [wait.seconds for wait in waits] == [
        10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600,
    ]  # fmt: skip


_STEPS = [timedelta(seconds=s) for s in range(10, 4000, 10)]


def test_telegrams_wait_holds_the_chat_and_only_that(store: Store) -> None:
    channel_id, correction = _withdrawn(store)
    retry = SendResult(SendOutcome.RETRY, "Too Many Requests", wait=90)
    store.record_correction(correction.id, retry, at=NOW)
    assert store.due_corrections(NOW + timedelta(seconds=89), 1) == ()
    assert _due(store, timedelta(seconds=90)).error == "Too Many Requests"
    assert store.channel(str(channel_id)).not_before == NOW + timedelta(seconds=90)
    _, other = told(store, "@other", "s5")
    store.withdraw(["s5"], {other.delivery.id: None}, what="removed", at=NOW, actor="7")
    assert _due(store).chat == "@other"


@pytest.mark.parametrize("outcome", [SendOutcome.FAILED, SendOutcome.PAUSE])
def test_what_telegram_will_not_have_is_told_to_admins(store: Store, outcome: SendOutcome) -> None:
    channel_id, correction = _withdrawn(store)
    store.record_correction(correction.id, SendResult(outcome, "Bad Request: gone"), at=NOW)
    (notice,) = store.notices(untold=True)
    assert notice.text.startswith("Message 100 in @digest tells what was taken back")
    assert "Bad Request: gone" in notice.text
    assert store.due_corrections(NOW + DAY, 10) == ()
    assert not store.channel(str(channel_id)).paused


def test_of_private_chats_that_refuse_admins_are_told_once_without_names(store: Store) -> None:
    for user in (70_001, 70_002):
        private = subscriber(store, user)
        queue_pages(store, private, page("s1", text=str(user)))
        send(store, private)
    changes = {p.delivery.id: None for p in store.posted(subject="s1")}
    store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7")
    for correction in store.due_corrections(NOW, 10):
        store.record_correction(correction.id, FAILED, at=NOW)
    (notice,) = store.notices(untold=True)
    assert "7000" not in notice.text


def test_a_chat_that_moved_is_followed(store: Store) -> None:
    channel_id, correction = _withdrawn(store)
    moved = SendResult(SendOutcome.MIGRATED, "migrated", new_chat="-100777")
    store.record_correction(correction.id, moved, at=NOW)
    assert _due(store).chat == store.channel(str(channel_id)).chat == "-100777"
    assert store.audit(1)[0].action == "channel.migrate"


def test_a_chat_that_moved_to_another_channel_is_not_followed(store: Store) -> None:
    channel_id, correction = _withdrawn(store)
    add_channel(store, "-100777")
    moved = SendResult(SendOutcome.MIGRATED, "migrated", new_chat="-100777")
    store.record_correction(correction.id, moved, at=NOW)
    assert store.due_corrections(NOW + DAY, 10) == ()
    assert store.channel(str(channel_id)).chat == "@digest"
    assert "-100777, which cannot be used" in store.notices(untold=True)[0].text


def test_a_channel_goes_with_all_that_was_taken_back_there(store: Store) -> None:
    channel_id, _ = _withdrawn(store)
    store.remove_channel(channel_id, at=NOW, actor="7")
    assert store.due_corrections(NOW, 10) == ()
    assert store.withdrawals(channel_id) == ()
    assert store.posted(subject="s1") == store.posted(subject="s2") == ()
    assert store.check() == ()


def test_many_private_chats_are_put_right_at_once(store: Store) -> None:
    orders = [
        DigestOrder(chat.id, NOW, NOW, NOW - DAY, ("s1",), (page("s1", text="Same"),), False)
        for chat in (subscriber(store, 10_000 + number) for number in range(60))
    ]
    store.queue_digests(orders)
    claimed = store.claim_private(NOW, 100)
    sent = [(d.id, SendResult(SendOutcome.SENT, message_id=5)) for _, d in claimed]
    store.record_sends(sent, at=NOW)
    changes = {p.delivery.id: Page("Another") for p in store.posted(subject="s1")}
    assert store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7") == 60
    due = store.due_corrections(NOW, 30)
    assert [c.content for c in due] == [Page("Another")] * 30
    assert len({c.chat for c in due}) == 30
