"""What a check of `dadkhah doctor` comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: "ok", "note" (fine, but know it) or "failed", with what to do."""

    check: str
    state: str
    message: str


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", message)


def note(check: str, message: str) -> Finding:
    """It works, and should be known."""
    return Finding(check, "note", message)


def failed(check: str, message: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding(check, "failed", message)
