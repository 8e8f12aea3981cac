"""What the measured cycles come to: medians, ratios, verdicts, a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

CYCLES = {1: "all new", 2: "all unchanged", 3: "5 % changed"}
WANTED = {1: 2.5, 2: 2.0, 3: 7.0}  # times the peer's feeds a second
MOST_MEMORY = 300 * 1024 * 1024  # bytes, of all our processes together
FLAT = 1.15  # CPU a feed with the most feeds, beside that with the fewest


@dataclass(frozen=True, slots=True)
class Run:
    """One cycle of one program, as measured."""

    program: str
    feeds: int
    round: int
    cycle: int
    wall: float  # seconds
    cpu: float  # seconds
    memory: int  # bytes
    processes: int
    server: Mapping[str, float]  # requests, 200, 304, bytes, cpu_seconds
    found: Mapping[str, object]

    @property
    def speed(self) -> float:
        """Feeds a second."""
        return self.feeds / self.wall

    @property
    def cost(self) -> float:
        """Milliseconds of CPU a feed, of all processes."""
        return self.cpu / self.feeds * 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One requirement, and whether it is met."""

    text: str
    met: bool


def of(runs: Iterable[Run], program: str, feeds: int, cycle: int) -> list[Run]:
    """The rounds of one program, number of feeds and cycle."""
    return [r for r in runs if (r.program, r.feeds, r.cycle) == (program, feeds, cycle)]


def verdicts(runs: Sequence[Run], ours: str, peer: str) -> Iterator[Verdict]:
    """Each requirement of the benchmark, as far as it was measured."""
    counts = sorted({run.feeds for run in runs})
    for feeds in counts:
        for cycle, wanted in WANTED.items():
            one, other = of(runs, ours, feeds, cycle), of(runs, peer, feeds, cycle)
            if one and other:
                ratio = median(r.speed for r in one) / median(r.speed for r in other)
                text = f"{feeds} feeds, {CYCLES[cycle]}: {ratio:.1f} times {peer}'s feeds a second"
                yield Verdict(f"{text} (wanted: {wanted:g})", ratio >= wanted)
    for cycle in CYCLES if len(counts) > 1 else ():
        few, many = (of(runs, ours, feeds, cycle) for feeds in (counts[0], counts[-1]))
        growth = median(r.cost for r in many) / median(r.cost for r in few)
        text = f"CPU a feed, {CYCLES[cycle]}, from {counts[0]} to {counts[-1]} feeds: {growth:.2f}"
        yield Verdict(f"{text} times (flat: at most {FLAT:g})", growth <= FLAT)
    memory = max((run.memory for run in runs if run.program == ours), default=0)
    text = f"memory of all processes together: {memory / 2**20:.0f} MB"
    yield Verdict(f"{text} (under {MOST_MEMORY / 2**20:.0f})", memory < MOST_MEMORY)


def table(runs: Sequence[Run]) -> Iterator[str]:
    """A Markdown table of all that was measured, medians of the rounds."""
    yield (
        "| feeds | cycle | program | feeds/s | CPU ms a feed | seconds | memory MB | processes "
        "| server CPU ms a feed |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for key in sorted({(run.feeds, run.cycle, run.program) for run in runs}):
        feeds, cycle, program = key
        rounds = of(runs, program, feeds, cycle)
        cells = (
            f"{feeds}",
            CYCLES[cycle],
            program,
            f"{median(r.speed for r in rounds):.0f}",
            f"{median(r.cost for r in rounds):.2f}",
            f"{median(r.wall for r in rounds):.1f}",
            f"{max(r.memory for r in rounds) / 2**20:.0f}",
            f"{max(r.processes for r in rounds)}",
            f"{median(r.server['cpu_seconds'] for r in rounds) / feeds * 1000:.2f}",
        )
        yield f"| {' | '.join(cells)} |"
