"""The measured process of `make soak`: the whole service, with a clock that runs ahead.

    python -m benchmarks.soak_run CLOCK POLLS SAMPLES    (settings in the environment)

`bot.service.Service` as `dadkhah run` makes it. Only two things are not as in service: time moves
on whenever nothing is under way, so that feeds are due at once, and some ticks come sooner. A line
of JSON on stdout for each sample.
"""

from __future__ import annotations

import asyncio
import faulthandler
import functools
import gc
import json
import os
import signal
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bot.clock
from benchmarks.measure import below, proportional
from benchmarks.soak_server import Clock

if TYPE_CHECKING:
    from bot.app import Program
    from bot.service import Service
    from watchers.ports import Store

READERS = 40  # subscribers
STEP = 60.0  # seconds that time moves on by
_LOOK = 0.02  # seconds between two such steps
_SOONER = {"poll": 0.2, "settle": 1.0, "digest": 2.0, "subscribers": 2.0, "housekeeping": 15.0}
_ROOMS = (dict, set, list, deque, frozenset)
_OURS = ("bot.", "watchers.", "storage.")
_LEAST = 100  # members of a container that is told of
_DEEP = 12  # steps from the service to it


class Soak:
    """Moves time on, and takes samples."""

    def __init__(self, clock: Clock, polls: int, samples: int) -> None:
        self._clock = clock
        self._polls = polls
        self._every = polls // samples

    async def drive(self, service: Service, program: Program) -> None:
        """Until so many polls are stored, or something here breaks; then the service is stopped."""
        try:
            await self._drive(service, program)
        finally:
            service._stop.set()  # noqa: SLF001

    async def _drive(self, service: Service, program: Program) -> None:
        scheduler, poller, tally = service._scheduler, service._poller, program.database.tally  # noqa: SLF001
        while not scheduler.get_jobs():  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.05)
        for name, seconds in _SOONER.items():
            if scheduler.get_job(name) is not None:
                scheduler.reschedule_job(name, trigger="interval", seconds=seconds)
        following, last = self._every, time.monotonic()
        while (done := tally.polls.total()) < self._polls:
            await asyncio.sleep(_LOOK)
            # At least as fast as the steady clock, or it would be a clock that was put back.
            passed, last = time.monotonic() - last, time.monotonic()
            self._clock.seconds += STEP if len(poller._under_way) < 8 else passed  # noqa: SLF001
            if done >= following:
                following += self._every
                print(json.dumps(await self._sample(service, program)), flush=True)
        print(json.dumps(await self._sample(service, program)), flush=True)

    async def _sample(self, service: Service, program: Program) -> dict[str, Any]:
        await asyncio.sleep(0.3)  # what is under way ends
        gc.collect()
        tally, folder = program.database.tally, program.settings.data_dir
        names = _open_files()
        files = [path for path in folder.rglob("*") if path.is_file()]
        wal = folder / "dadkhah.db-wal"
        return {
            "polls": tally.polls.total(),
            "outcomes": dict(tally.polls),
            "articles": dict(tally.articles),
            "pages": sum(n for (_, how), n in tally.attempts.items() if how == "sent"),
            "updates": tally.updates,
            "ticks": {how: _of(tally.ended, how) for how in ("failed", "broke")},
            "day": round(self._clock.seconds / 86_400, 2),
            "rss": _resident(),
            "workers": [proportional(pid) for pid in below(os.getpid())],
            "fds": len(names),
            "sockets": sum(name.startswith("socket:") for name in names),
            "threads": threading.active_count(),
            "tasks": len(asyncio.all_tasks()),
            "blocks": sys.getallocatedblocks(),
            "files": len(files),
            "database": (folder / "dadkhah.db").stat().st_size,
            "wal": wal.stat().st_size if wal.exists() else 0,
            "rooms": rooms(service),
            "caches": caches(),
        }


def _of(ended: dict[tuple[str, str], int], how: str) -> int:
    return sum(number for (_, ending), number in ended.items() if ending == how)


