"""What a channel is told of what is known, and when at once. Frozen values without I/O."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
"""Weekdays as ISO 8601 counts them: Monday is 1."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of what is known a channel is told; an empty tuple asks for no less than all."""

    languages: tuple[str, ...] = ()  # articles in these; one without a language is always in
    kinds: tuple[str, ...] = ()  # outlet kinds, as watchers.outlets names them
    officials: tuple[str, ...] = ()  # only stories that name one of these (watchlist ids)
    topics: tuple[str, ...] = ()  # admins' own topics (watchlist ids), told besides
    relevant: bool = True  # the massacre and its accountability
    named: bool = True  # officials in other news: the second section


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What a channel is told at once, before its next digest."""

    score: float = 0.0  # the first report of a story whose text speaks so strongly; 0: off
    outlets: int = 0  # a story that so many independent outlets tell; 0: off
    hours: int = 24  # ... within so many hours
    officials: tuple[str, ...] = ()  # a headline that names one of these (watchlist ids)
    quiet: tuple[str, str] | None = None  # wall clock "HH:MM" from, until: none is sent then
    most: int = 3  # a day of the channel's zone

    @property
    def is_on(self) -> bool:
        """Whether there is any rule."""
        return bool(self.score or self.outlets or self.officials)


EVERYTHING = Scope()
NO_ALERTS = AlertRules()
