"""Databases of each later release, with rows in every table of theirs, brought up to date."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage import open_store, schema, state, upgrade
from storage.engine import Mode, make_engine, transaction
from storage.mapping import pack
from tests.contract.making import NOW, item, old_feed, poll
from tests.integration.test_migrations import _LATER, _UPGRADE, _kept, first, url
from watchers.errors import StoreError, StoreOlder

__all__ = ["first", "url"]  # fixtures

_TELLING = """
INSERT INTO content (id, key, text, entities, placed) VALUES (9, :key2, 'Mended', '[]', '[]');
INSERT INTO mention (name, content_id) VALUES ('s1', 9);
INSERT INTO alerted (channel_id, subject, digest_id, at) VALUES (1, 's1', 1, :at);
INSERT INTO correction (channel_id, delivery_id, content_id, state, attempts, at)
VALUES (1, 1, 9, 'queued', 0, :at);
INSERT INTO withdrawal (channel_id, subject, at, told_at, what, note)
VALUES (1, 's1', :at, :at, 'removed', '');
INSERT INTO approval (channel_id, slot, at, state, chosen) VALUES (1, :at, :at, 'open', '{}');
INSERT INTO mute (kind, ref, at, actor) VALUES ('story', 's1', :at, '7')
"""


@pytest.fixture(params=["0004", "0005"])
def released(request: pytest.FixtureRequest, first: str) -> str:
    """A database of the fourth or fifth schema, with rows in it."""
    values = {
        **{f"key{number}": bytes([number]) * 16 for number in (1, 2)},
        "bands": pack([-5, 7], "q"),
        "band": pack([7], "q"),
        "at": "2026-07-30 12:00:00.000001",
        "old": "2024-02-29 23:59:59.999999",
        "no": False,
        "yes": True,
    }
    engine = make_engine(first, foreign_keys=False)
    with transaction(engine, Mode.DURABLE) as connection:
        for revision, statements in (
            ("0003", _LATER), (request.param, _TELLING if request.param == "0005" else ""),
        ):  # fmt: skip
            schema._run_revisions(connection, revision)
            for statement in filter(str.strip, statements.split(";")):
                used = {n: v for n, v in values.items() if re.search(rf":{n}\b", statement)}
                connection.execute(text(statement), used)
    engine.dispose()
    return first


def test_a_released_database_is_upgraded_with_its_rows(released: str) -> None:
    assert state(released) == "older"
    with pytest.raises(StoreOlder, match="db upgrade"):
        open_store(released, create=False)
    before = {name: rows for name, rows in _kept(released).items() if rows}
    assert len(before) >= 11
    upgrade(released)
    assert _kept(released, {name: list(rows[0]) for name, rows in before.items()}) == before
    store = open_store(released, create=False)
    assert store.check() == ()
    store.save_poll(poll(old_feed(store, "later"), item("new", relevant=True)))
    assert [one.title for one in store.unsettled(5)][-1] == "Title of new"
    assert [delivery.content.text for delivery in store.deliveries()] == ["Page"]
    assert {one.title for one in store.export()} == {"One", "Two", "Title of new"}
    assert store.due_feeds(NOW, 5)
    store.close()


@pytest.mark.parametrize("released", ["0005"], indirect=True)
def test_an_upgrade_that_is_killed_at_its_last_step_can_be_repeated(released: str) -> None:
    at_last = '_[2].startswith("UPDATE dadkhah_version") and "0007" in str(_[2:4])'
    child = _UPGRADE.replace("left < 0", at_last)
    ended = subprocess.run(
        [sys.executable, "-c", child, released, "9999"], check=False, cwd=Path.cwd()
    )
    assert ended.returncode == -signal.SIGKILL
    assert state(released) == "older"
    upgrade(released)
    assert state(released) == "current"


def test_an_upgrade_that_fails_at_its_end_leaves_the_released_database(
    released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _kept(released)
    run = schema._run_revisions

    def fail(*given: Any) -> None:
        run(*given)
        raise StoreError("no")

    monkeypatch.setattr(schema, "_run_revisions", fail)
    with pytest.raises(StoreError, match="no"):
        upgrade(released)
    assert state(released) == "older"
    assert _kept(released) == before
