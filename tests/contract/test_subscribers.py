"""Subscribers: private channels, which no list, record or message gives away."""

from collections.abc import Callable

import pytest

from tests.contract.making import DAY, HOUR, NOW, add_channel, add_subscriber, queue
from watchers.errors import ChannelExists, ChannelUnknown, InputInvalid
from watchers.ports import Store
from watchers.scope import AlertRules, Scope
from watchers.telling import (
    Channel,
    ChannelSpec,
    DeliveryState,
    DigestKind,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)

USER = 987654321
SENT = SendResult(SendOutcome.SENT, message_id=5)


def test_a_subscriber_is_found_by_the_users_id_alone(store: Store) -> None:
    public, private = add_channel(store), add_subscriber(store, USER)
    assert store.subscriber(USER) == private
    assert (private.chat, private.private) == (str(USER), True)
    assert store.subscriber(USER + 1) is None
    assert store.channels() == (public,)
    for ref in (str(USER), str(private.id)):
        with pytest.raises(ChannelUnknown):
            store.channel(ref)


def test_a_public_channel_is_nobodys_subscription(store: Store) -> None:
    add_channel(store, str(USER))
    assert store.subscriber(USER) is None
    assert store.subscribers() == ()


def test_subscribers_are_listed_by_whether_they_are_paused(store: Store) -> None:
    add_channel(store)
    first, second, third = (add_subscriber(store, USER + number) for number in range(3))
    store.change_channel(second.id, {"paused": True}, at=NOW, actor="1")
    assert [one.id for one in store.subscribers()] == [first.id, second.id, third.id]
    assert [one.id for one in store.subscribers(paused=False)] == [first.id, third.id]
    assert [one.id for one in store.subscribers(paused=True)] == [second.id]


def test_what_a_subscriber_chose_comes_back(store: Store) -> None:
    scope = Scope(
        languages=("fa",), kinds=("rights",), officials=("raisi",), topics=("x",), named=False
    )
    spec = ChannelSpec(str(USER), "Asia/Tehran", ("08:00",), "fa", (6, 7), scope, private=True)
    private = store.add_channel(spec, at=NOW, actor=str(USER))
    assert (private.weekdays, private.scope) == ((6, 7), scope)
    changes = {
        "weekdays": (5, 1),
        "scope": Scope(relevant=False),
        "alerts": AlertRules(score=2.5, quiet=("22:00", "07:00"), officials=("raisi",)),
        "tells_nothing_new": True,
        "needs_approval": True,
    }
    changed = store.change_channel(private.id, changes, at=NOW, actor=str(USER))
    assert {name: getattr(changed, name) for name in changes} == {**changes, "weekdays": (1, 5)}
    assert store.subscriber(USER) == changed


def _blocked(store: Store, private: Channel) -> None:
    result = SendResult(SendOutcome.PAUSE, "Forbidden: bot was blocked by the user")
    ((_, delivery),) = store.claim_private(NOW, 5)
    store.record_sends([(delivery.id, result)], at=NOW)
    paused = store.subscriber(int(private.chat))
    assert paused is not None
    assert (paused.paused, paused.pause_reason) == (True, result.detail)


def _moved(store: Store, private: Channel) -> None:
    ((_, delivery),) = store.claim_private(NOW, 5)
    moved = SendResult(SendOutcome.MIGRATED, new_chat=f"-{private.chat}")
    store.record_send(delivery.id, moved, at=NOW)
    assert [one.chat for one in store.subscribers()] == [f"-{private.chat}"]


def _moved_into_another(store: Store, private: Channel) -> None:
    other = add_subscriber(store, USER + 1)
    ((_, delivery),) = store.claim_private(NOW, 5)
    moved = SendResult(SendOutcome.MIGRATED, new_chat=other.chat)
    store.record_send(delivery.id, moved, at=NOW)
    paused = store.subscriber(int(private.chat))
    assert paused is not None
    assert paused.paused
    assert other.chat not in str(paused.pause_reason)


def _settled(store: Store, private: Channel) -> None:
    del private
    ((_, delivery),) = store.claim_private(NOW, 5)
    store.record_send(delivery.id, SendResult(SendOutcome.UNCERTAIN, "?"), at=NOW)
    store.settle_delivery(delivery.id, "drop", at=NOW, actor="7")


def _changed(store: Store, private: Channel) -> None:
    store.change_channel(private.id, {"paused": True, "chat": "12"}, at=NOW, actor="7")
    store.change_channel(private.id, {"paused": False}, at=NOW, actor="7")


def _removed(store: Store, private: Channel) -> None:
    assert store.remove_channel(private.id, at=NOW, actor="7").id == private.id


@pytest.mark.parametrize(
    "act",
    [_blocked, _moved, _moved_into_another, _settled, _changed, _removed],
    ids=lambda act: act.__name__.strip("_"),
)
def test_no_record_is_made_of_a_subscriber(
    store: Store, act: Callable[[Store, Channel], None]
) -> None:
    private = add_subscriber(store, USER)
    queue(store, private, "page")
    act(store, private)
    assert store.audit() == ()


