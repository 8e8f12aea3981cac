"""What one process knows of the hosts that it holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest

from bot import claims as module
from bot.claims import Claims
from bot.clock import utc_now
from bot.database import Database
from storage import MemoryStore
from watchers.errors import StoreUnreachable
from watchers.model import FeedSpec
from watchers.paces import TurnMissed

LEASE = timedelta(minutes=2)


class Away(MemoryStore):
    """A store that can be out of reach."""

    away = False

    def renew_claims(self, holder: str, now: datetime, *, lease: timedelta) -> frozenset[str]:
        if self.away:
            raise StoreUnreachable("gone")
        return super().renew_claims(holder, now, lease=lease)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UPKEEP", 0.01)


@pytest.fixture
def store() -> Away:
    return Away()


@pytest.fixture
async def database(store: Away) -> AsyncIterator[Database]:
    made = Database(store)
    yield made
    made.close()


async def until_free(store: MemoryStore, host: str) -> None:
    async with asyncio.timeout(5):
        while store.take_host(host, "probe", utc_now(), lease=timedelta()) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_host_is_let_go_when_its_last_user_leaves(store: Away, database: Database) -> None:
    claims = Claims(database, 0.0)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(claims.hold("a"))
        claims.start("a")
        async with claims.hold("a"):
            pass
        await asyncio.sleep(0.05)
        assert store.take_host("a", "other", utc_now(), lease=LEASE) is not None
    await until_free(store, "a")
    with pytest.raises(TurnMissed):
        claims.start("a")
    await claims.close()


async def test_the_pause_after_the_last_request_goes_with_the_host(
    store: Away, database: Database
) -> None:
    claims = Claims(database, 60.0)
    async with claims.hold("a"):
        claims.start("a")
    async with claims.hold("b"):
        pass
    await claims.close()
    wait = store.take_host("a", "other", utc_now(), lease=LEASE)
    assert wait is not None
    assert timedelta(seconds=55) < wait <= timedelta(seconds=60)
    assert store.take_host("b", "other", utc_now(), lease=LEASE) is None


async def test_a_request_starts_only_where_the_lease_outlasts_the_pause_after_it(
    store: Away, database: Database
) -> None:
    steady = 0.0
    claims = Claims(database, 30.0, lease=10.0, renew=1e9, steady=lambda: steady)
    async with claims.hold("a"):
        claims.start("a")
        steady = 9.5  # the lease is for 40 s, and a second of it is not used
        with pytest.raises(TurnMissed):
            claims.start("a")
        assert claims.holds("a")
    await claims.close()


async def test_while_the_database_is_away_hosts_are_kept_until_they_lapse_and_no_longer(
    store: Away, database: Database
) -> None:
    store.add_feeds([FeedSpec("https://a.example/")], at=utc_now(), actor="cli")
    claims = Claims(database, 0.0, lease=0.6, renew=0.05)
    lost: list[str] = []
    claims.on_lost = lost.extend
    (feed,) = await claims.claim(9, per_host=9)
    store.away = True
    broken_off = asyncio.create_task(_hold_on(claims, "a.example"))
    began = asyncio.get_running_loop().time()
    with pytest.raises(TurnMissed):
        await asyncio.wait_for(broken_off, 5.0)
    assert 0.3 < asyncio.get_running_loop().time() - began < 0.7
    assert lost == ["a.example"]
    assert not claims.holds("a.example")
    claims.done("a.example")  # nothing is left to be let go
    store.away = False
    async with asyncio.timeout(5):
        while await claims.claim(9, per_host=9) != (feed,):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert claims.holds("a.example")
    await claims.close()
    assert store.claimable(utc_now(), 9) == 1


async def _hold_on(claims: Claims, name: str) -> None:
    async with claims.hold(name):
        await asyncio.sleep(60)


async def test_a_host_taken_for_somebody_who_gave_up_meanwhile_is_let_go(
    store: Away, database: Database
) -> None:
    claims = Claims(database, 0.0, renew=0.05)
    async with claims.hold("b"):  # something is held, or nothing would be renewed
        store.take_host("a", claims.holder, utc_now(), lease=LEASE)
        await until_free(store, "a")
        assert claims.holds("b")
    await claims.close()


async def test_nobody_waits_for_a_busy_host_for_ever(
    store: Away, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    store.take_host("a", "other", utc_now(), lease=LEASE)
    claims = Claims(database, 0.0)
    waiting = [asyncio.create_task(_hold_on(claims, "a")) for _ in range(5)]
    done, _ = await asyncio.wait(waiting, timeout=5.0)
    assert [type(task.exception()) for task in done] == [TurnMissed] * 5
    await claims.close()
    with pytest.raises(TurnMissed):
        await _hold_on(claims, "b")
    assert await claims.claim(9, per_host=9) == ()


async def test_what_is_closed_meanwhile_takes_nothing(store: Away, database: Database) -> None:
    store.add_feeds([FeedSpec("https://b.example/feed")], at=utc_now(), actor="cli")
    claims = Claims(database, 0.0)
    async with claims.hold("a"):
        pass  # is let go before anything is claimed
    claiming = asyncio.create_task(claims.claim(9, per_host=9))
    await asyncio.sleep(0)
    closing = asyncio.create_task(claims.close())
    assert await claiming == ()
    await closing
    await until_free(store, "b.example")
