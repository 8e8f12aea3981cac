"""`make bench-poll`: cycles of polls over generated feeds, beside a peer.

    python -m benchmarks.poll [COUNT ...] [options]      (default: 1000 5000)

For each number of feeds: the documents are made, a server of its own process serves each at a
loopback address of its own, and each program polls them three times in one process, as it
would in service: all new; all unchanged; 5 % changed, and 30 % of the feeds without validators.
Start-up is told apart: a command of its own over one feed. Progress goes to stderr, the table to
stdout, every figure to build/bench-poll.json. Run it with nothing else on the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import pack, peer
from benchmarks.corpus import SEED, Corpus
from benchmarks.ours import ROOT, Ours
from benchmarks.session import Session
from benchmarks.table import CYCLES, Run, table, verdicts

_OUT = ROOT / "build" / "bench-poll.json"
_IDLE = 0.1  # share of the machine that others may use


def say(*words: object) -> None:
    """Tell how far it is."""
    print(*words, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Served:
    """A corpus with the server that serves it."""

    corpus: Corpus
    port: int

    @property
    def addresses(self) -> list[str]:
        """The feeds' addresses."""
        return [f"http://{plan.address}:{self.port}/feed" for plan in self.corpus.plans]

    def cycle(self, number: int) -> Mapping[str, float]:
        """Begin a cycle; what the last one came to, as the server saw it."""
        url = f"http://127.0.0.1:{self.port}/cycle/{number}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10) as answer:
            return dict(json.load(answer))


@contextlib.contextmanager
def served(count: int, seed: int, folder: Path) -> Iterator[Served]:
    """Make a corpus and serve it."""
    corpus = Corpus(count, datetime.now(UTC).replace(microsecond=0), seed)

    def progress(done: int) -> None:
        if done % 500 == 0:
            say(f"  {done} of {count} feeds made")

    shelves = pack.write(corpus, folder, progress)
    plain = sum(shelf.versions[0].plain for shelf in shelves)
    say(f"{count} feeds, {plain / count / 1000:.1f} kB each")
    command = [sys.executable, "-m", "benchmarks.server", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield Served(corpus, int(server.stdout.readline()))
        finally:
            server.terminate()


class Bench:
    """What is measured, with what, and what has come of it so far."""

    def __init__(self, options: argparse.Namespace, scratch: Path) -> None:
        self._options = options
        self._scratch = scratch
        self._python = None if options.alone else peer.install()
        self.runs: list[Run] = []
        self.versions: dict[str, str] = {}
        self.startup: dict[str, dict[str, float]] = {}

    def run(self, count: int) -> None:
        """All rounds with this number of feeds."""
        with served(count, self._options.seed, self._scratch) as site:
            if not self.startup:
                self._start_up(site)
            for number in range(1, self._options.rounds + 1):
                self._round(site, number)

    def _programs(self, site: Served, folder: Path, count: int) -> list[Ours | peer.Peer]:
        """Both, each with a new database in a folder of its own; only the first feeds of all."""
        corpus = Corpus(count, site.corpus.at, site.corpus.seed)
        homes = [folder / "ours", folder / "peer"]
        for home in homes:
            home.mkdir()
        made: list[Ours | peer.Peer] = []
        if not self._options.peer_alone:
            made.append(Ours(homes[0], corpus.opml(site.port), site.port, self._options.tree))
        if self._python is not None:
            addresses = site.addresses[:count]
            made.append(peer.Peer(homes[1], addresses, self._python, self._options.workers))
        return made

    def _start_up(self, site: Served) -> None:
        """What a cycle over one unchanged feed takes: nearly all of it is start-up."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            for program in self._programs(site, Path(folder), 1):
                self.versions[program.name] = program.version
                program.prepare()
                program.start_up()
                polls = [program.start_up() for _ in range(3)]
                wall, cpu = median(p.wall for p in polls), median(p.cpu for p in polls)
                self.startup[program.name] = {"seconds": wall, "cpu_seconds": cpu}
                say(f"{program.name}: start-up {wall:.2f} s, {cpu:.2f} s of CPU")

    def _round(self, site: Served, number: int) -> None:
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            programs = self._programs(site, Path(folder), site.corpus.count)
            for program in programs if number % 2 else reversed(programs):
                site.cycle(1)
                program.prepare()
                with program.session() as session:
                    for cycle in CYCLES:
                        self._cycle(site, program, session, (number, cycle))

    def _cycle(
        self,
        site: Served,
        program: Ours | peer.Peer,
        session: Session,
        place: tuple[int, int],
    ) -> None:
        number, cycle = place
        site.cycle(cycle)
        poll = session.ask("poll")
        seen = site.cycle(cycle)
        run = Run(
            program=program.name,
            feeds=site.corpus.count,
            round=number,
            cycle=cycle,
            wall=poll.wall,
            cpu=poll.cpu,
            memory=poll.memory,
            processes=poll.processes,
            server=seen,
            found=program.found(poll),
        )
        self.runs.append(run)
        say(
            f"{program.name:>8} {run.feeds} feeds, round {number}, {CYCLES[cycle]}: "
            f"{run.speed:.0f} feeds/s, {run.cost:.2f} ms of CPU a feed, "
            f"{run.memory / 2**20:.0f} MB; server: {seen.get('200', 0)} x 200, "
            f"{seen.get('304', 0)} x 304; {dict(run.found)}"
        )


def machine() -> dict[str, Any]:
    """What the figures were measured on; no names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def busy(seconds: float = 1.0) -> float:
    """Share of the machine's CPU that is in use, just now."""

    def ticks() -> tuple[int, int]:
        fields = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    all_before, idle_before = ticks()
    time.sleep(seconds)
    all_after, idle_after = ticks()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.poll", description="Cycles of polls, beside a peer."
    )
    add = parser.add_argument
    add("counts", nargs="*", type=int, default=[1000, 5000], help="numbers of feeds")
    add("--rounds", type=int, default=1, help="of each; the table has the medians")
    add("--workers", type=int, default=peer.WORKERS, help="of the peer (default %(default)s)")
    add("--alone", action="store_true", help="without the peer")
    add("--peer-alone", action="store_true", help="only the peer")
    add("--seed", type=int, default=SEED, help="of the generated feeds")
    add("--tree", type=Path, default=ROOT, help="a checkout to measure (default: this one)")
    add("--out", type=Path, default=_OUT, help="where the figures go, as JSON")
    return parser.parse_args()


def main() -> int:
    """Measure and tell; 1 if a requirement is not met."""
    options = _options()
    if (used := busy()) > _IDLE:
        say(f"warning: others use {used:.0%} of this machine; the figures will not be good")
    with tempfile.TemporaryDirectory(prefix="bench-poll-") as scratch:
        bench = Bench(options, Path(scratch))
        for count in options.counts:
            bench.run(count)
    judged = list(verdicts(bench.runs, Ours.name, peer.Peer.name))
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "seed": options.seed,
        "versions": bench.versions,
        "startup": bench.startup,
        "runs": [asdict(run) for run in bench.runs],
        "verdicts": [asdict(verdict) for verdict in judged],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(*table(bench.runs), sep="\n")
    for name, start in bench.startup.items():
        print(f"\n{name} {bench.versions[name]}: start-up {start['seconds']:.2f} s,", end=" ")
        print(
            f"{start['cpu_seconds']:.2f} s of CPU (a command of its own; not included above)",
            end="",
        )
    print("\n")
    for verdict in judged:
        print(f"{'met ' if verdict.met else 'MISS'}  {verdict.text}")
    return 0 if all(verdict.met for verdict in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
