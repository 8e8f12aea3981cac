"""How much machine so many feeds need: a model of a page, its inputs measured. Pure.

    python -m benchmarks.capacity [FEEDS ...] [--set name=value ...]

Each input says where it was measured; set others with `--set` (`--list` names them all). The
model is linear on purpose: what is not linear (what breaks first) stands in docs/scaling.md.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

DAY = 86_400
YEAR = 365
SIZES = (10_000, 100_000, 1_000_000)
_BIG = 100_000_000  # rows of one table from which on it is better kept in partitions


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was measured, per feed, poll or row. `SOURCES` says where."""

    polls_a_day: float = 34.2
    changed_share: float = 0.387
    entries_a_day: float = 64
    ledger_rows_a_day: float = 18.2
    cpu_unchanged_ms: float = 2.5
    cpu_changed_ms: float = 13
    cpu_postgres_ms: float = 1.1
    answer_seconds: float = 1.0
    bytes_unchanged: float = 6_000
    bytes_changed: float = 20_500
    bytes_article: float = 1_650
    bytes_ledger: float = 183
    bytes_feed: float = 2_600
    ledger_days: float = 90
    slots: float = 32
    core_share: float = 0.6
    peak: float = 3
    worker_memory_mb: float = 190
    worker_connections: float = 6
    clock_connections: float = 8


SOURCES: Mapping[str, str] = {
    "polls_a_day": "benchmarks.scale_inputs, simulated day of 300 feeds",
    "changed_share": "the same: share of polls that found something new",
    "entries_a_day": "the same: entries that a feed publishes a day",
    "ledger_rows_a_day": "the same: rows of the ledger",
    "cpu_unchanged_ms": "make bench-scale: a worker's CPU a poll that answers 304, nearly",
    "cpu_changed_ms": "docs/performance.md: 4.6 to read two, 0.6 to keep each; 4.8 here",
    "cpu_postgres_ms": "make bench-scale: PostgreSQL's CPU a poll",
    "answer_seconds": "assumed: until an answer of a far server is whole, with TLS",
    "bytes_unchanged": "assumed: a TLS handshake; the 304 itself is 300 bytes",
    "bytes_changed": "the same and 14.4 kB, a generated feed of 58.6 kB under gzip",
    "bytes_article": "benchmarks.scale_inputs: article, entry, address, match, band with indexes",
    "bytes_ledger": "the same: a row of the ledger",
    "bytes_feed": "the same: feed, listing, host's turn",
    "ledger_days": "DADKHAH_RETENTION_LEDGER",
    "slots": "DADKHAH_FETCH_CONCURRENCY of a worker",
    "core_share": "chosen: how much of a core a worker's own process is to be busy",
    "peak": "assumed: fetches of the busiest minutes over those of the mean",
    "worker_memory_mb": "make bench-scale: a worker with one reading process",
    "worker_connections": "make bench-scale: PostgreSQL connections of a worker, at the most",
    "clock_connections": "the same, of the clock",
}


@dataclass(frozen=True, slots=True)
class Need:
    """What so many feeds need in the mean; workers and connections for a peak."""

    feeds: int
    fetches: float  # a second
    megabits: float  # a second, both ways
    under_way: float  # fetches at one moment
    cores: float  # of workers
    cores_postgres: float
    workers: int  # for a peak
    memory_gb: float  # of these workers
    connections: int
    articles_a_day: float
    ledger_rows: float  # kept
    articles_gb_a_year: float
    ledger_gb: float  # kept
    feeds_gb: float
    full_in_days: float  # until the articles are 100 million rows


def need(feeds: int, by: Inputs) -> Need:
    """The model."""
    fetches = feeds * by.polls_a_day / DAY
    changed, same = fetches * by.changed_share, fetches * (1 - by.changed_share)
    cores = (changed * by.cpu_changed_ms + same * by.cpu_unchanged_ms) / 1000
    under_way = fetches * by.answer_seconds
    by_cpu, by_slots = by.peak * cores / by.core_share, by.peak * under_way / by.slots
    workers = max(1, math.ceil(by_cpu), math.ceil(by_slots))
    articles = feeds * by.entries_a_day
    ledger = feeds * by.ledger_rows_a_day * by.ledger_days
    return Need(
        feeds=feeds,
        fetches=fetches,
        megabits=(changed * by.bytes_changed + same * by.bytes_unchanged) * 8 / 1e6,
        under_way=under_way,
        cores=cores,
        cores_postgres=fetches * by.cpu_postgres_ms / 1000,
        workers=workers,
        memory_gb=workers * by.worker_memory_mb / 1000,
        connections=math.ceil(workers * by.worker_connections + 2 * by.clock_connections),
        articles_a_day=articles,
        ledger_rows=ledger,
        articles_gb_a_year=articles * YEAR * by.bytes_article / 1e9,
        ledger_gb=ledger * by.bytes_ledger / 1e9,
        feeds_gb=feeds * by.bytes_feed / 1e9,
        full_in_days=_BIG / articles,
    )


_ROWS = (
    ("fetches a second", "{0.fetches:.1f}"),
    ("fetches under way at one moment", "{0.under_way:.0f}"),
    ("bandwidth, Mbit/s", "{0.megabits:.1f}"),
    ("cores of the workers", "{0.cores:.2f}"),
    ("cores of PostgreSQL", "{0.cores_postgres:.2f}"),
    ("workers, for a peak", "{0.workers}"),
    ("their memory, GB", "{0.memory_gb:.1f}"),
    ("PostgreSQL connections", "{0.connections}"),
    ("articles a day", "{0.articles_a_day:,.0f}"),
    ("articles, GB a year", "{0.articles_gb_a_year:,.0f}"),
    ("days until 100 million articles", "{0.full_in_days:,.1f}"),
    ("rows of the ledger kept", "{0.ledger_rows:,.0f}"),
    ("the ledger, GB", "{0.ledger_gb:.1f}"),
    ("feeds and their listings, GB", "{0.feeds_gb:.2f}"),
)


def table(needs: Sequence[Need]) -> Iterator[str]:
    """A Markdown table, a column for each number of feeds."""
    yield "| feeds | " + " | ".join(f"{one.feeds:,}" for one in needs) + " |"
    yield "|---" * (len(needs) + 1) + "|"
    for name, shape in _ROWS:
        yield f"| {name} | {' | '.join(shape.format(one) for one in needs)} |"


def changed(by: Inputs, given: Sequence[str]) -> Inputs:
    """The inputs with some of them set, as "name=number". ValueError."""
    values: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        if name not in SOURCES:
            raise ValueError(f"{name!r} is no input; --list names them")
        values[name] = float(number)
        if not 0 < values[name] < math.inf:
            raise ValueError(f"{name} must be more than 0")
    return replace(by, **values)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("feeds", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--set", action="append", default=[], metavar="name=value")
    parser.add_argument("--list", action="store_true", help="the inputs, and where they are from")
    asked = parser.parse_args(arguments)
    try:
        by = changed(Inputs(), asked.set)
    except ValueError as error:
        parser.error(str(error))
    if asked.list:
        for name, value in asdict(by).items():
            print(f"{name:<20}{value:>10g}  {SOURCES[name]}")
    else:
        print(*table([need(feeds, by) for feeds in asked.feeds]), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
