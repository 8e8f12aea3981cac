"""Real processes of the program, what CPU they took, and their ends. Linux only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.measure import below
from benchmarks.ours import ROOT

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP = 20.0  # seconds after which one that does not heed SIGTERM is killed


class ProgramFailed(Exception):
    """It ended, or said nothing in time; the text is the end of what it said."""


class Program:
    """One process of ours with what it started."""

    def __init__(
        self, name: str, command: Sequence[str], given: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self._command = (sys.executable, "-m", *command)
        self._environment = _environment(given)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what it says goes on in its log."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._log.parent, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id; 0 before its start."""
        return self._process.pid if self._process else 0

    @property
    def code(self) -> int | None:
        """How it ended; None while it goes on."""
        return self._process.poll() if self._process else None

    @property
    def said(self) -> str:
        """Its log."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def family(self) -> list[int]:
        """It and all that it started."""
        return [self.pid, *below(self.pid)] if self.code is None else []

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something. ProgramFailed when it ends before, or in so many seconds."""
        end = time.monotonic() + seconds
        while not condition():
            if self.code is not None or time.monotonic() > end:
                raise ProgramFailed(f"{self.name}: {what}\n{self.said[-3_000:]}")
            time.sleep(0.05)

    def until_said(self, word: str, seconds: float = 60.0) -> None:
        """Wait until its log has a word."""
        self.until(lambda: word in self.said, seconds, f"did not say {word!r}")

    def kill(self) -> None:
        """SIGKILL to the one process: what it started has to notice by itself."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Any other signal, if it is there still."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> float:
        """SIGTERM; the seconds that it took. Killed, and infinity, when it does not heed it."""
        process = self._process
        if process is None or process.poll() is not None:
            return 0.0
        began = time.monotonic()
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return float("inf")
        return time.monotonic() - began


@contextlib.contextmanager
def running(programs: Sequence[Program]) -> Iterator[None]:
    """Start them, and stop what is left of them."""
    try:
        for program in programs:
            program.start()
        yield
    finally:
        for program in programs:
            program.stop()


def cpu_of(pids: Sequence[int]) -> float:
    """Seconds, user and system, of these processes and of those that they waited for."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def are_gone(pids: Sequence[int], seconds: float = 10.0) -> bool:
    """Whether processes end by themselves within so many seconds."""
    end = time.monotonic() + seconds
    while any(_lives(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _lives(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return {**own, "PYTHONPATH": str(ROOT), **given}


def _die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