def test_no_message_tells_who_subscribes(store: Store) -> None:
    public, private = add_channel(store), add_subscriber(store, USER)
    other = add_subscriber(store, USER + 1)
    told = []
    acts: list[Callable[[], Channel]] = [
        lambda: add_channel(store, str(USER)),
        lambda: add_subscriber(store, USER),
        lambda: store.change_channel(public.id, {"chat": str(USER)}, at=NOW, actor="7"),
        lambda: store.change_channel(other.id, {"chat": str(USER)}, at=NOW, actor="7"),
    ]
    for act in acts:
        with pytest.raises(ChannelExists) as caught:
            act()
        told.append(str(caught.value))
    with pytest.raises(ChannelUnknown) as unknown:
        store.change_channel(99, {"paused": True}, at=NOW, actor="7")
    told.append(str(unknown.value))
    assert not [text for text in told if str(USER) in text]
    assert store.subscriber(USER) == private


def test_who_asks_to_be_forgotten_leaves_nothing(store: Store) -> None:
    public, private = add_channel(store), add_subscriber(store, USER)
    shared = Page("both got it", placed=(Placed("s1", 0, 4),))
    own = Page("one alone", placed=(Placed("s2", 0, 3),))
    for channel, page in ((public, shared), (private, shared), (private, own)):
        _queue(store, channel, page)
    _queue(store, private, Page("at once"), kind=DigestKind.ALERT)
    store.remove_channel(private.id, at=NOW, actor=str(USER))
    assert store.subscribers() == ()
    assert [one.content for one in store.deliveries()] == [shared]
    assert store.posted(subject="s2") == ()
    assert [one.delivery.channel_id for one in store.posted(subject="s1")] == [public.id]
    assert store.check() == ()
    again = add_subscriber(store, USER)
    assert again.id != private.id
    assert store.untold(again.id, NOW - DAY) == ()
    assert store.alerted(again.id, NOW - DAY) == {}


def _queue(
    store: Store, channel: Channel, page: Page, kind: DigestKind = DigestKind.DIGEST
) -> None:
    subjects = tuple(part.subject for part in page.placed) or ("s3",)
    slot = NOW + HOUR * len(store.deliveries())
    order = DigestOrder(channel.id, slot, slot, NOW - DAY, subjects, (page,), False, kind)
    assert store.queue_digests([order]) != (None,)


def test_a_receipt_for_somebody_who_was_forgotten_is_passed_over(store: Store) -> None:
    gone, stays = add_subscriber(store, USER), add_subscriber(store, USER + 1)
    for private in (gone, stays):
        queue(store, private, "page")
    claims = {channel.id: delivery for channel, delivery in store.claim_private(NOW, 5)}
    store.remove_channel(gone.id, at=NOW, actor=str(USER))
    store.record_sends([(claims[one.id].id, SENT) for one in (gone, stays)], at=NOW)
    assert [one.state for one in store.deliveries()] == [DeliveryState.SENT]
    # Of two receipts of a page the first counts.
    twice = [(claims[stays.id].id, SendResult(SendOutcome.FAILED, "late"))]
    store.record_sends(twice, at=NOW)
    assert [one.state for one in store.deliveries()] == [DeliveryState.SENT]


def test_digests_of_others_are_queued_when_somebody_was_forgotten(store: Store) -> None:
    gone, stays = add_subscriber(store, USER), add_subscriber(store, USER + 1)
    store.remove_channel(gone.id, at=NOW, actor=str(USER))
    orders = [
        DigestOrder(one.id, NOW, NOW, NOW - DAY, (), (Page("page"),), True) for one in (gone, stays)
    ]
    none, number = store.queue_digests(orders)
    assert none is None
    assert number is not None
    with pytest.raises(ChannelUnknown):
        store.queue_digests(orders[:1])
    assert store.queue_digests([]) == ()


