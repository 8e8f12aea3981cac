"""One long-lived process, measured while it does what it is told: a line in, a line out.

    with Session(command, env=..., cwd=..., scratch=...) as session:
        session.ask("poll").wall

CPU is user and system time of the process and all its children over the order, those that
ended meanwhile too. Memory as :mod:`benchmarks.measure` has it. Linux only.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.measure import CommandFailed, Measured, below, proportional

_LOOK = 0.1  # seconds between two looks at memory
_TICK = os.sysconf("SC_CLK_TCK")


class Session:
    """A process that reads orders from its standard input."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, scratch: Path
    ) -> None:
        self._errors = (scratch / "session.txt").open("wb")
        self._said = scratch / "session.txt"
        self._process = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._errors.close()

    def ask(self, order: str) -> Measured:
        """Give an order and wait for its answer. CommandFailed if the process ends instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        done = threading.Event()
        highest = [0, 0]
        looking = threading.Thread(target=self._look, args=(done, highest))
        before, start = self._cpu(), time.perf_counter()
        looking.start()
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        wall = time.perf_counter() - start
        done.set()
        looking.join()
        if not answer:
            said = self._said.read_text(encoding="utf-8", errors="replace")
            raise CommandFailed(f"{order!r} ended it:\n{said[-2_000:]}")
        return Measured(wall, self._cpu() - before, highest[0], highest[1], answer)

    def _look(self, done: threading.Event, highest: list[int]) -> None:
        while not done.wait(_LOOK):
            sizes = [size for pid in self._pids() if (size := proportional(pid))]
            highest[0] = max(highest[0], sum(sizes))
            highest[1] = max(highest[1], len(sizes))

    def _pids(self) -> list[int]:
        return [self._process.pid, *below(self._process.pid)]

    def _cpu(self) -> float:
        """Seconds, of the whole tree and of the children that it has waited for."""
        ticks = 0
        for pid in self._pids():
            try:
                text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            except OSError:
                continue
            ticks += sum(map(int, text.rpartition(")")[2].split()[11:15]))
        return ticks / _TICK
