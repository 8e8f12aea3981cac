"""`python -m tests.storm --minutes 10 --seed 1`: one storm on a PostgreSQL of its own."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from storage import upgrade
from tests.conftest import PostgresServer
from tests.storm.plan import plan_of
from tests.storm.play import play

DRAIN = 300.0  # seconds


def main(arguments: Sequence[str]) -> int:
    """0 if every promise held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=7.0, help="seconds between two blows")
    asked = parser.parse_args(arguments)
    plan = plan_of(asked.seed, asked.minutes * 60, asked.every)
    folder, began = Path(tempfile.mkdtemp(prefix="dadkhah-storm-")), time.monotonic()
    server = PostgresServer()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:>5.0f} s: {line}", file=sys.stderr, flush=True)

    try:
        server.start()
        upgrade(server.url())
        outcome = play(plan, server.url(), folder, say, DRAIN)
    finally:
        server.stop()
    for name, number in outcome.counts.items():
        print(f"{name:<36}{number:>8,}")
    for problem in outcome.problems:
        print(f"broken: {problem}")
    print(f"{len(plan.blows)} blows in {asked.minutes:g} minutes, {len(outcome.problems)} problems")
    if outcome.problems:
        print(f"to repeat: make storm MINUTES={asked.minutes:g} SEED={asked.seed}; logs: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
