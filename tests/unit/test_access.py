"""Only admins, under their own account, in a fresh message, are followed."""

from __future__ import annotations

import pytest

from bot.access import Said, refusal

ADMINS = frozenset({7, 8})

FOLLOWED = {"an admin": Said(7), "another": Said(8)}
REFUSED = {
    "a stranger": (Said(9), "admins"),
    "nobody": (Said(None), "anonymous"),
    "an anonymous admin": (Said(7, on_behalf=True), "anonymous"),
    "edited": (Said(7, edited=True), "anew"),
    "forwarded": (Said(7, forwarded=True), "anew"),
    "a stranger's edit": (Said(9, edited=True), "anew"),
}


@pytest.mark.parametrize("said", FOLLOWED.values(), ids=FOLLOWED)
def test_an_admins_own_message_is_followed(said: Said) -> None:
    assert refusal(said, ADMINS) is None


@pytest.mark.parametrize(("said", "reason"), REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused_with_its_reason(said: Said, reason: str) -> None:
    assert reason in (refusal(said, ADMINS) or "")


def test_without_admins_nobody_is_followed() -> None:
    assert refusal(Said(7), ())
