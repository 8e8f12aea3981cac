"""A tick's turns: every so many seconds, however far the clock jumped meanwhile.

APScheduler lists every turn that was missed before it drops all but one. After a month's sleep
that is ten million of a quarter of a second; a board without a battery, which starts in 1970
until it hears the time, would list turns for hours, and nothing else would go on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from apscheduler.triggers.interval import IntervalTrigger

_FAR = timedelta(minutes=1)  # behind: what was missed is not worth listing


class Every(IntervalTrigger):  # type: ignore[misc]
    """As the library's, but far behind it goes on from now."""

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """The turn after this one."""
        late = previous_fire_time is not None and now - previous_fire_time > _FAR + self.interval
        following: datetime | None = super().get_next_fire_time(
            now if late else previous_fire_time, now
        )
        return following
