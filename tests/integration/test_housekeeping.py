"""What the service throws away, and what it computes anew after an update of the program."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import structlog

from bot.app import Program
from bot.clock import utc_now
from bot.database import Database, T
from bot.housekeeping import FINGERPRINTS, Recomputing, tidy
from config.settings import Settings
from storage import MemoryStore, open_store
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_subscriber,
    item,
    old_feed,
    poll,
    settle,
)
from tests.journey.harness import CommandLine, Environment
from watchers.dedupe import VERSION, fingerprint
from watchers.keeping import PART
from watchers.model import Fingerprint
from watchers.ports import Store
from watchers.telling import AuditRecord, DigestOrder, Page


def filled(store: Store, count: int = 3) -> Store:
    """Articles first seen a day apart, the last one today; settled, of an older version."""
    feed = old_feed(store)
    for number in range(count):
        at = NOW - (count - 1 - number) * DAY
        one = item(f"n{number}", relevant=True, text=f"Text {number}.", published=at)
        store.save_poll(poll(feed, replace(one, fingerprint=Fingerprint("old", b"k" * 16)), at=at))
        store.note(AuditRecord(at, "cli", "test", str(number), ""))
    settle(store)
    return store


@asynccontextmanager
async def running(store: Store, **settings: int) -> AsyncIterator[Program]:
    """As much of a program as housekeeping needs."""
    database = Database(store)
    made = Settings(database_url="", **settings)  # type: ignore[arg-type]
    yield cast("Program", SimpleNamespace(settings=made, database=database))
    database.close()


async def tidied(**settings: int) -> Store:
    """The store after housekeeping at NOW and an hour."""
    store = filled(MemoryStore())
    async with running(store, **settings) as program:
        await tidy(program, clock=lambda: NOW + HOUR)
    return store


def kept(store: Store) -> tuple[list[str], int, int]:
    """Texts, runs of the ledger, records of the audit log that the test made."""
    texts = [one.text for one in store.export() if one.text]
    records = [record for record in store.audit() if record.action == "test"]
    return texts, len(store.ledger(1, NOW - 99 * DAY)), len(records)


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({}, (3, 4, 3)),
        ({"retention_text": 1}, (1, 4, 3)),
        ({"retention_ledger": 1}, (3, 1, 3)),
        ({"retention_audit": 2}, (3, 4, 2)),
        ({"retention_text": 0, "retention_ledger": 0, "retention_audit": 0}, (3, 4, 3)),
    ],
    ids=str,
)
async def test_what_is_older_than_a_setting_allows_goes(
    settings: dict[str, int], left: tuple[int, int, int]
) -> None:
    texts, runs, records = kept(await tidied(**settings))
    assert (len(texts), runs, records) == left


async def test_the_ledger_goes_after_ninety_days_and_nothing_else_by_itself() -> None:
    store = filled(MemoryStore())
    async with running(store) as program:
        await tidy(program, clock=lambda: NOW + 400 * DAY)
    texts, runs, records = kept(store)
    assert (len(texts), runs, records) == (3, 0, 3)


async def test_old_texts_go_in_parts_so_that_others_get_at_the_database() -> None:
    store = MemoryStore()
    feed = old_feed(store)
    store.save_poll(poll(feed, *(item(f"n{n}", text="T.") for n in range(PART + 5))))
    settle(store)
    left: list[int] = []

    class Looking(Database):
        """Counts the texts that are left after each piece of work."""

        async def __call__(self, work: Callable[[Store], T]) -> T:
            done = await super().__call__(work)
            left.append(sum(bool(article.text) for article in store.export()))
            return done

    database = Looking(store)
    made = Settings(retention_text=1, retention_ledger=0)
    program = cast("Program", SimpleNamespace(settings=made, database=database))
    await tidy(program, clock=lambda: NOW + 2 * DAY)
    database.close()
    assert left[:3] == [5, 0, 0]  # the last ones look for other things


async def test_what_subscribers_were_sent_goes_after_thirty_days_whatever_is_set() -> None:
    store = MemoryStore()
    public = add_channel(store)
    some = [add_subscriber(store, number) for number in range(PART + 5)]
    orders = [
        DigestOrder(one.id, slot, slot, slot - DAY, (), (Page("page"),), scheduled=True)
        for one in (public, *some)
        for slot in (NOW, NOW + 29 * DAY)
    ]
    store.queue_digests(orders)
    kept_forever = {"retention_text": 0, "retention_ledger": 0, "retention_audit": 0}
    async with running(store, **kept_forever) as program:
        await tidy(program, clock=lambda: NOW + 30 * DAY)
        assert len(store.deliveries(limit=9_999)) == len(orders)
        await tidy(program, clock=lambda: NOW + 31 * DAY)
    left = store.deliveries(limit=9_999)
    assert len(left) == 2 + len(some)
    assert [one.channel_id for one in left].count(public.id) == 2


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_database_throws_away_all_that_its_time_has_come_for(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    on_postgres = kind == "postgres"
    url = request.getfixturevalue("fresh_postgres") if on_postgres else f"sqlite:///{tmp_path}/x.db"
    store = filled(open_store(url, create=True))
    reader = add_subscriber(store, 1)
    store.queue_digests(
        [DigestOrder(reader.id, NOW, NOW, NOW - DAY, (), (Page("page"),), scheduled=True)]
    )
    assert store.claim_feeds("somebody", NOW + DAY, 1, lease=HOUR, per_host=1)
    short = {"retention_text": 1, "retention_ledger": 1, "retention_audit": 1}
    later = max(NOW, utc_now()) + 31 * DAY  # PostgreSQL gives hosts by its own clock
    async with running(store, **short) as program:  # which closes the store
        with structlog.testing.capture_logs() as logged:
            await tidy(program, clock=lambda: later)
        assert (kept(store), store.deliveries()) == (([], 0, 0), ())
    assert {line["event"] for line in logged} == {
        "ledger_tidied", "texts_forgotten", "audit_tidied", "turns_forgotten", "private_forgotten",
    }  # fmt: skip


# ---------------------------------------------------------------- fingerprints


def prints(store: MemoryStore) -> list[Fingerprint]:
    """Of all articles, by id."""
    return [article.item.fingerprint for article in store._articles.values()]


def versions(store: MemoryStore) -> set[str]:
    """Of all fingerprints."""
    return {one.version for one in prints(store)}


async def test_recent_fingerprints_of_another_version_are_computed_anew() -> None:
    store = MemoryStore()
    filled(store, count=40)
    async with running(store) as program:
        await Recomputing(program, clock=lambda: NOW + HOUR).go_on()
    assert store.value(FINGERPRINTS) == f"{VERSION} done"
    assert [one.version for one in prints(store)] == ["old"] * 9 + [VERSION] * 31
    assert prints(store)[39] == fingerprint("Title of n39", "Text 39.", close=True)


async def test_when_all_is_done_nothing_is_looked_for_any_more() -> None:
    store = MemoryStore()
    filled(store)
    store.set_value(FINGERPRINTS, f"{VERSION} done")
    async with running(store) as program:
        await Recomputing(program, clock=lambda: NOW + HOUR).go_on()
    assert versions(store) == {"old"}


@pytest.mark.parametrize("value", ["other-version done", "other-version 40", "", "x"])
async def test_another_versions_progress_counts_for_nothing(value: str) -> None:
    store = MemoryStore()
    filled(store)
    store.set_value(FINGERPRINTS, value)
    async with running(store) as program:
        await Recomputing(program, clock=lambda: NOW).go_on()
    assert versions(store) == {VERSION}


async def test_a_tick_does_a_bounded_part_and_a_restart_goes_on() -> None:
    store = MemoryStore()
    feed = old_feed(store)
    old = Fingerprint("old", b"k" * 16)
    items = (replace(item(f"n{n}", text="T."), fingerprint=old) for n in range(PART + 7))
    store.save_poll(poll(feed, *items))
    settle(store)
    seconds = iter([0.0, 0.5, 2.0])
    async with running(store) as program:
        one = Recomputing(program, clock=lambda: NOW, steady=lambda: next(seconds))
        await one.go_on()
        assert store.value(FINGERPRINTS) == f"{VERSION} {PART}"
        assert [one.version for one in prints(store)].count("old") == 7
        await Recomputing(program, clock=lambda: NOW).go_on()
    assert versions(store) == {VERSION}


def test_the_command_computes_anew_what_the_last_month_brought(
    dadkhah: CommandLine, settings: Environment
) -> None:
    assert dadkhah("db", "upgrade").code == 0
    url = f"sqlite:///{settings['DADKHAH_DATA_DIR']}/dadkhah.db"
    store = filled(open_store(url, create=False))
    late = replace(item("late", text="New."), fingerprint=Fingerprint("old", b"k" * 16))
    store.save_poll(poll(store.feed("1"), late, at=utc_now() - 2 * DAY))
    store.close()
    assert dadkhah("db", "recompute").out == "1 fingerprint computed anew.\n"
    assert dadkhah("db", "recompute").out == "All fingerprints are of this version.\n"
    assert dadkhah("db", "recompute", "--all").out == "3 fingerprints computed anew.\n"
    store = open_store(url, create=False)
    assert store.outdated(VERSION, 0) == ([], None)
    store.close()
