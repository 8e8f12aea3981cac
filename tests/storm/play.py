"""One storm: processes struck and started again, news all the time, then calm, then the judge."""

import asyncio
import contextlib
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

from benchmarks.late_server import LateServer
from benchmarks.scale_programs import Program, are_gone
from storage import open_store
from tests.campaign import judge as pages
from tests.standin import BotApiStandin, BotApiThread
from tests.storm import books, judge
from tests.storm.child import SCALE
from tests.storm.judge import Remains, Visit
from tests.storm.plan import PROCESSES, Blow, Plan
from tests.storm.world import FEEDS, NETWORK, World
from watchers.model import FeedSpec
from watchers.polling import START
from watchers.telling import ChannelSpec

HOST_DELAY = 0.5  # seconds between two starts on one host
_STEP = 0.05
_STOP = 10.0  # seconds that a stop may take, also right after the start (docs/operating.md)
_START = 60.0  # seconds for the first start of all
_NEWS = 1.0  # seconds between two entries, in the mean
_TELL = 30.0  # seconds between two lines about how far it is
_EVERY = (1, 2, 3)  # minutes between the digests of each channel
_CHAT = -1001
TROUBLE: Mapping[str, float] = {
    "retry_after": 0.03, "server_error": 0.02, "drop_before": 0.02, "drop_after": 0.03,
    "error_after": 0.02, "truncated": 0.01, "slow": 0.05, "late": 0.01,
}  # fmt: skip
_ARGUMENTS: Mapping[str, tuple[Mapping[str, float], ...]] = {
    "retry_after": ({"seconds": 1}, {"seconds": 3}),
    "slow": ({"seconds": 0.5}, {"seconds": 1.5}),
    "late": ({"seconds": 4.0},),  # than the program waits
}

_LEFT: tuple[LiteralString, ...] = (
    "SELECT count(*) FROM host_turn WHERE holder IS NOT NULL AND held_until > now()",
    """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database =
       (SELECT oid FROM pg_database WHERE datname = current_database())""",
    "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'",
)


@dataclass
class Outcome:
    """What a storm came to."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@contextlib.contextmanager
def _served(world: World) -> Iterator[LateServer]:
    """Serve the world from a thread of its own."""
    server, ready = LateServer(world.answer), threading.Event()
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        listening = loop.run_until_complete(server.start())
        ready.set()
        loop.run_forever()
        listening.close()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=serve, name="world", daemon=True)
    thread.start()
    ready.wait(10)
    world.port = server.port
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def play(plan: Plan, url: str, folder: Path, say: Callable[[str], None], drain: float) -> Outcome:
    """Play it on an empty, upgraded PostgreSQL database; `drain`: seconds to come to rest in."""
    world = World(plan.seed)
    with BotApiThread() as telegram, _served(world) as server:
        storm = _Storm(plan, url, folder, world, telegram, say)
        try:
            storm.fill()
            storm.blow()
            storm.calm(drain)
        finally:
            storm.stop()
        storm.judge(
            [Visit(v.host, v.path, v.who, v.began, v.ended, v.status) for v in server.visits]
        )
    return storm.outcome


def errors(log: str) -> list[str]:
    """The lines of a log that tell of bugs; what is expected to happen is a warning."""
    return [line.strip() for line in log.splitlines() if "[error " in line]


class _Cell:
    """A process of the storm, whichever life it is in."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.stopping: tuple[float, Blow] | None = None
        self.down_until: float | None = None
        self.families: list[int] = []
        self.started = 0.0

    def start(self) -> None:
        self.program.start()
        self.started = time.monotonic()

    @property
    def is_up(self) -> bool:
        return self.stopping is None and self.down_until is None


