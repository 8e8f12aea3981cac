"""What happens in a storm, from its seed: pure."""

import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass

PROCESSES = ("run-1", "run-2", "worker-1", "worker-2")
EVERY = 7.0  # seconds between two blows, in the mean
_LONGEST_REST = 6.0  # seconds before what was struck is started again
_HARD = 0.55  # share of SIGKILL; the others are SIGTERM


@dataclass(frozen=True)
class Blow:
    """A process ends, and is started again later. Seconds from the storm's beginning."""

    at: float
    process: str
    signal: signal.Signals
    rest: float


@dataclass(frozen=True)
class Plan:
    """A whole storm."""

    seed: int
    seconds: float
    blows: tuple[Blow, ...]


def plan_of(seed: int, seconds: float, every: float = EVERY) -> Plan:
    """The storm of a seed; each process is struck with both signals if there is time for it."""
    return Plan(seed, seconds, tuple(_blows(random.Random(seed), seconds, every)))


def _blows(dice: random.Random, seconds: float, every: float) -> Iterator[Blow]:
    at = dice.uniform(0.3, 1.0) * every
    first = [(name, how) for name in PROCESSES for how in (signal.SIGKILL, signal.SIGTERM)]
    dice.shuffle(first)
    while at < seconds:
        if first:
            name, how = first.pop()
        else:
            name = dice.choice(PROCESSES)
            how = signal.SIGKILL if dice.random() < _HARD else signal.SIGTERM
        yield Blow(at, name, how, dice.uniform(0.0, _LONGEST_REST))
        at += dice.uniform(0.2, 1.8) * every
