"""`make soak`: 200,000 polls at full speed in one process, and what of it grows.

    python -m benchmarks.soak [POLLS] [--feeds N] [--seed N]   (default: 200000)

The whole service with a real SQLite file (`benchmarks.soak_run`) against a world of its own on
loopback (`benchmarks.soak_server`): feeds mostly unchanged, some changing, so that articles, pages,
revisions, stories, digests to a channel and to subscribers, commands of ever new people, retention
all happen. Time runs ahead: 200,000 polls of 400 feeds are some weeks.

Sampled 40 times: memory of the process and of its reading processes, open files, sockets, threads,
asyncio tasks, every large container of ours, caches, files in the data folder, the WAL. The last
quarter is compared with the second: memory may grow by 5 %, handles not at all. Exit 1 otherwise,
and if a tick broke. Every figure goes to build/bench-soak.json. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

from benchmarks.ours import ROOT
from benchmarks.poll import machine, say
from benchmarks.soak_server import Clock

_OUT = ROOT / "build" / "bench-soak.json"
_SAMPLES = 40
_PATIENCE = 1_200.0  # seconds without a sample: it stands still
MEMORY = 1.05  # times that of the second quarter
WAL = 64 * 1024 * 1024  # bytes
_SPARE = 6  # handles: what happens to be under way at a sample
_GROWN = 1.25  # times, of a container
_TELLING = 400  # members more, of a container

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """One thing that must not grow."""

    what: str
    before: float  # in the second quarter
    after: float  # in the last
    most: float

    @property
    def is_good(self) -> bool:
        """Whether it stayed within its bound."""
        return self.after <= self.most

    def __str__(self) -> str:
        """For people."""
        mark = "ok " if self.is_good else "NOT"
        return (
            f"{mark} {self.what:<44} {self.before:>14,.0f} {self.after:>14,.0f} {self.most:>14,.0f}"
        )


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    """The last quarter beside the second."""
    quarter = len(samples) // 4
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    made = []

    def add(
        what: str,
        get: Callable[[Sample], float],
        most: Callable[[float], float],
        of: Callable[[list[float]], float] = median,
    ) -> None:
        before, after = of([get(one) for one in second]), of([get(one) for one in last])
        made.append(Verdict(what, before, after, most(before)))

    add("memory, bytes", lambda s: s["rss"], lambda b: b * MEMORY)
    add("memory of a reading process, bytes", lambda s: max(s["workers"], default=0),
        lambda b: b * 1.25)  # fmt: skip
    for name in ("fds", "sockets", "threads", "tasks"):
        add(name, lambda s, name=name: s[name], lambda b: b + _SPARE)  # type: ignore[misc]
    add("reading processes and helpers", lambda s: len(s["workers"]), lambda b: b + 1)
    add("blocks of Python's memory", lambda s: s["blocks"], lambda b: b * MEMORY)
    add("files in the data folder", lambda s: s["files"], lambda b: b + _SPARE)
    add("WAL, bytes", lambda s: s["wal"], lambda _: WAL, max)
    add("ticks that broke", lambda s: s["ticks"]["broke"], lambda _: 0, max)
    for kind in ("rooms", "caches"):
        for name in sorted({name for one in last for name in one[kind]}):
            add(f"{kind}: {name}"[:44], lambda s, k=kind, n=name: s[k].get(n, 0),  # type: ignore[misc]
                lambda b: b * _GROWN + _TELLING)  # fmt: skip
    return made


def report(samples: Sequence[Sample], found: Sequence[Verdict], seconds: float) -> str:
    """What is printed."""
    first, last = samples[0], samples[-1]
    memory = " ".join(f"{one['rss'] / 2**20:.0f}" for one in samples)
    head = (
        f"{last['polls']:,} polls in {seconds:,.0f} s ({last['polls'] / seconds:,.0f}/s), "
        f"{last['day'] - first['day']:.1f} days of its own time: {last['outcomes']}\n"
        f"articles {last['articles']}\n"
        f"pages sent {last['pages']}, updates heard {last['updates']}, "
        f"ticks failed {last['ticks']['failed']}, database {last['database'] / 2**20:,.1f} MB "
        f"(first sample {first['database'] / 2**20:,.1f})\n"
        f"memory {memory} MB\n"
        f"{'':<4}{'':<44} {'2nd quarter':>14} {'last quarter':>14} {'at most':>14}"
    )
    return "\n".join([head, *map(str, found)])


@contextmanager
def world(folder: Path, seed: int) -> Iterator[int]:
    """Serve the world; its port."""
    clock = folder / "clock"
    Clock(clock).seconds = time.time()
    command = [sys.executable, "-m", "benchmarks.soak_server", str(clock), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def environment(folder: Path, port: int, feeds: int) -> dict[str, str]:
    """The service's settings: no pauses, short retention, one reading process, a free port."""
    listed = "".join(
        f'[[feed]]\nurl = "http://127.{1 + n // 250}.{n % 250}.7:{port}/feed"\nlanguage = "en"\n'
        for n in range(feeds)
    )
    (folder / "feeds.toml").write_text(listed, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    return kept | {
        "DADKHAH_DATA_DIR": str(folder / "data"),
        "DADKHAH_FEEDS": str(folder / "feeds.toml"),
        "DADKHAH_TELEGRAM_TOKEN": "123456:" + "A" * 35,
        "DADKHAH_TELEGRAM_API_URL": f"http://127.0.0.1:{port}",
        "DADKHAH_ADMINS": "4242",
        "DADKHAH_CHANNEL": "@soak",
        "DADKHAH_SCHEDULE": "00:00,06:00,12:00,18:00",
        "DADKHAH_HOST_DELAY": "0",
        "DADKHAH_ALLOWED_PRIVATE_HOSTS": "127.0.0.0/8",
        "DADKHAH_PARSE_PROCESSES": "1",
        "DADKHAH_RETENTION_LEDGER": "1",
        "DADKHAH_RETENTION_TEXT": "2",
        "DADKHAH_RETENTION_AUDIT": "1",
        "DADKHAH_HTTP_LISTEN": "127.0.0.1:0",
    }


def _is_ours(name: str) -> bool:
    return name.startswith("DADKHAH_") or name.lower().endswith("_proxy")


def samples_of(stream: IO[str], process: subprocess.Popen[str], polls: int) -> Iterator[Sample]:
    """As they come; ends when the process does, or stands still."""
    began = time.time() / 86_400
    while select.select([stream], [], [], _PATIENCE)[0]:
        line = stream.readline()
        if not line:
            return
        found = json.loads(line)
        say(
            f"  {found['polls']:>7,} of {polls:,} polls, day {found['day'] - began:.1f}: "
            f"{found['rss'] / 2**20:.0f} MB, {found['fds']} files, {found['tasks']} tasks, "
            f"database {found['database'] / 2**20:.0f} MB"
        )
        yield found
    say(f"nothing was heard for {_PATIENCE:g} s: it stands still")
    process.kill()


def soak(polls: int, feeds: int, seed: int, folder: Path) -> tuple[list[Sample], float, int]:
    """The samples, the seconds, how the process ended."""
    with world(folder, seed) as port:
        began = time.monotonic()
        command = [sys.executable, "-m", "benchmarks.soak_run"]
        words = [str(folder / "clock"), str(polls), str(_SAMPLES)]
        env = environment(folder, port, feeds)
        with subprocess.Popen(
            [*command, *words], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                samples = list(samples_of(process.stdout, process, polls))
            except BaseException:
                process.kill()
                raise
            code = process.wait()
        return samples, time.monotonic() - began, code


def main(words: Sequence[str] | None = None) -> int:
    """Soak; 1 if something grew, broke, or stood still."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak")
    parser.add_argument("polls", nargs="?", type=int, default=200_000)
    parser.add_argument("--feeds", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=_OUT)
    options = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    with tempfile.TemporaryDirectory(prefix="dadkhah-soak-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        samples, seconds, code = soak(options.polls, options.feeds, options.seed, folder)
    whole = code == 0 and samples and samples[-1]["polls"] >= options.polls
    found = verdicts(samples) if len(samples) >= 8 else []
    options.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "seconds": seconds, "samples": samples}
    options.out.write_text(json.dumps(told), encoding="utf-8")
    if samples:
        print(report(samples, found, seconds))
    if not whole:
        print(f"NOT whole: the process ended with {code} after {len(samples)} samples")
    return 0 if whole and found and all(one.is_good for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
