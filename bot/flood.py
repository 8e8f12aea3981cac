"""How often one person may ask: a bucket of questions that fills up again. Pure.

Answers cost reading from the database, which all share: one stranger's flood slows nobody.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

BURST = 60.0  # questions at once
REFILL = 1.0  # a second
_PEOPLE = 10_000  # remembered; who is forgotten begins with a full bucket


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    warned: bool = False


class Flood:
    """Who asked how often, in memory; `now` is a monotonic clock's, in seconds."""

    def __init__(self, burst: float = BURST, refill: float = REFILL) -> None:
        self._burst, self._refill = burst, refill
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    def take(self, user_id: int, now: float) -> str:
        """One more question: "yes", "warn" (no, and say so), "no" (no, in silence)."""
        bucket = self._buckets.setdefault(user_id, _Bucket(self._burst, now))
        self._buckets.move_to_end(user_id)
        if len(self._buckets) > _PEOPLE:
            self._buckets.popitem(last=False)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._refill)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            if bucket.left >= self._burst / 4:  # or a flood would be answered with warnings
                bucket.warned = False
            return "yes"
        said, bucket.warned = bucket.warned, True
        return "no" if said else "warn"