def _open_files() -> list[str]:
    """What every open file is."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing itself
            found.append(str(path.readlink()))
    return found


def _resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def caches() -> dict[str, int]:
    """Entries of every functools cache of ours.

    By way of the modules: `gc.get_objects` would hold on to tuples that other threads are just
    making, which then break off (seen with Python 3.11).
    """
    found: dict[str, int] = {}
    for name, module in tuple(sys.modules.items()):
        if name.startswith(_OURS):
            own = tuple(vars(module).items())
            kinds = [value for _, value in own if isinstance(value, type)]
            own += tuple(pair for kind in kinds for pair in vars(kind).items())
            found |= {
                f"{one.__module__}.{one.__qualname__}": one.cache_info().currsize
                for _, one in own
                if isinstance(one, functools._lru_cache_wrapper)  # noqa: SLF001 - its type
            }
    return found


def rooms(root: object) -> dict[str, int]:
    """Members of each large container that is reached from here, by the attribute that has it."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    todo: deque[tuple[str, object, int]] = deque([(type(root).__name__, root, 0)])
    while todo:
        place, one, depth = todo.popleft()
        if id(one) in seen or depth > _DEEP:
            continue
        seen.add(id(one))
        if isinstance(one, _ROOMS) and len(one) >= _LEAST:
            found[place] = max(found.get(place, 0), len(one))
        if isinstance(one, _ROOMS) and len(one) >= 10 * _LEAST:
            continue  # its members are alike, and many
        todo.extend((name, member, depth + 1) for name, member in _members(place, one))
    return found


def _members(place: str, one: object) -> Iterator[tuple[str, object]]:
    """What an object holds, with a name for its place."""
    if isinstance(one, dict):
        yield from ((f"{place}[]", value) for value in tuple(one.values()))
    elif isinstance(one, _ROOMS) or isinstance(one, tuple):  # noqa: SIM101
        yield from ((f"{place}[]", value) for value in tuple(one))
    elif isinstance(one, types.MethodType):
        yield place, one.__self__
    elif isinstance(one, types.FunctionType):
        for cell in one.__closure__ or ():
            with suppress(ValueError):
                yield place, cell.cell_contents
    elif type(one).__module__.startswith(_OURS):
        name = type(one).__name__
        yield from ((f"{name}.{key}", value) for key, value in getattr(one, "__dict__", {}).items())
        for kind in type(one).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                yield f"{name}.{slot}", getattr(one, slot, None)


def _add_readers(store: Store, now: datetime) -> None:
    """Subscribers, and a channel that is told each time, also that there is nothing new."""
    from watchers.telling import ChannelSpec

    for number in range(READERS):
        chat, language = str(20_000_000 + number), ("en", "fa", "fr")[number % 3]
        spec = ChannelSpec(chat, "UTC", ("05:00", "17:00"), language, private=True)
        store.add_channel(spec, at=now, actor="system")
    for channel in store.channels():
        store.change_channel(channel.id, {"tells_nothing_new": True}, at=now, actor="system")


async def main(clock: Clock, polls: int, samples: int) -> None:
    """Run the service until so many polls are stored."""
    # After the clock was put in place: modules take it by name when they are imported.
    from bot.app import open_database, program
    from bot.service import Service
    from config import logs
    from config.settings import load

    logs.set_up("warning", "json")
    settings = load(os.environ)
    store = open_database(settings)
    _add_readers(store, bot.clock.utc_now())
    async with program(settings, store) as parts:
        service = Service(parts)
        soak = asyncio.create_task(Soak(clock, polls, samples).drive(service, parts))
        await service.run()
        await soak


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)  # where it stands: kill -USR1
    own = Clock(Path(sys.argv[1]))
    setattr(bot.clock, "utc_now", lambda: datetime.fromtimestamp(own.seconds, UTC))  # noqa: B010
    asyncio.run(main(own, int(sys.argv[2]), int(sys.argv[3])))
