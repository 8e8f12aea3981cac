"""`dadkhah db copy`: a database moved while nobody works on it, or rehearsed while one does."""

from __future__ import annotations

from bot.clock import utc_now
from bot.knowing import LEASE
from storage import state
from storage.copying import Copied, Progress, copy, same
from storage.engine import parse_url, place
from storage.restores import sole
from watchers.errors import InputInvalid, StoreError


def move(source: str, target: str, progress: Progress, *, live: bool) -> Copied:
    """Copy a database to an empty one; StoreBusy while the service or a worker uses the source,
    unless `live`: then posting is held in the copy. InputInvalid, StoreError.
    """
    given, to = parse_url(source), parse_url(target)
    if same(given, to):
        msg = f"FROM and TO are the same database: {place(given)}."
        raise InputInvalid(msg)
    if live:
        return copy(given, to, progress, hold_at=utc_now())
    if state(source) == "missing":
        msg = f"There is no database of Dadkhah: {place(given)}."
        raise StoreError(msg)
    # A worker posts without the service: what it sends meanwhile the copy would send again.
    with sole(given, LEASE, _RUNS):
        return copy(given, to, progress)


_RUNS = (
    "The service, a worker or another command uses FROM: {}. What it does from now on would not "
    "be in the copy. Stop it first; `--live` copies all the same, for a rehearsal that posts "
    "nothing."
)
