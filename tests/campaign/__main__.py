"""`python -m tests.campaign --runs 500 --seed 1`: play the runs of these seeds, count, judge."""

import argparse
import contextlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack

from tests.campaign.counts import Outcome, table
from tests.campaign.work import die_with_parent, work
from tests.conftest import PostgresServer, _memory_disk

_BATCH = 10  # runs that a worker gets at a time


def _batches(seeds: range) -> Iterator[range]:
    for start in range(0, len(seeds), _BATCH):
        yield seeds[start : start + _BATCH]


@contextlib.contextmanager
def _home(outcomes: list[Outcome]) -> Iterator[str]:
    """Where databases are made; it stays if there is something to look at."""
    home = tempfile.mkdtemp(prefix="dadkhah-campaign-", dir=_memory_disk())
    yield home
    if not any(outcome.problems for outcome in outcomes):
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    server = PostgresServer()
    try:
        server.start()
        yield server.url()
    finally:
        server.stop()


def outcomes_of(runs: int, seed: int, jobs: int, share: float) -> Iterator[Outcome]:
    """Play them all, `share` of them on PostgreSQL; as they come to their ends."""
    on_postgres = round(runs * share)
    seeds = range(seed, seed + runs)
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        home = stack.enter_context(_home(outcomes))
        postgres = stack.enter_context(_postgres()) if on_postgres else None
        spawn = multiprocessing.get_context("spawn")
        pool = stack.enter_context(
            ProcessPoolExecutor(jobs, mp_context=spawn, initializer=die_with_parent)
        )
        first, rest = seeds[:on_postgres], seeds[on_postgres:]
        waiting = [pool.submit(work, batch, home, postgres) for batch in _batches(first)]
        waiting += [pool.submit(work, batch, home, None) for batch in _batches(rest)]
        for done in as_completed(waiting):
            outcomes += done.result()
            yield from done.result()


def play_campaign(arguments: Sequence[str]) -> int:
    """0 if every promise held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1, help="of the first run, then one more each")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1)
    parser.add_argument("--postgres", type=float, default=0.1, help="the share of runs on it")
    asked = parser.parse_args(arguments)
    began, outcomes = time.monotonic(), list[Outcome]()
    for outcome in outcomes_of(asked.runs, asked.seed, asked.jobs, asked.postgres):
        outcomes.append(outcome)
        for problem in outcome.problems:
            print(f"seed {outcome.seed}: {problem}", flush=True)
        if len(outcomes) % _BATCH == 0:
            passed = time.monotonic() - began
            print(f"{len(outcomes):>6} of {asked.runs} runs, {passed:.0f} s", flush=True)
    print(f"\n{table(outcomes)}\n\n{time.monotonic() - began:.0f} s with {asked.jobs} workers")
    bad = sorted(outcome.seed for outcome in outcomes if outcome.problems)
    for number in bad:
        print(f"broken; to repeat: make campaign RUNS=1 SEED={number}")
    return 1 if bad or len(outcomes) != asked.runs else 0


if __name__ == "__main__":
    sys.exit(play_campaign(sys.argv[1:]))
