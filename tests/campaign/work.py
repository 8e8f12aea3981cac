"""What a worker process of the campaign does: runs, one after another."""

import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from tests.campaign.counts import Outcome
from tests.campaign.databases import Databases, PostgresFolder, SqliteFolder
from tests.campaign.plan import plan_of
from tests.campaign.play import play


def play_seed(seed: int, databases: Databases) -> Outcome:
    """One run; what was left of a bad one stays for a look."""
    with ExitStack() as stack:
        url, store, folder = stack.enter_context(databases.fresh())
        outcome = play(plan_of(seed), folder, store, url)
        outcome.counts["postgres"] = url.startswith("postgresql")
        if outcome.problems:
            outcome.problems.append(f"its files: {folder}")
            stack.pop_all()
    return outcome


def die_with_parent() -> None:
    """In a new worker: ask Linux to kill it when the campaign itself is killed."""
    pr_set_pdeathsig = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def work(seeds: Iterable[int], home: str, postgres: str | None) -> list[Outcome]:
    """The runs of these seeds, in a folder within `home`, or on a PostgreSQL server."""
    folder = Path(tempfile.mkdtemp(dir=home))
    if postgres is None:
        databases: Databases = SqliteFolder(folder)
    else:
        databases = PostgresFolder(postgres, folder, f"w{os.getpid()}_{folder.name[3:]}".lower())
    return [play_seed(seed, databases) for seed in seeds]
