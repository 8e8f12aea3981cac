"""One part of `make bench-scale`: real processes, a clock that is started, and what came of it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import below, proportional
from benchmarks.poll import say
from benchmarks.scale_database import (
    Left,
    connected,
    connections,
    copied,
    left,
    start_clock,
    still_due,
)
from benchmarks.scale_feeds import address_of, is_on_subject, link_of
from benchmarks.scale_programs import Program, are_gone, cpu_of, running
from storage import open_store
from tests.campaign import judge as pages
from tests.conftest import PostgresServer
from tests.standin import BotApiStandin
from tests.storm import books, judge
from tests.storm.judge import Visit
from tests.storm.play import errors
from watchers.telling import ChannelSpec

KILL_AT = 0.35  # of the feeds polled
MOST = 420.0  # seconds of a part
_TOLD = 150.0  # seconds after the last poll in which all is told
_NEWS = 15.0  # seconds between two lines about how far it is
_CHATS = (-1001, -1002)
_SLOTS = 12  # minutes for which the channels have a digest in each


@dataclass(frozen=True)
class Setting:
    """What all parts share."""

    server: PostgresServer
    telegram: BotApiStandin
    folder: Path
    port: int  # of the feeds
    feeds: int
    slots: int  # of each worker
    late: float


@dataclass(slots=True)
class Part:
    """What a part came to; seconds."""

    workers: int
    kill: bool
    seconds: float = 0.0  # from the first request to the last answer
    middle: float = 0.0  # feeds a second between the tenth and the ninetieth of a hundred
    cpu: float = 0.0  # of the workers with what they started
    cpu_clock: float = 0.0
    cpu_postgres: float = 0.0
    busy: float = 0.0  # share of the machine, by all that runs on it
    requests: int = 0
    unchanged: int = 0  # of them, answered 304
    again: int = 0  # hosts asked once more because of the kill
    hurried: int = 0
    connections: int = 0  # of PostgreSQL, at the most, all processes together
    memory: int = 0  # bytes, of the workers with what they started, when all was polled
    stored: int = 0  # polls
    digests: int = 0
    told: int = 0  # stories, in both channels together
    left: Left | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Feeds a second."""
        return self.stored / self.seconds if self.seconds else 0.0

    @property
    def cost(self) -> float:
        """Milliseconds of the workers' CPU a feed."""
        return 1000 * self.cpu / max(1, self.stored)


def play(setting: Setting, workers: int, *, kill: bool = False) -> Part:
    """Poll all feeds once with so many workers. ProgramFailed."""
    part = Part(workers, kill)
    with ExitStack() as stack:
        url = stack.enter_context(copied(setting.server))
        if kill:
            _add_channels(setting, url)
        own = setting.folder / f"workers-{workers}{'-kill' if kill else ''}"
        own.mkdir()
        clock = _program(setting, url, own, "clock", "run")
        crew = [_program(setting, url, own, f"worker-{n + 1}", "worker") for n in range(workers)]
        stack.enter_context(running([clock, *crew]))
        clock.until_said("lease_taken")
        for one in crew:
            one.until_said("started")
        time.sleep(3.0)  # what a start still does
        _visits(setting.port)
        _measure(setting, part, url, clock, crew)
        visits = _visits(setting.port)
        if kill:
            _until_told(setting, part, url)
        _stop(part, clock, crew)
        with connected(url) as connection:
            part.left = left(connection)
        _judge(setting, part, visits, killed=crew[0].name if kill else "")
        if kill:
            _judge_telling(setting, part, url)
    return part


def _program(setting: Setting, url: str, folder: Path, name: str, command: str) -> Program:
    given = {
        "DADKHAH_DATABASE_URL": url.replace("postgresql+psycopg", "postgresql"),
        "DADKHAH_ENGINE": "distributed",
        "DADKHAH_DATA_DIR": str(folder),
        "DADKHAH_TELEGRAM_TOKEN": setting.telegram.token,
        "DADKHAH_TELEGRAM_API_URL": setting.telegram.api_url,
        "DADKHAH_ALLOWED_PRIVATE_HOSTS": f"127.1.0.0/16:{setting.port}",
        "DADKHAH_FULL_TEXT": "false",
        "DADKHAH_FETCH_CONCURRENCY": str(setting.slots),
        "DADKHAH_PARSE_PROCESSES": "1",
        "DADKHAH_HTTP_LISTEN": "",
        "DADKHAH_CONTACT": name,
    }
    return Program(name, ("bot", command), given, folder / f"{name}.log")


def _add_channels(setting: Setting, url: str) -> None:
    """Two channels with a digest in each of the next minutes."""
    now = datetime.now(UTC)
    schedule = tuple(
        sorted({f"{now + timedelta(minutes=number):%H:%M}" for number in range(1, _SLOTS)})
    )
    store = open_store(url, create=False)
    try:
        for chat in _CHATS:
            setting.telegram.add_chat(chat)
            store.add_channel(ChannelSpec(str(chat), schedule=schedule), at=now, actor="cli")
    finally:
        store.close()


