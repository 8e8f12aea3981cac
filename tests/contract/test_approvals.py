"""Digests that wait for an admin: asked once, decided story by story, posted or dropped."""

from datetime import timedelta

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    item,
    names,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.approving import Approval
from watchers.errors import ApprovalClosed, ApprovalUnknown, ChannelUnknown
from watchers.ports import Store
from watchers.telling import (
    Channel,
)


def _ask(store: Store, channel: Channel, *subjects: str, hours: int = 0) -> Approval | None:
    return store.ask_approval(channel.id, NOW + hours * HOUR, subjects, at=NOW)


def _asked(store: Store, *subjects: str) -> tuple[Channel, Approval]:
    channel = add_channel(store)
    approval = _ask(store, channel, *(subjects or ("s1", "s2", "s3")))
    assert approval is not None
    return channel, approval


def _choose(store: Store, approval: Approval, *subjects: str, keep: bool) -> Approval:
    return store.choose(approval.id, subjects, keep=keep, at=NOW, actor="7")


def _close(store: Store, approval: Approval, *, posted: bool) -> Approval:
    return store.close_approval(approval.id, posted=posted, at=NOW + HOUR, actor="7")


def test_what_is_asked_is_kept_undecided_in_order(another: Opener) -> None:
    store = another()
    channel, approval = _asked(store, "s9", "s1", "s5")
    assert (approval.channel_id, approval.slot, approval.at) == (channel.id, NOW, NOW)
    assert approval.state == "open"
    assert list(approval.chosen.items()) == [("s9", None), ("s1", None), ("s5", None)]
    assert another().approval(approval.id) == approval
    assert another().approvals() == (approval,)
    assert store.channel("@digest").last_slot == NOW


def test_a_slot_is_asked_for_once(store: Store) -> None:
    channel, approval = _asked(store)
    assert _ask(store, channel, "s4") is None
    assert _ask(store, channel, "s4", hours=-1) is None
    _close(store, approval, posted=True)
    assert _ask(store, channel, "s4") is None
    assert store.approvals() == ()
    assert list(store.approval(approval.id).chosen) == ["s1", "s2", "s3"]


def test_without_subjects_only_the_slot_moves(store: Store) -> None:
    channel = add_channel(store)
    assert _ask(store, channel) is None
    assert store.channel("@digest").last_slot == NOW
    assert store.approvals(open_only=False) == ()
    with pytest.raises(ChannelUnknown):
        store.ask_approval(99, NOW, ["s1"], at=NOW)


def test_an_open_one_takes_up_what_is_new_and_keeps_its_decisions(store: Store) -> None:
    channel, approval = _asked(store, "s1", "s2")
    _choose(store, approval, "s1", keep=False)
    longer = _ask(store, channel, "s3", "s1", "s2", hours=10)
    assert longer is not None
    assert (longer.id, longer.slot) == (approval.id, NOW + 10 * HOUR)
    assert list(longer.chosen.items()) == [("s1", False), ("s2", None), ("s3", None)]
    assert store.approvals() == (longer,)
    assert _ask(store, channel, "s4", hours=10) is None
    _close(store, longer, posted=True)
    new = _ask(store, channel, "s4", hours=20)
    assert new is not None
    assert (new.id > approval.id, list(new.chosen)) == (True, ["s4"])
    assert [one.id for one in store.approvals(open_only=False)] == [new.id, approval.id]


def test_decisions_can_be_taken_and_taken_back(store: Store) -> None:
    _, approval = _asked(store)
    _choose(store, approval, "s1", "s3", keep=True)
    chosen = _choose(store, approval, "s3", "unknown", keep=False).chosen
    assert list(chosen.items()) == [("s1", True), ("s2", None), ("s3", False)]
    assert store.approval(approval.id).chosen == chosen
    assert _choose(store, approval, "unknown", keep=True).chosen == chosen
    records = [(r.action, r.subject, r.detail) for r in store.audit(2)]
    assert records == [("digest.hold", "@digest", "s3"), ("digest.approve", "@digest", "s1, s3")]


