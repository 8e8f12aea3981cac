"""`make bench-scale`: 20,000 feeds, PostgreSQL, one worker against two, and one that is killed.

    python -m benchmarks.scale [FEEDS] [options]      (default: 20000; about 7 minutes)

Feeds are served on loopback, each at an address of its own and each answer 300 ms late. Real
processes poll them once: `dadkhah run` is the clock, `dadkhah worker` polls, with a fixed number
of fetch slots. Three parts in one run, each on a fresh copy of one database: one worker; two; two
of which one is killed (SIGKILL) half-way while two channels get digests. Figures go to stdout and
build/bench-scale.json. 1 if a promise is broken or a figure that is wanted is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ours import ROOT
from benchmarks.poll import busy, machine, say
from benchmarks.scale_database import fill, postgres
from benchmarks.scale_feeds import CHANGED, ENTRIES
from benchmarks.scale_part import Part, Setting, play
from benchmarks.scale_programs import ProgramFailed
from benchmarks.table import Verdict
from tests.standin import BotApiThread

_OUT = ROOT / "build" / "bench-scale.json"
_IDLE = 0.1
LEAST_SPEED = 1.7  # times the feeds a second of one worker
MOST_COST = 1.15  # times its CPU a feed


@contextlib.contextmanager
def feeds(late: float) -> Iterator[int]:
    """Serve the feeds in a process of its own; its port."""
    command = [sys.executable, "-m", "benchmarks.late_server", str(late)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.terminate()


def verdicts(parts: Sequence[Part]) -> Iterator[Verdict]:
    """What was wanted, and whether it was met."""
    plain = {part.workers: part for part in parts if not part.kill}
    if 1 in plain and 2 in plain and plain[1].speed and plain[1].cost:
        one, two = plain[1], plain[2]
        speed, cost = two.speed / one.speed, two.cost / one.cost
        text = f"two workers poll {speed:.2f} times the feeds a second of one"
        yield Verdict(f"{text} (wanted: {LEAST_SPEED})", speed >= LEAST_SPEED)
        text = f"two workers take {cost:.2f} times the CPU a feed of one"
        yield Verdict(f"{text} (wanted: at most {MOST_COST})", cost <= MOST_COST)
    for part in parts:
        name = _name(part)
        if part.problems:
            yield from (Verdict(f"{name}: {problem}", met=False) for problem in part.problems)
        else:
            kept = "every feed polled and stored once, no host asked twice at once"
            if part.kill:
                kept += f"; {part.told} stories told in {part.digests} digests, each once"
            yield Verdict(f"{name}: {kept}; nothing left held", met=True)


def _name(part: Part) -> str:
    return f"{part.workers} worker{'s' * (part.workers > 1)}{', one killed' * part.kill}"


def table(parts: Sequence[Part], slots: int, late: float) -> Iterator[str]:
    """A row a part."""
    columns = ("feeds/s", "in the middle", "CPU ms a feed", "waiting bound", "clock", "PostgreSQL")
    yield f"| | {' | '.join(columns)} | busy | connections | MB |"
    yield "|---" * (len(columns) + 4) + "|"
    for part in parts:
        bound = part.workers * slots / late if late else 0.0
        used = part.middle / bound if bound else 0.0
        each = 1000 / max(1, part.stored)
        yield (
            f"| {_name(part)} | {part.speed:.0f} | {part.middle:.0f} | {part.cost:.2f} "
            f"| {used:.0%} of {bound:.0f}/s | {part.cpu_clock * each:.2f} "
            f"| {part.cpu_postgres * each:.2f} | {part.busy:.0%} "
            f"| {part.connections} | {part.memory / 2**20:.0f} |"
        )


def _explained(options: argparse.Namespace) -> str:
    return (
        f"Measured: {options.feeds} feeds due at one moment, each polled once; {CHANGED} of 100 "
        f"have {ENTRIES} new entries, the others answer 304; they were stored as after a first "
        f"reading, which is not measured. Each answer {options.late * 1000:.0f} ms late, "
        f"{options.slots} slots a worker: at most {options.slots / options.late:.0f} feeds a "
        "second each by waiting alone ('waiting bound': how much of that was reached in the "
        "middle). CPU: user and system time of the workers with their reading processes; of the "
        "clock and of PostgreSQL beside it, in ms a feed. Feeds' server, Telegram's stand-in and "
        "PostgreSQL (fsync and all else as it comes) share the machine; 'busy' is all of it. "
        "'connections' are PostgreSQL's of all processes at the most, 'MB' the workers' memory."
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    add = parser.add_argument
    add("feeds", nargs="?", type=int, default=20_000)
    add("--slots", type=int, default=40, help="DADKHAH_FETCH_CONCURRENCY of each worker")
    add("--late", type=float, default=0.3, help="seconds until a feed answers")
    add("--parts", default="1,2,kill", help="which of them (default %(default)s)")
    add("--folder", help="where database and logs go (default: the system's for such)")
    add("--keep", action="store_true", help="keep that folder")
    add("--out", type=Path, default=_OUT)
    return parser.parse_args()


def _played(options: argparse.Namespace, folder: Path, parts: list[Part]) -> None:
    with postgres(str(folder)) as server, feeds(options.late) as port:
        began = time.monotonic()
        fill(server, options.feeds, port)
        say(f"{options.feeds} feeds stored in {time.monotonic() - began:.0f} s")
        for name in options.parts.split(","):
            with BotApiThread() as telegram:
                setting = Setting(
                    server, telegram, folder, port, options.feeds, options.slots, options.late
                )
                kill = name == "kill"
                part = play(setting, 2 if kill else int(name), kill=kill)
            parts.append(part)
            say(
                f"{_name(part)}: {part.speed:.0f} feeds/s, {part.cost:.2f} ms of CPU a feed, "
                f"{part.again} hosts asked again, {len(part.problems)} problems"
            )


def main() -> int:
    """Measure and tell; 1 if a promise is broken."""
    options = _options()
    if (used := busy()) > _IDLE:
        say(f"warning: others use {used:.0%} of this machine; the figures will not be good")
    parts: list[Part] = []
    folder = Path(tempfile.mkdtemp(prefix="bench-scale-", dir=options.folder))
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    failed = ""
    try:
        _played(options, folder, parts)
    except ProgramFailed as error:
        failed = str(error)
    judged = [*verdicts(parts), *([Verdict(failed, met=False)] if failed else [])]
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "others": round(used, 2),
        "load": os.getloadavg(),
        "feeds": options.feeds,
        "slots": options.slots,
        "late": options.late,
        "parts": [asdict(part) | {"left": None} for part in parts],
        "verdicts": [asdict(verdict) for verdict in judged],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(_explained(options), "", *table(parts, options.slots, options.late), "", sep="\n")
    for verdict in judged:
        print(f"{'met ' if verdict.met else 'MISS'}  {verdict.text}")
    met = all(verdict.met for verdict in judged)
    if met and not options.keep:
        shutil.rmtree(folder)
    else:
        print(f"      logs: {folder}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
