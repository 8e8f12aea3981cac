"""What was posted and taken back: messages are edited or deleted, until Telegram answers.

Doing so twice does no harm, so that no claim and no channel's lock are needed, and a story that
is taken back does not wait for a long digest that is being posted. Edits keep the channel's
pace and the bot's, as posts do. One process does it at a time (the lock "corrections").
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.deliver import Deliverer
from bot.i18n import catalogue
from bot.notices import DiskTrouble
from bot.pacing import Pace
from bot.sender import Mender
from bot.together import put_away, together
from config import logs
from watchers.correcting import Correction
from watchers.errors import DadkhahError
from watchers.ports import Store
from watchers.telling import (
    Channel,
    Page,
    SendOutcome,
    SendResult,
)

log = logs.get(__name__)

MOST = 50  # corrections, of as many chats, under way at a time
_TRIES = 3  # of one correction in a round
_REST = 10.0  # seconds before another try after the database failed
_TOO_OLD = "message can't be deleted"  # after 48 hours, or without the right to delete


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be corrected now, and the public channels."""

    corrections: tuple[Correction, ...]
    channels: Mapping[int, Channel]


class Corrector:
    """Carries corrections out; one for the process."""

    def __init__(
        self,
        database: Database,
        deliverer: Deliverer,
        clock: Clock = utc_now,
        *,
        trouble: DiskTrouble | None = None,
    ) -> None:
        self._database = database
        self._deliverer = deliverer
        self._clock = clock
        self._trouble = trouble or DiskTrouble(clock)
        self._task: asyncio.Task[None] | None = None
        self._rest_until = 0.0
        self.stopping = asyncio.Event()

    async def tick(self, mender: Mender) -> None:
        """Begin to correct, unless that is under way; returns at once."""
        resting = time.monotonic() < self._rest_until
        if self._task is None and not resting and not self.stopping.is_set():
            self._task = asyncio.create_task(self._guarded(mender))
            self._task.add_done_callback(self._ended)

    async def work(self, mender: Mender) -> None:
        """As `tick`, until that has ended: for a job."""
        await self.tick(mender)
        if self._task is not None:
            await asyncio.wait([self._task])

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._task = None

    async def _guarded(self, mender: Mender) -> None:
        try:
            await self.run(mender)
        except DadkhahError as error:
            self._trouble.note(error)
            self._rest_until = time.monotonic() + _REST
            log.warning("correction_failed", why=str(error))
        except Exception:
            self._rest_until = time.monotonic() + _REST
            log.exception("correction_broke")

    async def finish(self, seconds: float) -> None:
        """Stop; what is cut off is done again by the next process."""
        self.stopping.set()
        if self._task is not None:
            await put_away([self._task], seconds)

    async def run(self, mender: Mender) -> Mapping[str, int]:
        """Carry out what is due until nothing is, or we stop; what came of it. StoreError.

        Nothing is done while another process has the lock.
        """
        outcomes: Counter[str] = Counter()
        tries: Counter[int] = Counter()
        async with AsyncExitStack() as stack:
            if not await self._database.lock(stack, "corrections"):
                return outcomes
            while not self.stopping.is_set():
                due = await self._database(self._due)
                tries.update(one.id for one in due.corrections)
                if not due.corrections or max(tries.values()) > _TRIES:
                    break
                results = await together(
                    self._carry_out(one, due.channels.get(one.channel_id), mender)
                    for one in due.corrections
                )
                outcomes.update(str(result.outcome) for result in results if result is not None)
        return outcomes

    def _due(self, store: Store) -> Due:
        corrections = store.due_corrections(self._clock(), MOST)
        channels = store.channels() if corrections else ()
        return Due(corrections, {channel.id: channel for channel in channels})

    async def _carry_out(
        self, correction: Correction, channel: Channel | None, mender: Mender
    ) -> SendResult | None:
        """One correction, and what came of it is kept; `channel` is None for a private chat."""
        result = await self._change(correction, channel, mender)
        if result is None:
            return None
        done = result.outcome is SendOutcome.SENT
        (log.info if done else log.warning)(
            "corrected" if done else "not_corrected",
            outcome=str(result.outcome),
            channel=correction.channel_id,
            correction=correction.id,
            detail=result.detail,
        )
        at = self._clock()
        await self._database(lambda store: store.record_correction(correction.id, result, at=at))
        return result

    async def _change(
        self, correction: Correction, channel: Channel | None, mender: Mender
    ) -> SendResult | None:
        """Edit or delete once; what cannot be deleted any more says that it was withdrawn."""
        chat, number = correction.chat, correction.message_id
        if not await self._turn(channel):
            return None
        if correction.content is not None:
            return await mender.edit(chat, number, correction.content)
        result = await mender.delete(chat, number)
        refused = result.outcome is SendOutcome.FAILED and _TOO_OLD in result.detail.lower()
        if not refused:
            return result
        page = withdrawn(await self._language(chat, channel))
        return await mender.edit(chat, number, page) if await self._turn(channel) else None

    async def _turn(self, channel: Channel | None) -> bool:
        budget = self._deliverer.budget
        if channel is None:
            turn = await budget.turn(Pace(), self.stopping, private=True)
        else:
            turn = await budget.turn(self._deliverer.pace(channel.id), self.stopping)
        return turn is not None

    async def _language(self, chat: str, channel: Channel | None) -> str:
        if channel is not None:
            return channel.language
        found = await self._database(lambda store: store.subscriber(int(chat)))
        return found.language if found else "en"


def withdrawn(language: str) -> Page:
    """What stands in the place of a message that cannot be deleted any more."""
    return Page(catalogue(language).text("This message was withdrawn."))
