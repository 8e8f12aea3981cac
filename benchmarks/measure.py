"""One command, measured with all its processes: wall time, CPU, memory at its highest.

CPU is user and system time of the command and of everything that it started: orphans are
adopted (PR_SET_CHILD_SUBREAPER) and waited for, so that none escapes. That is why each command
is run by a small process of its own, this module. Memory is the sum of the proportional set
sizes of all its processes at one moment (shared pages count once), looked at ten times a
second. Linux only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LOOK = 0.1  # seconds between two looks at memory
_SUBREAPER = 36  # linux/prctl.h
_PATIENCE = 5.0  # seconds that what a command left running may go on


class CommandFailed(Exception):
    """The command ended with an error; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took."""

    wall: float  # seconds
    cpu: float  # seconds, of all its processes
    memory: int  # bytes, of all its processes together at the highest moment
    processes: int  # at the most
    output: str


def measured(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, scratch: Path
) -> Measured:
    """Run a command to its end. CommandFailed unless it ends with 0."""
    watch = [sys.executable, "-m", "benchmarks.measure", str(cwd), str(scratch), *command]
    watched = subprocess.run(watch, cwd=_ROOT, env=env, stdout=subprocess.PIPE, check=True)
    told = json.loads(watched.stdout)
    code = told.pop("code")
    if code != 0:
        said = (scratch / "stderr.txt").read_text(encoding="utf-8", errors="replace")
        raise CommandFailed(f"{' '.join(command)} ended with {code}:\n{said[-2_000:]}")
    output = (scratch / "stdout.txt").read_text(encoding="utf-8", errors="replace")
    return Measured(**told, output=output)


# ---------------------------------------------------------------- in the process that watches


@dataclass(slots=True)
class _Watch:
    """What the process that runs the command finds out."""

    code: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    processes: int = 0


def _watched(cwd: str, scratch: Path, command: Sequence[str]) -> _Watch:
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    seen = _Watch()
    with (scratch / "stdout.txt").open("wb") as out, (scratch / "stderr.txt").open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=err)
        end = select.poll()
        end.register(os.pidfd_open(child.pid), select.POLLIN)
        while not end.poll(_LOOK * 1000):
            sizes = [size for pid in below(os.getpid()) if (size := proportional(pid))]
            seen.memory = max(seen.memory, sum(sizes))
            seen.processes = max(seen.processes, len(sizes))
        seen.wall = time.perf_counter() - start
    seen.code = child.wait()
    _wait_for_orphans()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seen.cpu = used.ru_utime + used.ru_stime
    return seen


def below(root: int) -> list[int]:
    """All descendants of a process."""
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            children[int(fields[1])].append(int(path.name))
    found, left = [], [root]
    while left:
        own = children[left.pop()]
        found += own
        left += own
    return found


def proportional(pid: int) -> int:
    """Bytes of memory of a process, its share of shared pages included; 0 once it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    line = next((row for row in text.splitlines() if row.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) * 1024


def _wait_for_orphans() -> None:
    """Wait for what the command left behind; what does not end by itself is not counted."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.01)
    print("processes were left running: their CPU is not counted", file=sys.stderr)


if __name__ == "__main__":
    print(json.dumps(asdict(_watched(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))))