def _visits(port: int) -> list[Visit]:
    """What the feeds' server saw since it was last asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/visits", timeout=60) as answer:
        return [Visit(*row) for row in json.load(answer)]


# ---------------------------------------------------------------- what is measured


def _measure(
    setting: Setting, part: Part, url: str, clock: Program, crew: Sequence[Program]
) -> None:
    """From the moment when all feeds are due until none is."""
    whole = _Whole(setting, clock, crew)
    before, killed_cpu = whole.cpu(), 0.0
    with connected(url) as connection:
        start_clock(connection)
        began = told = time.monotonic()
        due, killed = setting.feeds, False
        while due and time.monotonic() - began < MOST:
            time.sleep(0.5)
            due = still_due(connection)
            part.connections = max(part.connections, connections(connection))
            if part.kill and not killed and due < setting.feeds * (1 - KILL_AT):
                killed = True
                family = crew[0].family()
                killed_cpu = cpu_of(family)
                crew[0].kill()
                say(f"  killed {crew[0].name} with {due} feeds left")
                if not are_gone(family):
                    part.problems.append("left over: processes of the killed worker live on")
            if time.monotonic() - told > _NEWS:
                told = time.monotonic()
                say(f"  {setting.feeds - due} of {setting.feeds} after {told - began:.0f} s")
    part.memory = sum(proportional(pid) for one in crew for pid in one.family())
    after = whole.cpu()
    part.cpu = after["workers"] - before["workers"] + killed_cpu
    part.cpu_clock = after["clock"] - before["clock"]
    part.cpu_postgres = after["postgres"] - before["postgres"]
    part.busy = (after["busy"] - before["busy"]) / max(1e-9, after["all"] - before["all"])
    if due:
        part.problems.append(f"lost: {due} feeds were not polled within {MOST:.0f} s")


class _Whole:
    """CPU of all that takes part."""

    def __init__(self, setting: Setting, clock: Program, crew: Sequence[Program]) -> None:
        self._setting, self._clock, self._crew = setting, clock, crew

    def cpu(self) -> Mapping[str, float]:
        """Seconds so far; "busy" and "all" are the machine's."""
        server = self._setting.server.pid
        ticks = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return {
            "workers": sum(cpu_of(one.family()) for one in self._crew),
            "clock": cpu_of(self._clock.family()),
            "postgres": cpu_of([server, *below(server)]),
            "busy": float(sum(ticks) - ticks[3] - ticks[4]),
            "all": float(sum(ticks)),
        }


def _until_told(setting: Setting, part: Part, url: str) -> None:
    """All that is on the subject is told in both channels, or it is too late."""
    end = time.monotonic() + _TOLD
    wanted = _wanted(setting.feeds)
    while time.monotonic() < end:
        found = books.stories(url, setting.telegram, wanted)
        told = all(
            (channel, subject) in found.told
            for subject in found.wanted.values()
            for channel in found.channels
            if subject is not None
        )
        if told and all(found.wanted.values()) and not _is_open(url):
            return
        time.sleep(2.0)
    part.problems.append(f"late: not all was told {_TOLD:.0f} s after the last poll")


def _is_open(url: str) -> bool:
    with books.connected(url) as connection:
        query = "SELECT 1 FROM delivery WHERE state IN ('queued', 'sending') LIMIT 1"
        return connection.execute(query).fetchone() is not None


def _wanted(feeds: int) -> list[str]:
    return [link_of(number, 0) for number in range(feeds) if is_on_subject(number)]


def _stop(part: Part, clock: Program, crew: Sequence[Program]) -> None:
    for program in (*crew, clock):
        family = program.family()
        seconds = program.stop()
        if seconds > 15.0:  # TimeoutStopSec in docs/operating.md
            part.problems.append(f"late: {program.name} took {seconds:.0f} s to stop")
        if not are_gone(family):
            part.problems.append(f"left over: processes of {program.name} live on")
        part.problems += judge.some(
            f"broke: {program.name}: {line}" for line in errors(program.said)
        )


# ---------------------------------------------------------------- what is judged


def _judge(setting: Setting, part: Part, visits: Sequence[Visit], *, killed: str) -> None:
    assert part.left is not None
    hosts = judge.by_host(visits)
    starts = sorted(visit.began for visit in visits)
    if starts:
        part.seconds = max(visit.ended for visit in visits) - starts[0]
        tenth = len(starts) // 10
        middle = starts[-1 - tenth] - starts[tenth]
        part.middle = (len(starts) - 2 * tenth) / middle if middle else 0.0
    part.requests, part.stored = len(visits), sum(part.left.polls.values())
    part.unchanged = sum(visit.status == 304 for visit in visits)
    part.hurried = judge.hurried(visits, 4.5)
    part.problems += judge.some(judge.at_once(visits))
    missing = [n for n in range(setting.feeds) if address_of(n) not in hosts]
    twice = [feed for feed, polls in part.left.polls.items() if polls != 1]
    if missing:
        part.problems.append(f"lost: {len(missing)} feeds were never asked")
    if twice or len(part.left.polls) != setting.feeds:
        part.problems.append(f"twice or lost: {len(twice)} feeds do not have one stored poll each")
    for host, own in hosts.items():
        part.again += len(own) > 1
        if len(own) > 1 and not (killed and own[0].who == killed):
            asked = [visit.who for visit in own]
            part.problems.append(f"twice: {host} was asked by {asked}, and nobody was killed there")
    if part.left.failed:
        part.problems.append(f"failed: the polls of {part.left.failed} feeds")
    left_over = judge.Remains(part.left.held, part.left.locks)
    part.problems += judge.remains(left_over)
    part.problems = judge.some(part.problems)


def _judge_telling(setting: Setting, part: Part, url: str) -> None:
    found = books.stories(url, setting.telegram, _wanted(setting.feeds))
    facts = books.facts(url, setting.telegram, kills=1)
    part.digests = len({(page.channel_id, page.digest_id) for page in facts.deliveries})
    part.told = len(found.told)
    part.problems += judge.some([*judge.stories(found), *pages.problems(facts)])
