"""Alerts: articles are settled, an alert is queued at once and once; nothing new costs little."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot import jobs
from bot.alerting import Seen, alert_due
from bot.app import Knowledge, Program, open_database, program
from config.settings import load
from tests.integration.telling import news
from tests.integration.test_stories import TITLES
from tests.integration.test_watch_commands import article, fill
from tests.journey.harness import CHAT, inline
from watchers.ports import Store
from watchers.scope import AlertRules
from watchers.telling import Channel, Delivery

__all__ = ["news"]
KNOWLEDGE = Knowledge()
STRONG = AlertRules(score=0.1, most=5)
RAISI = "ebrahim-raisi"
NAMED = ("Ebrahim Raisi: a book appears in Bergen", "The publisher printed four hundred copies.")


@pytest.fixture
async def parts(news: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    """A program with a channel and the stories s-bergen and s-oslo, not told yet."""
    inline(monkeypatch)
    found = load()
    async with program(found, open_database(found), KNOWLEDGE) as running:
        yield running


async def channel(parts: Program, **changes: object) -> Channel:
    """The channel with these changes; it was there before the articles."""

    def change(store: Store) -> Channel:
        known = store.channel(str(CHAT))
        return store.change_channel(known.id, MappingProxyType(changes), at=_now(), actor="cli")

    made = await parts.database(change)
    return replace(made, added_at=made.added_at - timedelta(days=1))


def _now() -> datetime:
    return datetime.now(UTC)


async def queued(parts: Program) -> list[Delivery]:
    """What is in the ledger, oldest first."""
    found = await parts.database(lambda store: store.deliveries())
    return sorted(found, key=lambda one: one.id)


async def test_an_alert_is_queued_once_and_marked_in_the_next_digest(parts: Program) -> None:
    one = await channel(parts, alerts=STRONG)
    seen = Seen()
    assert await alert_due(parts, (one,), seen, _now()) == 2
    pages = [page.content for page in await queued(parts)]
    assert all("Alert" in page.text and page.placed for page in pages)
    assert {part.subject for page in pages for part in page.placed} == {"s-bergen", "s-oslo"}
    assert await alert_due(parts, (one,), seen, _now()) == 0
    assert await alert_due(parts, (one,), Seen(), _now()) == 0  # another process
    built = await jobs.build(parts, one, _now())
    assert [line.alerted for line in built.digest.stories] == [True, True]
    assert len(await queued(parts)) == 2


@pytest.mark.parametrize(
    "changes",
    [{"paused": True}, {"needs_approval": True}, {"alerts": AlertRules()}],
    ids=["paused", "approved-by-admins", "no-rules"],
)
async def test_channels_that_get_no_alerts(parts: Program, changes: dict[str, Any]) -> None:
    one = await channel(parts, **({"alerts": STRONG} | changes))
    assert await alert_due(parts, (one,), Seen(), _now()) == 0


async def test_while_posting_is_stopped_there_are_none(parts: Program) -> None:
    one = await channel(parts, alerts=STRONG)
    await parts.database(lambda s: s.stop_posting(stopped=True, at=_now(), actor="7"))
    assert await alert_due(parts, (one,), Seen(), _now()) == 0
    await parts.database(lambda s: s.stop_posting(stopped=False, at=_now(), actor="7"))
    assert await alert_due(parts, (one,), Seen(), _now()) == 2


async def test_the_room_of_a_day_counts_what_was_sent(parts: Program) -> None:
    one = await channel(parts, alerts=replace(STRONG, most=1))
    assert await alert_due(parts, (one,), Seen(), _now()) == 1
    assert await alert_due(parts, (one,), Seen(), _now()) == 0


async def test_what_was_told_is_no_alert(parts: Program) -> None:
    one = await channel(parts, alerts=STRONG)
    now = _now()
    await jobs.queue(parts, one, slot=now, now=now, scheduled=False)
    assert await alert_due(parts, (one,), Seen(), now) == 0


async def test_an_official_counts_in_a_headline_alone(parts: Program) -> None:
    one = await channel(parts, alerts=AlertRules(officials=(RAISI,)))
    text = (NAMED[0].replace("Ebrahim Raisi: a", "A"), f"{NAMED[1]} Ebrahim Raisi is in it.")
    await parts.database(lambda store: fill(store, article(21, *text)))
    await jobs.settle_all(parts)
    assert await alert_due(parts, (one,), Seen(), _now()) == 0
    await parts.database(lambda store: fill(store, article(22, *NAMED)))
    await jobs.settle_all(parts)
    assert await alert_due(parts, (one,), Seen(), _now()) == 1
    (page,) = await queued(parts)
    assert NAMED[0] in page.content.text


async def test_nothing_new_costs_one_small_read(parts: Program) -> None:
    one = await channel(parts, alerts=replace(STRONG, score=99.0))
    asked: list[Callable[[Store], object]] = []
    database = parts.database

    class Counting:
        async def __call__(self, work: Callable[[Store], Any]) -> Any:
            asked.append(work)
            return await database(work)

    seen, counted = Seen(), replace(parts, database=Counting())  # type: ignore[arg-type]
    for looks, reads in ((1, 3), (2, 4), (3, 5)):
        assert await alert_due(counted, (one,), seen, _now()) == 0
        assert len(asked) == reads, looks
    await parts.database(lambda store: fill(store, article(23, TITLES[0], "The 1988 massacre.")))
    await jobs.settle_all(parts)
    await alert_due(counted, (one,), seen, _now())
    assert len(asked) == 8
