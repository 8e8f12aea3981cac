"""Channels at the command line: every setting, each wrong one, the switch for all posting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.journey.harness import CommandLine
from watchers.feedlist import FEED_KINDS


@pytest.fixture
def empty(dadkhah: CommandLine) -> CommandLine:
    """A program with one channel."""
    assert dadkhah("channels", "add", "@digest").code == 0
    return dadkhah


def channel(dadkhah: CommandLine) -> dict[str, Any]:
    """The first channel as machines see it."""
    return dict(json.loads(dadkhah("channels", "list", "--json").out.splitlines()[0]))


def records(dadkhah: CommandLine, *options: str) -> list[dict[str, Any]]:
    """The audit log."""
    return [json.loads(line) for line in dadkhah("audit", "--json", *options).out.splitlines()]


CHANGES: dict[str, tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]] = {
    "days": (("--weekdays", "mon,wed"), {"weekdays": [1, 3]}, {}),
    "days-in-words": (
        ("--weekdays", "every day except friday"), {"weekdays": [1, 2, 3, 4, 6, 7]}, {},
    ),
    "languages": (("--article-languages", "fa,en"), {}, {"languages": ["en", "fa"]}),
    "kinds": (("--kinds", "state, un"), {}, {"kinds": ["un", "state"]}),
    "officials": (("--officials", "ebrahim-raisi"), {}, {"officials": ["ebrahim-raisi"]}),
    "section": (("--no-named",), {}, {"named": False}),
    "subject": (("--no-relevant",), {}, {"relevant": False}),
    "nothing-new": (("--nothing-new",), {"tells_nothing_new": True}, {}),
    "approval": (("--approval",), {"needs_approval": True}, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_a_setting_is_changed_alone(empty: CommandLine, case: str) -> None:
    options, values, scope = CHANGES[case]
    before = channel(empty)
    said = empty("channels", "change", "@digest", *options)
    assert said.code == 0, said.err
    assert channel(empty) == before | values | {"scope": before["scope"] | scope}


def test_lists_are_emptied_again(empty: CommandLine) -> None:
    before = channel(empty)
    empty("channels", "change", "@digest", "--kinds", "un", "--article-languages", "fa",
          "--alerts", "first report strong; officials raisi")  # fmt: skip
    assert channel(empty)["alerts"]["score"] == 5.0
    assert len(channel(empty)["alerts"]["officials"]) == 1
    empty("channels", "change", "@digest", "--kinds", "all", "--article-languages", "all",
          "--alerts", "off")  # fmt: skip
    assert channel(empty) == before


def test_a_channel_is_added_with_all_its_settings(dadkhah: CommandLine) -> None:
    said = dadkhah(
        "channels", "add", "-100777", "--weekdays", "weekdays", "--kinds", "un", "--approval",
        "--alerts", "3 outlets in 12 hours", "--schedule", "07:00", "--timezone", "Asia/Tehran",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "Monday to Friday at 07:00, Asia/Tehran" in said.out
    made = channel(dadkhah)
    assert (made["weekdays"], made["scope"]["kinds"]) == ([1, 2, 3, 4, 5], ["un"])
    assert (made["needs_approval"], made["alerts"]["hours"]) == (True, 12)
    shown = dadkhah("channels", "show", "-100777").out
    assert "Outlets: UN" in shown
    assert "3 independent outlets tell within 12 hours" in shown


WRONG = {
    "days": (("--weekdays", "banana"), "“banana”"),
    "days-with-times": (("--weekdays", "mon at 9"), "more than days"),
    "no-days": (("--weekdays", ""), "names no days"),
    "languages": (("--article-languages", "Persian"), "no language code"),
    "kinds": (("--kinds", "blog"), f"Choose from {', '.join(FEED_KINDS)}."),
    "officials": (("--officials", "nobody"), "no official on the watchlist"),
    "topics": (("--topics", "nothing"), "no topic of your own"),
    "nothing-told": (("--no-relevant", "--no-named"), "told nothing"),
    "alerts": (("--alerts", "sometimes"), "“sometimes”"),
    "alert-bounds": (("--alerts", "1 outlets in 6 hours"), "from 2 to 50"),
    "alert-nobody": (("--alerts", "officials zzzz"), "“zzzz”"),
    "language": (("--language", "de"), "no language of digests"),
    "second-of-two": (("--language", "fa", "--kinds", "blog"), "no kind of outlet"),
    "nothing": ((), "nothing to change"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_changes_nothing(empty: CommandLine, case: str) -> None:
    options, reason = WRONG[case]
    before, log = channel(empty), records(empty)
    said = empty("channels", "change", "@digest", *options)
    assert (said.code, said.out) == (2, "")
    assert reason in said.err
    assert (channel(empty), records(empty)) == (before, log)
    if options:
        assert empty("channels", "add", "@second", *options).code == 2
        assert records(empty) == log


def test_posting_is_stopped_and_resumed_for_all(empty: CommandLine) -> None:
    assert empty("deliveries", "stop").out == "Posting is stopped everywhere; 0 pages queued.\n"
    assert "everywhere already" in empty("deliveries", "stop").out
    assert "not stopped; 0 pages" in empty("deliveries", "resume").out
    assert "not stopped already" in empty("deliveries", "resume").out
    assert [r["action"] for r in records(empty)[:2]] == ["posting.resume", "posting.stop"]


def test_the_audit_log_is_filtered(empty: CommandLine) -> None:
    empty("channels", "change", "@digest", "--schedule", "09:00")
    empty("admins", "grant", "42")
    (changed,) = records(empty, "--action", "channel.change")
    assert changed["detail"] == "schedule 08:00, 18:00 -> 09:00"
    assert [r["action"] for r in records(empty, "--action", "channel")] == [
        "channel.change", "channel.add",
    ]  # fmt: skip
    assert {r["actor"] for r in records(empty, "--actor", "system")} <= {"system"}
    assert records(empty, "--actor", "99") == []
    assert len(records(empty, "--actor", "cli", "--limit", "2")) == 2
