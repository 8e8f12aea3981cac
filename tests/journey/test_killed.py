"""One item's way, killed at every arrow: told once, or known to be uncertain; never lost."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.journey.conftest import Reach
from tests.journey.harness import TOLD, CommandLine, Environment, Kept, Killer, links
from tests.standin import BotApiStandin

ONCE = Counter(dict.fromkeys(TOLD, 1))

POLL = (
    "before remembered",
    "after remembered",
    "before save_polls",
    "commit save_polls",
    "after save_polls",
    "before unsettled",
    "after unsettled",
    "before save_groupings",
    "commit save_groupings",
    "after save_groupings",
)
DIGEST = (
    "before untold",
    "after untold",
    "before queue_digests",
    "commit queue_digests",
    "after queue_digests",
)
# Up to the claim's COMMIT nothing was promised; from the receipt's COMMIT on all is known.
DELIVER = (
    "before abandon_sending",
    "after abandon_sending",
    "before claim_next",
    "commit claim_next",
    "after record_send",
)
UNCERTAIN = (
    "after claim_next",
    "before http",
    "after http",
    "before record_send",
    "commit record_send",
)
SEEN = ("after http", "before record_send", "commit record_send")


def _named(point: str) -> str:
    return point.replace(" ", "-")


def uncertain(dadkhah: CommandLine) -> list[int]:
    """The deliveries that wait for a decision."""
    said = dadkhah("deliveries", "list", "--json")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert {row["state"] for row in rows} <= {"uncertain"}
    return [row["id"] for row in rows]


@pytest.mark.parametrize("point", POLL, ids=_named)
def test_poll_killed_anywhere_loses_and_repeats_nothing(
    point: str,
    killed: Killer,
    reach: Reach,
    settings: Environment,
    dadkhah: CommandLine,
    channel: BotApiStandin,
) -> None:
    reach("new")
    killed(settings, point, "poll")
    assert dadkhah("poll", "--all").code == 0
    assert dadkhah("digest").code == 0
    assert dadkhah("deliver").code == 0
    assert links(channel) == ONCE


@pytest.mark.parametrize("point", DIGEST, ids=_named)
def test_digest_killed_anywhere_is_queued_once(
    point: str,
    killed: Killer,
    reach: Reach,
    settings: Environment,
    dadkhah: CommandLine,
    channel: BotApiStandin,
) -> None:
    reach("polled")
    killed(settings, point, "digest")
    assert dadkhah("digest").code == 0
    assert dadkhah("deliver").code == 0
    assert links(channel) == ONCE


@pytest.mark.parametrize("point", DELIVER, ids=_named)
def test_delivery_killed_outside_of_a_send_is_told_once(
    point: str,
    killed: Killer,
    reach: Reach,
    settings: Environment,
    dadkhah: CommandLine,
    channel: BotApiStandin,
) -> None:
    reach("queued")
    killed(settings, point, "deliver")
    assert dadkhah("deliver").code == 0
    assert links(channel) == ONCE
    assert uncertain(dadkhah) == []


@pytest.mark.parametrize("point", UNCERTAIN, ids=_named)
def test_page_killed_between_claim_and_receipt_is_uncertain_and_not_resent(
    point: str,
    killed: Killer,
    reach: Reach,
    settings: Environment,
    dadkhah: CommandLine,
    channel: BotApiStandin,
) -> None:
    reach("queued")
    killed(settings, point, "deliver")
    seen = len(channel.sent)
    assert seen == (point in SEEN)
    assert dadkhah("deliver").code == 1  # told aloud once; the other page goes out all the same
    assert dadkhah("deliver").code == 0
    assert len(uncertain(dadkhah)) == 1
    assert len(channel.sent) == seen + 1
    assert not links(channel) - ONCE


@pytest.fixture
def undecided(
    killed: Killer, reach: Reach, settings: Environment, dadkhah: CommandLine, kept: Kept
) -> int:
    """The number of a page that was killed before it left; the other page was told."""

    def make() -> None:
        reach("queued")
        killed(settings, "before http", "deliver")

    kept("undecided", Path(settings["DADKHAH_DATA_DIR"]), make)
    dadkhah("deliver")
    (number,) = uncertain(dadkhah)
    return number


@pytest.mark.parametrize(
    ("decision", "state", "pages"),
    [("resend", "sent", 2), ("arrived", "sent", 1), ("drop", "dropped", 1)],
)
def test_an_admin_decides_what_becomes_of_an_uncertain_page(
    undecided: int, decision: str, state: str, pages: int,
    dadkhah: CommandLine, channel: BotApiStandin,
) -> None:  # fmt: skip
    assert dadkhah("deliveries", "settle", str(undecided), decision).code == 0
    assert dadkhah("deliver").code == 0
    rows = dadkhah("deliveries", "list", "--state", state, "--json").out.splitlines()
    assert undecided in [json.loads(row)["id"] for row in rows]
    assert len(channel.sent) == pages
    assert (links(channel) == ONCE) == (decision == "resend")
