"""What a channel may be set to, and how a change reads in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.app import Knowledge
from watchers.channel_checks import channel_changes
from watchers.channel_differences import difference
from watchers.errors import ChannelInvalid
from watchers.registry import checked_spec
from watchers.scope import AlertRules, Scope
from watchers.telling import Channel, ChannelSpec

WATCHLIST = Knowledge().watchlist
OFFICIALS = tuple(sorted(person.id for person in WATCHLIST.officials)[:2])
CHANNEL = Channel(
    3, "@digest", "UTC", ("08:00", "18:00"), "en", datetime(2026, 1, 1, tzinfo=UTC)
)  # fmt: skip

SOUND: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "as-given": ({"weekdays": (1, 5)}, {"weekdays": (1, 5)}),
    "in-order": ({"weekdays": (5, 1, 5)}, {"weekdays": (1, 5)}),
    "scope-in-order": (
        {"scope": Scope(languages=("fa", "en", "fa"), kinds=("state", "un"))},
        {"scope": Scope(languages=("en", "fa"), kinds=("un", "state"))},
    ),
    "officials": ({"scope": Scope(officials=OFFICIALS)}, {"scope": Scope(officials=OFFICIALS)}),
    "rules": (
        {"alerts": AlertRules(5.0, 3, 6, OFFICIALS, ("23:00", "07:00"), 3)},
        {"alerts": AlertRules(5.0, 3, 6, OFFICIALS, ("23:00", "07:00"), 3)},
    ),
    "switches": (
        {"tells_nothing_new": True, "needs_approval": False},
        {"tells_nothing_new": True, "needs_approval": False},
    ),
}
WRONG: dict[str, tuple[Mapping[str, object], str]] = {
    "no-day": ({"weekdays": ()}, "at least one day"),
    "day-8": ({"weekdays": (8,)}, "from 1 (Monday)"),
    "25-times": ({"schedule": tuple(f"00:{n:02}" for n in range(25))}, "too many"),
    "no-time": ({"schedule": ()}, "nothing is no time"),
    "hour-24": ({"schedule": ("24:00",)}, "24:00 is no time"),
    "zone": ({"timezone": "Mars/Olympus"}, "no time zone"),
    "zone-outside": ({"timezone": "../../etc/passwd"}, "no time zone"),
    "language": ({"language": "de"}, "no language of digests"),
    "chat": ({"chat": "digest"}, "no channel"),
    "chat-long": ({"chat": "x" * 9_999}, "no channel"),
    "article-language": ({"scope": Scope(languages=("Persian",))}, "no language code"),
    "kind": ({"scope": Scope(kinds=("blog",))}, "no kind of outlet"),
    "official": ({"scope": Scope(officials=("nobody",))}, "no official on the watchlist"),
    "topic": ({"scope": Scope(topics=("nothing",))}, "no topic of your own. There are: none"),
    "nothing-told": ({"scope": Scope(relevant=False, named=False)}, "told nothing"),
    "weak": ({"alerts": AlertRules(score=0.1)}, "strength is from 0.5 to 20"),
    "nan": ({"alerts": AlertRules(score=float("nan"))}, "strength is from 0.5 to 20"),
    "one-outlet": ({"alerts": AlertRules(outlets=1)}, "outlets is from 2 to 50"),
    "hours": ({"alerts": AlertRules(hours=0)}, "hours is from 1 to 168"),
    "cap": ({"alerts": AlertRules(most=0)}, "alerts a day is from 1 to 50"),
    "alert-official": ({"alerts": AlertRules(officials=("nobody",))}, "no official"),
    "quiet-time": ({"alerts": AlertRules(quiet=("23:00", "7"))}, "23:00-07:00"),
    "quiet-day": ({"alerts": AlertRules(quiet=("07:00", "07:00"))}, "a whole day"),
    "switch": ({"paused": "yes"}, "paused is on or off"),
}


@pytest.mark.parametrize("case", SOUND)
def test_sound_settings_are_kept_in_order(case: str) -> None:
    given, kept = SOUND[case]
    assert channel_changes(given, WATCHLIST) == kept


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_refused_in_a_sentence(case: str) -> None:
    given, said = WRONG[case]
    with pytest.raises(ChannelInvalid, match=r"\.$") as refused:
        channel_changes(given, WATCHLIST)
    assert said in refused.value.message
    assert len(refused.value.message) < 250


def test_without_a_watchlist_names_are_taken_as_they_are() -> None:
    scope = Scope(officials=("somebody",), topics=("something",))
    assert channel_changes({"scope": scope}) == {"scope": scope}


def test_a_new_channel_is_checked_whole() -> None:
    with pytest.raises(ChannelInvalid, match="kind of outlet"):
        checked_spec(ChannelSpec("@digest", scope=Scope(kinds=("blog",))))
    assert checked_spec(ChannelSpec("@digest", private=True)).private


CHANGED: dict[str, tuple[dict[str, object], str]] = {
    "schedule": ({"schedule": ("09:00",)}, "schedule 08:00, 18:00 -> 09:00"),
    "days": ({"weekdays": (1, 5)}, "weekdays every day -> Mon, Fri"),
    "several": (
        {"language": "fa", "paused": True, "pause_reason": "moved"},
        "language en -> fa; paused no -> yes; pause_reason none -> moved",
    ),
    "scope": ({"scope": Scope(kinds=("un",), named=False)},
              "scope.kinds all -> un; scope.named yes -> no"),
    "alerts": (
        {"alerts": AlertRules(5.5, officials=("x",), quiet=("23:00", "07:00"))},
        "alerts.score 0 -> 5.5; alerts.officials none -> x; alerts.quiet none -> 23:00-07:00",
    ),
    "nothing": ({}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED)
def test_a_change_reads_from_what_to_what(case: str) -> None:
    changes, said = CHANGED[case]
    assert difference(CHANNEL, replace(CHANNEL, **changes)) == said  # type: ignore[arg-type]


def test_a_long_change_is_cut() -> None:
    many = Scope(topics=tuple(f"topic-{n}" for n in range(500)))
    assert len(difference(CHANNEL, replace(CHANNEL, scope=many))) == 500
