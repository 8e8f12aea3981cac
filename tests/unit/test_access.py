"""Only admins, under their own account, in a fresh message, are followed; some only by owners."""

from __future__ import annotations

import pytest

from bot.access import Said, refusal
from bot.commands.table import COMMANDS, PRESSES, allowed

ROLES = {7: "owner", 8: "editor"}

FOLLOWED = {
    "an owner": (Said(7), "editor"),
    "an editor": (Said(8), "editor"),
    "an owner's own": (Said(7), "owner"),
    "anybody": (Said(9), "everyone"),
    "an editor as anybody": (Said(8), "everyone"),
}
REFUSED = {
    "a stranger": (Said(9), "editor", "for admins"),
    "a stranger at an owner's": (Said(9), "owner", "for admins"),
    "an editor at an owner's": (Said(8), "owner", "for owners"),
    "nobody": (Said(None), "editor", "anonymous"),
    "nobody at all": (Said(None), "everyone", "anonymous"),
    "an anonymous admin": (Said(7, on_behalf=True), "editor", "anonymous"),
    "edited": (Said(7, edited=True), "editor", "anew"),
    "forwarded": (Said(7, forwarded=True), "editor", "anew"),
    "a forward to everyone's": (Said(9, forwarded=True), "everyone", "anew"),
    "a stranger's edit": (Said(9, edited=True), "editor", "anew"),
}


@pytest.mark.parametrize(("said", "needed"), FOLLOWED.values(), ids=FOLLOWED)
def test_whoever_may_is_followed(said: Said, needed: str) -> None:
    assert refusal(said, ROLES, needed) is None


@pytest.mark.parametrize(("said", "needed", "reason"), REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused_with_its_reason(said: Said, needed: str, reason: str) -> None:
    assert reason in (refusal(said, ROLES, needed) or "")


def test_without_admins_nobody_is_followed() -> None:
    assert refusal(Said(7), {})


def test_a_role_that_is_unknown_has_no_rights() -> None:
    assert refusal(Said(7), {7: "janitor"})


def test_what_only_owners_may_is_in_no_editors_menu() -> None:
    owners = {"addchannel", "grant", "revoke"}
    assert owners <= allowed("owner").keys()
    assert owners.isdisjoint(allowed("editor"))
    assert {"admins", "audit", "stopposting", "resumeposting", "schedule"} <= allowed(
        "editor"
    ).keys()
    assert {name for name, one in COMMANDS.items() if one.role == "owner"} == owners
    assert {head for head, one in PRESSES.items() if one.role == "owner"} == {"chx", "revoke"}
