"""The program's own delivery in a process of its own: what is killed and started again.

It is the real thing but for time, which is sped up in this process only: where delivery looks at
a clock or waits, time runs SCALE times as fast (so that a Retry-After of 8 s takes 0.2, and a
message a second is 60), and it waits 0.75 s for an answer instead of 20.
"""

import asyncio
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, event
from telegram.error import TimedOut
from telegram.request import HTTPXRequest

from bot import client, deliver, pacing, pump
from bot.client import make_bot
from bot.database import Database
from bot.deliver import Deliverer
from bot.pacing import Budget
from bot.pump import PrivatePump
from bot.sender import TelegramSender
from config.settings import load
from storage import SqlStore, open_store
from tests.campaign.plan import READ_TIMEOUT, SCALE, Kill
from watchers.errors import DadkhahError
from watchers.ports import Store
from watchers.telling import DeliveryState

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
DONE, LATE = 0, 3
GAVE_UP = b"\n--- no answer in time\n"
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)
_TICK = 0.02  # seconds between rounds; 2 in earnest
_DEADLINE = 300.0


@dataclass(frozen=True)
class Job:
    """What one life of the program is given."""

    database: str
    api_url: str
    token: str
    started: float  # of the run, by the machine's monotonic clock, which all processes share
    log: str
    kill: Kill | None = None


def now(started: float) -> datetime:
    """The time in a run that was started then."""
    return EPOCH + timedelta(seconds=(time.monotonic() - started) * SCALE)


def live(job: Job) -> None:
    """Deliver until nothing is left to deliver; the process' whole life."""
    file = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    print(f"--- life of {os.getpid()}, to be killed: {job.kill}", flush=True)
    _speed_up()
    if job.kill is not None and job.kill.where == "store":
        _kill_at(job.kill)
    os._exit(asyncio.run(_deliver(job)))


class _Fast:
    """Stands in for the module `time` where delivery waits."""

    @staticmethod
    def monotonic() -> float:
        return time.monotonic() * SCALE


def _speed_up() -> None:
    rest = pacing.rest

    async def fast_rest(stopping: asyncio.Event, seconds: float) -> bool:
        return await rest(stopping, seconds / SCALE)

    for module in (deliver, pump, pacing):
        for name, fast in (("time", _Fast), ("rest", fast_rest)):
            assert hasattr(module, name), f"{module.__name__} has no {name} to speed up"
            setattr(module, name, fast)
    request = client.request
    setattr(client, "request", functools.partial(request, read=READ_TIMEOUT))  # noqa: B010
    setattr(client, "HTTPXRequest", _Transport)  # noqa: B010


class _Transport(HTTPXRequest):
    """The program's HTTP client, which here says aloud when it gave up waiting for an answer.

    That happens by our faults, and on a busy machine without them; both leave a page in doubt.
    Reading the certificates of the world takes longer than most lives, and nothing uses TLS.
    """

    def __init__(self, *, httpx_kwargs: dict[str, Any], **how: Any) -> None:
        super().__init__(httpx_kwargs={**httpx_kwargs, "verify": False}, **how)

    async def do_request(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().do_request(*args, **kwargs)
        except TimedOut:
            os.write(1, GAVE_UP)
            raise


async def _deliver(job: Job) -> int:
    os.environ["DADKHAH_TELEGRAM_TOKEN"] = job.token
    os.environ["DADKHAH_TELEGRAM_API_URL"] = job.api_url
    settings = load(folder=Path("/nonexistent"))
    database = Database(open_store(job.database, create=False))
    bot = make_bot(settings)
    await bot.request.initialize()

    def clock() -> datetime:
        return now(job.started)

    sender, budget = TelegramSender(bot), Budget(_Fast.monotonic)
    deliverer = Deliverer(database, clock, budget)
    private = PrivatePump(database, budget, clock)
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        try:
            await deliverer.tick(sender)
            await private.tick(sender)
        except DadkhahError as error:  # as the service does
            print(f"tick failed: {error}", flush=True)
        await asyncio.sleep(_TICK)
        if not await database(is_open):
            await deliverer.finish(5.0)
            await private.finish(5.0)
            await bot.request.shutdown()
            database.close()
            return DONE
    return LATE


def is_open(store: Store) -> bool:
    """Whether there is anything to deliver, now or when a pause of posting ends."""
    told = (*store.channels(), *store.subscribers())
    active = {channel.id for channel in told if not channel.paused}
    return any(page.channel_id in active for page in store.deliveries(*OPEN, limit=10_000))


# ---------------------------------------------------------------- killed from inside


def die() -> NoReturn:
    """End as a power cut would."""
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _kill_at(kill: Kill) -> None:
    original: Callable[..., Any] = getattr(SqlStore, kill.method)
    setattr(SqlStore, kill.method, _counted(kill, original))


def _counted(kill: Kill, original: Callable[..., Any]) -> Callable[..., Any]:
    left, inside = [kill.count], threading.Event()

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0]:
            return original(*args, **kwargs)
        if kill.place == "before":
            die()
        inside.set()
        result = original(*args, **kwargs)
        if kill.place == "after":
            die()
        inside.clear()
        return result

    if kill.place == "commit":
        event.listen(Engine, "commit", lambda _connection: die() if inside.is_set() else None)
    return call
