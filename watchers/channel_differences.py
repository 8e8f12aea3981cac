"""What a change of a channel changed, in a line for the audit log. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from watchers.scope import EVERY_DAY, AlertRules, Scope
from watchers.telling import Channel

_FIELDS = (
    "chat", "timezone", "schedule", "weekdays", "language", "scope", "alerts",
    "tells_nothing_new", "needs_approval", "paused", "pause_reason",
)  # fmt: skip
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST = 500  # characters


def difference(before: Channel, after: Channel) -> str:
    """From what to what: "schedule 08:00, 18:00 -> 09:00; paused no -> yes"; "" if nothing."""
    found = "; ".join(
        part
        for name in _FIELDS
        for part in _parts(name, getattr(before, name), getattr(after, name))
    )
    return found if len(found) <= _MOST else f"{found[: _MOST - 1]}…"


def _parts(name: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Scope | AlertRules):
        for part in fields(old):
            yield from _parts(
                f"{name}.{part.name}", getattr(old, part.name), getattr(new, part.name)
            )
    elif old != new:
        yield f"{name} {_word(name, old)} -> {_word(name, new)}"


def _word(name: str, value: Any) -> str:
    """One value in plain words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "weekdays":
        if tuple(value) == EVERY_DAY:
            return "every day"
        return ", ".join(_DAYS[day - 1] for day in value)
    if name == "alerts.quiet" and value:
        return "-".join(value)
    if isinstance(value, tuple):
        return ", ".join(value) or ("all" if name in _ALL else "none")
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None else str(value)


_ALL = ("scope.languages", "scope.kinds", "scope.officials")  # empty asks for no less than all
