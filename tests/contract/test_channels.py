"""Channels, admins and the audit log."""

import pytest
from sqlalchemy import func, select

from storage import SqlStore
from storage.tables import METADATA
from tests.contract.conftest import Opener
from tests.contract.making import DAY, HOUR, NOW, add_channel, add_feed, queue
from watchers.errors import ChannelExists, ChannelUnknown
from watchers.ports import Store
from watchers.telling import (
    Admin,
    AuditRecord,
    DigestKind,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)


def test_a_channel_comes_back_as_it_was_named(store: Store) -> None:
    channel = add_channel(store)
    assert (channel.chat, channel.timezone, channel.schedule) == (
        "@digest",
        "Asia/Tehran",
        ("08:00",),
    )
    assert (channel.language, channel.added_at, channel.paused) == ("fa", NOW, False)
    assert (channel.last_slot, channel.not_before) == (None, None)
    assert store.channels() == (channel,) == (store.channel("@digest"),)


def test_a_chat_is_one_channel(store: Store) -> None:
    add_channel(store)
    with pytest.raises(ChannelExists):
        add_channel(store)
    assert len(store.channels()) == 1


def test_a_channel_is_found_by_chat_before_number(store: Store) -> None:
    first = add_channel(store)
    private = add_channel(store, str(first.id))
    assert store.channel(str(first.id)) == private
    assert store.channel(str(private.id)) == private
    for unknown in ("@nobody", "99", "9" * 30):
        with pytest.raises(ChannelUnknown):
            store.channel(unknown)


def test_a_channel_can_be_changed(store: Store) -> None:
    channel = add_channel(store)
    changes = {
        "chat": "-100",
        "timezone": "UTC",
        "schedule": ("07:00", "19:30"),
        "language": "en",
        "paused": True,
        "pause_reason": "by hand",
    }
    changed = store.change_channel(channel.id, changes, at=NOW, actor="7")
    assert {name: getattr(changed, name) for name in changes} == changes
    assert store.channel("-100") == changed
    assert store.audit(1)[0].action == "channel.change"


def test_a_change_is_refused_whole(store: Store) -> None:
    channel = add_channel(store)
    add_channel(store, "@other")
    with pytest.raises(ChannelExists):
        store.change_channel(channel.id, {"paused": True, "chat": "@other"}, at=NOW, actor="7")
    with pytest.raises(ChannelUnknown):
        store.change_channel(77, {"paused": True}, at=NOW, actor="7")
    with pytest.raises(ValueError, match="last_slot"):
        store.change_channel(channel.id, {"last_slot": NOW}, at=NOW, actor="7")
    assert store.channel("@digest") == channel
    assert store.change_channel(channel.id, {"chat": "@digest"}, at=NOW, actor="7") == channel


def test_a_removed_channel_is_forgotten_with_its_digests(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, "one", subjects=["s1"])
    delivery = store.deliveries()[0]
    assert store.remove_channel(channel.id, at=NOW, actor="7").chat == "@digest"
    assert store.channels() == ()
    assert store.deliveries() == ()
    with pytest.raises(ChannelUnknown):
        store.remove_channel(channel.id, at=NOW, actor="7")
    again = add_channel(store)
    assert queue(store, again, "one", subjects=["s1"]) is not None
    # An old message's button must not reach another channel's page.
    assert store.deliveries()[0].id != delivery.id


def test_a_removed_channel_leaves_no_row(another: Opener) -> None:
    store = another()
    kept, channel = add_channel(store, "@kept"), add_channel(store)
    for one in (kept, channel):
        both = Page("both", placed=(Placed("s1", 0, 4, ("raisi",)),))
        pages = (both, Page(f"of {one.chat}", placed=(Placed("s2", 0, 2),)))
        store.queue_digests(
            [
                DigestOrder(one.id, NOW, NOW, NOW - DAY, ("s1", "s2"), pages, True),
                DigestOrder(
                    one.id, NOW, NOW, NOW - DAY, ("s3",), (Page("!"),), False, DigestKind.ALERT
                ),
            ]
        )
        delivery = store.claim_next(one.id, NOW)
        assert delivery is not None
        store.record_send(delivery.id, SendResult(SendOutcome.SENT, message_id=4), at=NOW)
        changes = {delivery.id: Page(f"corrected of {one.chat}")}
        store.withdraw(["s1"], changes, what="corrected", at=NOW, actor="7")
        store.ask_approval(one.id, NOW + DAY, ["s9"], at=NOW)
    before = _rows(store)
    store.remove_channel(channel.id, at=NOW, actor="7")
    left = _rows(store)
    halves = {
        "delivery": 3, "told": 2, "alerted": 1, "digest": 2, "correction": 1, "approval": 1,
    }  # fmt: skip
    assert {name: left[name] for name in halves if left} == (halves if left else {})
    if left:  # the alert, which both show, and of each channel a page and a corrected one
        assert (before["content"], left["content"]) == (5, 3)
        assert (before["mention"], left["mention"]) == (2, 1)
    assert store.check() == ()
    assert [one.channel_id for one in store.approvals()] == [kept.id]
    assert [one.chat for one in store.due_corrections(NOW, 9)] == ["@kept"]
    assert [one.chat for one in store.posted(subject="s2")] == ["@kept"]


def _rows(store: Store) -> dict[str, int]:
    """How many rows each table has; nothing of a store without tables."""
    if not isinstance(store, SqlStore):
        return {}
    with store._read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in METADATA.tables.items()
        }


def test_admins_are_granted_changed_and_revoked(store: Store) -> None:
    store.grant(2**51, "editor", at=NOW, actor="cli")
    store.grant(5, "owner", at=NOW, actor="cli")
    assert store.grant(2**51, "owner", at=NOW + DAY, actor="5") == Admin(2**51, "owner", NOW)
    assert store.admins() == (Admin(5, "owner", NOW), Admin(2**51, "owner", NOW))
    assert store.revoke(5, at=NOW, actor="cli") is True
    assert store.revoke(5, at=NOW, actor="cli") is False
    assert [admin.user_id for admin in store.admins()] == [2**51]
    actions = [record.action for record in store.audit()]
    assert actions == ["admin.revoke", "admin.grant", "admin.grant", "admin.grant"]


def test_the_audit_log_is_read_newest_first(store: Store) -> None:
    add_feed(store)
    record = AuditRecord(NOW + HOUR, "system", "network.down", "all", "جزئیات")
    store.note(record)
    assert store.audit() == (
        record,
        AuditRecord(NOW, "cli", "feed.add", "https://a.example/feed", ""),
    )
    assert store.audit(1) == (record,)