def test_subscribers_are_counted_apart(store: Store) -> None:
    public = add_channel(store)
    one, two, three = (add_subscriber(store, USER + number) for number in range(3))
    for channel in (public, one, two, three):
        queue(store, channel, "page", "another")
    states = (SendOutcome.UNCERTAIN, SendOutcome.FAILED, SendOutcome.PAUSE)
    claims = store.claim_private(NOW, 9)
    results = [
        (delivery.id, SendResult(state))
        for (_, delivery), state in zip(claims, states, strict=True)
    ]
    store.record_sends(results, at=NOW)
    counts = store.counts()
    assert (counts.queued, counts.uncertain, counts.failed) == (2, 0, 0)
    expected = {
        "channels": 1,
        "subscribers": 2,
        "paused_subscribers": 1,
        "private_queued": 4,
        "private_uncertain": 1,
        "private_failed": 1,
    }
    assert {name: counts.extra[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        ("arrived", DeliveryState.SENT),
        ("resend", DeliveryState.QUEUED),
        ("drop", DeliveryState.DROPPED),
    ],
)
def test_all_open_pages_of_private_chats_are_settled_at_once(
    store: Store, decision: str, state: DeliveryState
) -> None:
    public = add_channel(store)
    for channel in (public, *(add_subscriber(store, USER + number) for number in range(3))):
        queue(store, channel, "page")
    claims = store.claim_private(NOW, 9)
    results = zip(
        (delivery.id for _, delivery in claims),
        (SendOutcome.UNCERTAIN, SendOutcome.FAILED, SendOutcome.SENT),
        strict=True,
    )
    why = SendResult(SendOutcome.UNCERTAIN, "No answer.", message_id=3)
    store.record_sends(
        [(number, SendResult(one, why.detail, why.message_id)) for number, one in results], at=NOW
    )
    delivery = store.claim_next(public.id, NOW)
    assert delivery is not None
    store.record_send(delivery.id, SendResult(SendOutcome.UNCERTAIN, "?"), at=NOW)
    before = store.audit()
    assert store.settle_private(decision, at=NOW, actor="7") == 2
    settled = store.deliveries(private=True)
    assert sorted(one.state for one in settled) == sorted([state, state, DeliveryState.SENT])
    assert {one.error for one in settled if one.state is state} >= {"No answer."}
    assert [one.state for one in store.deliveries(private=False)] == [DeliveryState.UNCERTAIN]
    (record,) = store.audit()[: -len(before)]
    assert (record.actor, record.action) == ("7", "delivery.settle")
    assert not [chat for chat in range(3) if str(USER + chat) in f"{record.subject}{record.detail}"]
    assert len(store.claim_private(NOW, 9)) == (2 if decision == "resend" else 0)
    assert store.settle_private(decision, at=NOW, actor="7") == 0
    assert len(store.audit()) == len(before) + 1
    assert store.check() == ()


def test_only_a_decision_settles(store: Store) -> None:
    with pytest.raises(InputInvalid):
        store.settle_private("burn", at=NOW, actor="7")


# ---------------------------------------------------------------- what is forgotten in time


def _old(store: Store, chat: int | str, *subjects: str, at: object = NOW) -> Channel:
    known = store.subscriber(chat) if isinstance(chat, int) else None
    channel = known or (
        add_subscriber(store, chat) if isinstance(chat, int) else add_channel(store, chat)
    )
    text = Page(f"of {' '.join(subjects)}", placed=tuple(Placed(s, 0, 1) for s in subjects))
    order = DigestOrder(channel.id, at, at, NOW - DAY, subjects, (text,), False)  # type: ignore[arg-type]
    assert store.queue_digests([order]) != (None,)
    return channel


def test_what_a_subscriber_was_sent_is_forgotten(store: Store) -> None:
    private, public = _old(store, USER, "s1"), _old(store, "@digest", "s1")
    _old(store, USER, "s2", at=NOW + HOUR)
    alert = DigestOrder(private.id, NOW, NOW, NOW, ("s9",), (Page("now"),), False, DigestKind.ALERT)
    store.queue_digests([alert])
    while claims := store.claim_private(NOW, 9):
        store.record_sends([(delivery.id, SENT) for _, delivery in claims], at=NOW)
    assert store.forget_private(NOW) == 0
    assert store.forget_private(NOW + HOUR, limit=1) == 1
    assert store.forget_private(NOW + HOUR) == 1
    assert store.forget_private(NOW + HOUR) == 0
    left = [(one.channel_id, one.content.text) for one in store.deliveries()]
    assert left == [(private.id, "of s2"), (public.id, "of s1")]
    assert store.alerted(private.id, NOW - DAY) == {}
    assert [one.channel_id for one in (p.delivery for p in store.posted(subject="s1"))] == [
        public.id
    ]
    assert store.check() == ()
    _old(store, USER, "s1", at=NOW + DAY)  # as if it was never told


def test_a_page_on_its_way_is_not_forgotten(store: Store) -> None:
    _old(store, USER, "s1")
    ((_, delivery),) = store.claim_private(NOW, 1)
    assert store.forget_private(NOW + DAY) == 0
    store.record_send(delivery.id, SENT, at=NOW)
    assert store.forget_private(NOW + DAY) == 1
    assert store.deliveries() == ()


def test_pages_that_waited_too_long_are_forgotten_with_their_place(store: Store) -> None:
    private = _old(store, USER, "s1")
    store.change_channel(private.id, {"paused": True}, at=NOW, actor="7")
    assert store.forget_private(NOW + DAY) == 1
    store.change_channel(private.id, {"paused": False}, at=NOW, actor="7")
    assert store.claim_private(NOW, 5) == ()
    _old(store, USER, "s2", at=NOW + DAY)
    assert len(store.claim_private(NOW, 5)) == 1
