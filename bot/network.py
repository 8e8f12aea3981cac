"""Our own network: is a failed fetch its fault, and do admins know that it is down?

The judging is `watchers.outage`; here it is fed, waited for, and told of once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.wording import span
from config import logs
from watchers.errors import StoreError
from watchers.model import Feed, PollResult
from watchers.outage import Attempt, Outage, Outages, attempt, is_network
from watchers.ports import Store
from watchers.urls import host

log = logs.get(__name__)

_SINCE = "outage_since"  # the store's value: an outage outlives the process that saw it begin
_LOOK_AGAIN = 2.0  # seconds until a failure that waits for others is judged anew
_LOOKS = 20  # then it waits no longer, whatever the wall clock says
_REST = 30.0  # seconds until a database that refused is tried anew
_DOWN = (
    "Most hosts have not answered since {since}: the network of this machine seems to be down. "
    "No feed is blamed; each is asked again within the hour."
)
_BACK = (
    "The network is back. It was down for {lasted}, since {since}; what feeds listed only in "
    "that time may have been missed: `dadkhah coverage`, /status."
)


class Network:
    """What the polls of this process say about our own network."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._outages: Outages | None = None
        self._looking = asyncio.Lock()
        self._telling = asyncio.Lock()
        self._rest_until = 0.0  # of the loop's clock

    @property
    def is_cut_off(self) -> bool:
        """Whether it is down, and nobody at all has answered this process since."""
        return self._outages is not None and self._outages.goes_on()

    async def note(self, feed: Feed, began: datetime, result: PollResult) -> Attempt | None:
        """Count what a poll says of the network; what `is_ours` judges by."""
        known = feed.failing_since is not None
        said = attempt(host(feed.url), began, result.at, result.failure, known=known)
        if said is not None:
            outages = await self._known()
            outages.note(said)
            await self._tell(outages)
        return said

    async def is_ours(
        self, said: Attempt | None, result: PollResult, cycle_over: asyncio.Event
    ) -> bool:
        """Whether a failed poll is our own network's fault; may wait half a minute to know."""
        if said is None or result.failure is None or not is_network(result.failure):
            return False
        outages = await self._known()
        for _ in range(_LOOKS):
            verdict = outages.judge(said, self._clock(), cycle_over=cycle_over.is_set())
            await self._tell(outages)
            if verdict != "wait":
                return verdict == "ours"
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await cycle_over.wait()
            except TimeoutError:
                continue
        return False

    async def _known(self) -> Outages:
        """The judge, made when first needed with what an earlier process left."""
        async with self._looking:
            if self._outages is None:
                kept = await self._database(lambda store: store.value(_SINCE))
                self._outages = Outages(datetime.fromisoformat(kept) if kept else None)
            return self._outages

    async def _tell(self, outages: Outages) -> None:
        """Store what changed, in order; what cannot be stored now is tried again later."""
        if self._telling.locked():  # whoever tells goes on until nothing is left
            return
        async with self._telling:
            while asyncio.get_running_loop().time() >= self._rest_until:
                changes = outages.changes()
                if not changes or not await self._told(outages, changes):
                    return

    async def _told(self, outages: Outages, changes: Sequence[Outage]) -> bool:
        now = self._clock()
        try:
            await self._database(lambda store: _keep(store, changes, now))
        except StoreError as error:
            outages.put_back(changes)
            self._rest_until = asyncio.get_running_loop().time() + _REST
            log.warning("outage_not_stored", why=str(error))
            return False
        for change in changes:
            if change.until is None:
                log.warning("network_down", since=change.since.isoformat(timespec="seconds"))
            else:
                log.warning("network_back", since=change.since.isoformat(timespec="seconds"))
        return True


def _keep(store: Store, changes: Sequence[Outage], now: datetime) -> None:
    """Remember the state, and tell admins: once that it is down, once that it is back."""
    for change in changes:
        number, since = change.since.isoformat(), f"{change.since:%Y-%m-%d %H:%M} UTC"
        if change.until is None:
            store.set_value(_SINCE, number)
            store.add_notice(f"outage:{number}", "outage", _DOWN.format(since=since), at=now)
        else:
            store.set_value(_SINCE, "")
            lasted = span(int((change.until - change.since).total_seconds()))
            text = _BACK.format(lasted=lasted, since=since)
            store.add_notice(f"back:{number}", "back", text, at=now)
