"""There is always an owner, and a change says from what to what."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.contract.making import NOW, add_channel
from watchers.errors import AdminInvalid
from watchers.ports import Store
from watchers.scope import AlertRules, Scope
from watchers.telling import ChannelSpec


def test_the_last_owner_stays_one(store: Store) -> None:
    store.grant(5, "owner", at=NOW, actor="cli")
    store.grant(6, "editor", at=NOW, actor="cli")
    before = (store.admins(), store.audit())
    with pytest.raises(AdminInvalid, match="5 is the last owner"):
        store.revoke(5, at=NOW, actor="5")
    with pytest.raises(AdminInvalid, match="5 is the last owner"):
        store.grant(5, "editor", at=NOW, actor="cli")
    assert (store.admins(), store.audit()) == before
    assert store.revoke(6, at=NOW, actor="5") is True
    assert store.revoke(7, at=NOW, actor="5") is False
    store.grant(5, "owner", at=NOW, actor="5")
    store.grant(8, "owner", at=NOW, actor="5")
    assert store.grant(5, "editor", at=NOW, actor="8").role == "editor"


def test_of_two_owners_who_revoke_each_other_one_is_too_late(store: Store) -> None:
    for _ in range(5):
        store.grant(5, "owner", at=NOW, actor="cli")
        store.grant(6, "owner", at=NOW, actor="cli")
        barrier = Barrier(2)

        def revoke(user_id: int, barrier: Barrier = barrier) -> bool:
            barrier.wait(10)
            try:
                return store.revoke(user_id, at=NOW, actor="x")
            except AdminInvalid:
                return False

        with ThreadPoolExecutor(2) as both:
            assert sorted(both.map(revoke, (5, 6))) == [False, True]
        assert len(store.admins()) == 1


def test_rights_are_noted_from_what_to_what(store: Store) -> None:
    store.grant(5, "owner", at=NOW, actor="cli")
    store.grant(6, "editor", at=NOW, actor="5")
    store.grant(6, "owner", at=NOW, actor="5")
    store.revoke(6, at=NOW, actor="5")
    assert [record.detail for record in store.audit()] == [
        "owner", "editor -> owner", "editor", "owner",
    ]  # fmt: skip


def test_a_channels_change_is_noted_from_what_to_what(store: Store) -> None:
    channel = add_channel(store)
    changes = {
        "schedule": ("09:00",),
        "weekdays": (1, 5),
        "scope": Scope(kinds=("un",)),
        "alerts": AlertRules(outlets=5, quiet=("23:00", "07:00")),
        "needs_approval": True,
    }
    store.change_channel(channel.id, changes, at=NOW, actor="7")
    assert store.audit(1)[0].detail == (
        "schedule 08:00 -> 09:00; weekdays every day -> Mon, Fri; scope.kinds all -> un; "
        "alerts.outlets 0 -> 5; alerts.quiet none -> 23:00-07:00; needs_approval no -> yes"
    )


def test_a_subscribers_change_is_noted_nowhere(store: Store) -> None:
    made = store.add_channel(ChannelSpec("424242", private=True), at=NOW, actor="system")
    store.change_channel(made.id, {"language": "fa"}, at=NOW, actor="424242")
    assert store.audit() == ()
