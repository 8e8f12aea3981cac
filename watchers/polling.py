"""When a feed is due next: one pure policy, from an outcome and a history to a time.

Thin: a fixed interval, Retry-After, and a linear back-off that never gives a feed up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchers.model import FetchFailure

FLOOR = 5 * 60  # seconds
CEILING = 24 * 3600
START = 15 * 60  # between polls of a feed that is new

# How much a failure counts: a hard one 1, one that often passes by itself less.
_WEIGHTS = {"status": 0.5, "tls": 0.5, "timeout": 0.5, "cut": 0.5, "connect": 0.5, "dns": 0.25}


@dataclass(frozen=True, slots=True)
class Next:
    """When to poll again, and the state to keep until then."""

    due: datetime
    interval: int  # seconds
    failures: float  # weighted, 0 after a success


def after_success(now: datetime, interval: int, chance: float) -> Next:
    """The next poll one interval on, give or take a tenth.

    `chance` in [0, 1) is random: feeds added together drift apart.
    """
    interval = max(FLOOR, min(CEILING, interval))
    return Next(now + timedelta(seconds=interval * (0.9 + 0.2 * chance)), interval, 0.0)


def after_failure(
    now: datetime, interval: int, failures: float, failure: FetchFailure, chance: float
) -> Next:
    """Wait longer with each failure, in a straight line up to a day; obey Retry-After."""
    weight = _WEIGHTS.get(failure.kind, 1.0)
    if failure.kind == "status" and failure.status not in (404, None) and failure.status < 500:
        weight = 1.0
    failures += weight
    wait = min(CEILING, max(FLOOR, interval) * (1 + failures)) * (0.9 + 0.2 * chance)
    if failure.retry_after is not None:
        wait = max(wait, min(CEILING, failure.retry_after))
    return Next(now + timedelta(seconds=wait), interval, failures)
