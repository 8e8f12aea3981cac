"""Settling that is killed at any transaction comes to the same groups when it goes on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage import MemoryStore, open_store
from tests.contract.settling import (
    News,
    arrive,
    copies_of,
    expected_stories,
    in_batches,
    settle_all,
    stories_of,
)

PROJECT = Path(__file__).parents[2]
SETTLE = """
import os, signal, sys
from sqlalchemy import Engine, event
from storage import SqlStore, open_store
from tests.contract.settling import settle_all

url, place, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
save, inside = SqlStore.save_groupings, []

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def killed(*args, **kwargs):
    global left
    left -= 1
    if left == 0:
        inside.append(True)
    result = save(*args, **kwargs)
    if inside and place == "after":
        die()
    return result

SqlStore.save_groupings = killed
event.listen(Engine, "commit", lambda _: die() if inside and place == "commit" else None)
settle_all(open_store(url, create=False), 2)
"""


def pool() -> list[News]:
    """Two events and a link between them; copies on both sides, the oldest among the last."""
    marks = {0: "a", 1: "b", 2: "ab"}
    made = [
        News(f"n{n}", (n * 37) % 200, frozenset(marks[n % 3]), n % 2 if n % 3 == 0 else 0)
        for n in range(24)
    ]
    return [one for one in made if "b" not in one.marks or "a" not in one.marks] + [
        one for one in made if len(one.marks) == 2
    ]


@pytest.mark.parametrize("place", ["commit", "after"])
@pytest.mark.parametrize("turn", [1, 2, 4])
def test_settling_that_is_killed_goes_on_to_the_same_groups(
    tmp_path: Path, place: str, turn: int
) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = open_store(url, create=True)
    articles = pool()
    in_batches(store, articles[:12], ())
    arrive(store, articles[12:])
    store.close()
    child = subprocess.run(
        [sys.executable, "-c", SETTLE, url, place, str(turn)], check=False, cwd=PROJECT
    )
    assert child.returncode == -signal.SIGKILL
    store = open_store(url, create=False)
    assert store.unsettled(1) or store.progress().rest is not None  # not done yet
    settle_all(store)
    whole = MemoryStore()
    in_batches(whole, articles, ())
    assert stories_of(store) == stories_of(whole) == expected_stories(store)
    assert copies_of(store) == copies_of(whole)
    assert store.check() == ()
    store.close()