class _Storm:
    def __init__(
        self, plan: Plan, url: str, folder: Path, world: World, telegram: BotApiStandin,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.plan, self.url, self.folder, self.world = plan, url, folder, world
        self.telegram, self.say = telegram, say
        self.outcome = Outcome()
        self.late_stops: list[str] = []
        self.orphans = 0
        self.cells = {name: _Cell(self._program(name)) for name in PROCESSES}
        self.dice = random.Random(f"{plan.seed} when news comes")

    def _program(self, name: str) -> Program:
        given = {
            "DADKHAH_DATABASE_URL": self.url.replace("postgresql+psycopg", "postgresql"),
            "DADKHAH_ENGINE": "distributed",
            "DADKHAH_DATA_DIR": str(self.folder),
            "DADKHAH_TELEGRAM_TOKEN": self.telegram.token,
            "DADKHAH_TELEGRAM_API_URL": self.telegram.api_url,
            "DADKHAH_ALLOWED_PRIVATE_HOSTS": f"{NETWORK}:{self.world.port}",
            "DADKHAH_HOST_DELAY": str(HOST_DELAY),
            "DADKHAH_FETCH_CONCURRENCY": "16",
            "DADKHAH_PARSE_PROCESSES": "1",
            "DADKHAH_HTTP_LISTEN": "",
            "DADKHAH_CONTACT": name,
        }
        command = ("tests.storm.child", name.partition("-")[0])
        return Program(name, command, given, self.folder / f"{name}.log")

    def fill(self) -> None:
        """Feeds that are new, and channels with a digest every few minutes."""
        now = datetime.now(UTC)
        minutes = int(self.plan.seconds / 60) + 30
        store = open_store(self.url, create=False)
        try:
            specs = [
                FeedSpec(address, f"Feed {number}", "en", "world-media")
                for number, address in enumerate(self.world.feed_urls())
            ]
            store.add_feeds(specs, at=now, actor="system")
            store.set_value("feeds_loaded", now.isoformat())
            for number, every in enumerate(_EVERY):
                self.telegram.add_chat(_CHAT - number)
                times = (now + timedelta(minutes=minute) for minute in range(1, minutes, every))
                schedule = tuple(sorted({f"{time:%H:%M}" for time in times}))
                spec = ChannelSpec(str(_CHAT - number), schedule=schedule)
                store.add_channel(spec, at=now, actor="cli")
        finally:
            store.close()
        with books.connected(self.url) as connection:  # this process has the true intervals
            connection.execute("UPDATE feed SET interval = %s", (START // SCALE,))

    # ------------------------------------------------------------ the storm

    def blow(self) -> None:
        """Strike as planned, with news and faults all the while."""
        for cell in self.cells.values():
            cell.start()
        for cell in self.cells.values():
            cell.program.until_said("started", _START)
        self.telegram.storm("sendMessage", self.plan.seed, TROUBLE, _ARGUMENTS)
        began, waiting = time.monotonic(), list(self.plan.blows)
        news = told = began
        while (at := time.monotonic() - began) < self.plan.seconds:
            if waiting and waiting[0].at <= at:
                self._strike(waiting.pop(0))
            self._look_after()
            if time.monotonic() >= news:
                news += self.dice.uniform(0, 2 * _NEWS)
                self.world.publish()
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                self.say(f"{at:.0f} s, {self._figures()}")
            time.sleep(_STEP)

    def _strike(self, blow: Blow) -> None:
        cell = self.cells[blow.process]
        if not cell.is_up:
            self.outcome.counts["blows at what was down"] += 1
            return
        cell.families += cell.program.family()
        self.outcome.counts[f"{blow.process} {blow.signal.name}"] += 1
        if blow.signal is signal.SIGKILL:
            cell.program.kill()
            cell.down_until = time.monotonic() + blow.rest
        else:
            cell.program.signal(signal.SIGTERM)
            cell.stopping = (time.monotonic(), blow)

    def _look_after(self) -> None:
        """Start again what has rested; nobody may end without being struck, or stop slowly."""
        now = time.monotonic()
        for name, cell in self.cells.items():
            code = cell.program.code
            if cell.stopping is not None:
                self._see_stopping(name, cell, now, code)
            elif cell.down_until is not None:
                if now >= cell.down_until:
                    cell.down_until = None
                    cell.start()
            elif code is not None:
                self.outcome.problems.append(f"died: {name} ended by itself with {code}")
                cell.down_until = now

    def _see_stopping(self, name: str, cell: _Cell, now: float, code: int | None) -> None:
        assert cell.stopping is not None
        began, blow = cell.stopping
        if code is None and now - began > 2 * _STOP:
            cell.program.kill()
            code = 0
        if code is None:
            return
        if now - began > _STOP:
            up = began - cell.started
            self.late_stops.append(f"{name} took {now - began:.1f} s to stop, up for {up:.0f} s")
        if code not in (0, -signal.SIGTERM):  # the latter: in its first second
            self.outcome.problems.append(f"stop: {name} ended with {code} when told to stop")
        cell.stopping, cell.down_until = None, now + blow.rest

    def _figures(self) -> str:
        published = sum(len(own) for own in self.world.news)
        return f"{published} entries published, {len(self.telegram.sent)} messages"

    # ------------------------------------------------------------ calm

    def calm(self, seconds: float) -> None:
        """No more blows, news and faults: all must come to rest."""
        self.telegram.calm()
        self.world.calm = True
        began, since = time.monotonic(), datetime.now(UTC)
        told = False
        while time.monotonic() - began < seconds:
            self._look_after()
            told = told or self._is_told()
            if told and not self._unpolled(since) and all(c.is_up for c in self.cells.values()):
                break
            time.sleep(0.5)
        self.say(f"at rest after {time.monotonic() - began:.0f} s")
        if not told:
            self.outcome.problems.append(f"late: not all was told {seconds:.0f} s after the storm")
        if unpolled := self._unpolled(since):
            self.outcome.problems.append(
                f"lost: {unpolled} of {FEEDS} feeds were not polled in {seconds:.0f} s after it"
            )

    def _is_told(self) -> bool:
        found = books.stories(self.url, self.telegram, self.world.wanted())
        if any(True for _ in judge.stories(found)):
            return False
        with books.connected(self.url) as connection:
            query = "SELECT 1 FROM delivery WHERE state IN ('queued', 'sending') LIMIT 1"
            return connection.execute(query).fetchone() is None

    def _unpolled(self, since: datetime) -> int:
        with books.connected(self.url) as connection:
            query = "SELECT count(*) FROM feed WHERE last_polled IS NULL OR last_polled < %s"
            found = connection.execute(query, (since,)).fetchone()
        return int(found[0]) if found else 0

    def stop(self) -> None:
        """All end; what they started has to end with them."""
        for name, cell in self.cells.items():
            cell.families += cell.program.family()
            seconds = cell.program.stop()
            if seconds > _STOP:
                self.late_stops.append(f"{name} took {seconds:.1f} s to stop at the end")
        families = [pid for cell in self.cells.values() for pid in cell.families if pid]
        if not are_gone(families):
            self.orphans = sum(not are_gone([pid], 0.0) for pid in families)

    # ------------------------------------------------------------ the judge

    def judge(self, visits: list[Visit]) -> None:
        """What must hold, and how much there was of it."""
        problems, counts = self.outcome.problems, self.outcome.counts
        kills = sum(n for name, n in counts.items() if "SIG" in name)
        found = books.stories(self.url, self.telegram, self.world.wanted())
        facts = books.facts(self.url, self.telegram, kills=kills, given_up=self._given_up())
        problems += judge.some(judge.at_once(visits))
        problems += judge.some(judge.stories(found))
        problems += judge.some(pages.problems(facts))
        problems += judge.some(judge.remains(self._remains()))
        for name, cell in self.cells.items():
            problems += judge.some(f"broke: {name}: {line}" for line in errors(cell.program.said))
        counts["requests"] = len(visits)
        counts["  sooner than the pause"] = judge.hurried(visits, HOST_DELAY)
        counts["entries published"] = sum(len(own) for own in self.world.news)
        counts["  on the subject"] = len(found.wanted)
        counts["stories told, over all channels"] = len(found.told)
        counts["digests"] = len({page.digest_id for page in facts.deliveries})
        counts["pages"] = len(facts.deliveries)
        counts["  uncertain"] = facts.unsure
        counts["messages"] = len(facts.messages)
        for fault, number in pages.count_faults(facts.sends).items():
            counts[f"  fault {fault}"] = number

    def _given_up(self) -> int:
        """How often an answer of Telegram's came later than the program waits."""
        return sum(one.fault in ("late", "slow") for one in self.telegram.state.log)

    def _remains(self) -> Remains:
        with books.connected(self.url) as connection:
            found = [connection.execute(query).fetchone() for query in _LEFT]
        hosts, locks, doing = (int(row[0]) if row else 0 for row in found)
        return Remains(hosts, locks, doing, self.orphans, self.late_stops)