@pytest.mark.parametrize("number", [0, 99, -1, 2**40], ids=str)
def test_an_unknown_one_is_refused(store: Store, number: int) -> None:
    with pytest.raises(ApprovalUnknown):
        store.approval(number)
    with pytest.raises(ApprovalUnknown):
        store.choose(number, ["s1"], keep=True, at=NOW, actor="7")
    with pytest.raises(ApprovalUnknown):
        store.close_approval(number, posted=True, at=NOW, actor="7")


def test_a_closed_one_is_refused(store: Store) -> None:
    _, approval = _asked(store)
    closed = _close(store, approval, posted=True)
    assert closed.state == store.approval(approval.id).state == "posted"
    count = len(store.audit())
    with pytest.raises(ApprovalClosed, match="was posted already"):
        _choose(store, approval, "s1", keep=True)
    with pytest.raises(ApprovalClosed):
        _close(store, approval, posted=False)
    assert len(store.audit()) == count


def _stored(store: Store) -> tuple[Channel, Approval]:
    """Three stories that are stored, and asked about."""
    feed = old_feed(store)
    for name in ("a", "b", "c"):
        found = item(name, relevant=True, text="They say that 7 were named.")
        store.save_poll(poll(feed, found))
    settle(store, a="s1", b="s2", c="s3")
    return _asked(store)


def test_what_was_let_through_or_not_decided_stays_untold(store: Store) -> None:
    channel, approval = _stored(store)
    other = add_channel(store, "@other")
    _choose(store, approval, "s1", keep=True)
    _choose(store, approval, "s2", keep=False)
    _close(store, approval, posted=True)
    assert names(store.untold(channel.id, NOW - DAY)) == ["a", "c"]
    assert names(store.untold(other.id, NOW - DAY)) == ["a", "b", "c"]
    assert queue(store, channel, "page", subjects=["s1"], slot=approval.slot) is not None
    assert names(store.untold(channel.id, NOW - DAY)) == ["c"]
    assert store.check() == ()
    record = store.audit(1)[0]
    assert (record.action, record.subject, record.actor) == ("digest.approve", "@digest", "7")
    assert record.detail.endswith("let through: 1, held back: 1")


def test_dropping_counts_all_as_told(store: Store) -> None:
    channel, approval = _stored(store)
    _choose(store, approval, "s1", keep=True)
    assert _close(store, approval, posted=False).state == "dropped"
    assert store.untold(channel.id, NOW - DAY) == ()
    assert store.story("s1").told == ()
    assert store.audit(1)[0].action == "digest.drop"
    assert store.deliveries() == ()
    assert store.check() == ()


def test_what_was_held_back_is_never_told_even_when_its_facts_change(store: Store) -> None:
    channel, approval = _stored(store)
    _choose(store, approval, "s2", keep=False)
    _close(store, approval, posted=True)
    feed = store.feeds()[0]
    changed = [item(name, relevant=True, text="They say that 9 were named.") for name in ("a", "b")]
    assert store.save_poll(poll(feed, *changed, at=NOW + 2 * HOUR)).updated == 2
    assert names(store.untold(channel.id, NOW - DAY)) == ["a", "c"]
    assert queue(store, channel, "page", subjects=["s2"], slot=NOW + DAY) is None


def test_what_was_told_before_and_held_back_as_updated_is_not_told_again(store: Store) -> None:
    channel, approval = _stored(store)
    queue(store, channel, "page", subjects=["s2"], slot=NOW - timedelta(minutes=1))
    _choose(store, approval, "s2", keep=False)
    _close(store, approval, posted=True)
    assert queue(store, channel, "page", subjects=["s2"], slot=NOW + DAY) is None
    assert store.check() == ()


def test_a_story_that_was_merged_meanwhile_is_held_back_under_its_new_name(store: Store) -> None:
    channel, approval = _stored(store)
    kept = store.merge_stories("s1", "s2", at=NOW, actor="7")
    gone = ({"s1", "s2"} - {kept}).pop()
    _choose(store, approval, gone, keep=False)
    _close(store, approval, posted=True)
    assert names(store.untold(channel.id, NOW - DAY)) == ["c"]


def test_a_channel_goes_with_what_it_waited_for(store: Store) -> None:
    channel, approval = _asked(store)
    _close(store, approval, posted=False)
    _ask(store, channel, "s4", hours=10)
    store.remove_channel(channel.id, at=NOW, actor="7")
    assert store.approvals(open_only=False) == ()
    assert store.check() == ()
