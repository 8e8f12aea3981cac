"""Rules of alerts in plain words: read whole or refused, and written so that they read back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alert_words import read_rules, rule_lines, rule_orders
from bot.plain_words import NotUnderstood
from watchers.channel_checks import checked_alerts
from watchers.errors import ChannelInvalid
from watchers.scope import NO_ALERTS, AlertRules

PEOPLE = {"ebrahim-raisi": "Ebrahim Raisi", "mostafa-pourmohammadi": "Mostafa Pourmohammadi"}
BUSY = AlertRules(8.0, 4, 12, ("ebrahim-raisi",), ("22:00", "06:00"), 9)


def find(name: str) -> Sequence[str]:
    return [one for one, full in PEOPLE.items() if name.lower() in (one, *full.lower().split())]


def both(name: str) -> Sequence[str]:
    return list(PEOPLE) if name == "cleric" else find(name)


UNDERSTOOD = {
    "first-report": ("first report strong", AlertRules(score=5.0)),
    "very-strong": ("First report of a story very strong", AlertRules(score=8.0)),
    "number": ("first report 6.5", AlertRules(score=6.5)),
    "outlets": ("5 outlets in 6 hours", AlertRules(outlets=5, hours=6)),
    "outlets-in-days": ("۵ independent outlets within 2 days", AlertRules(outlets=5, hours=48)),
    "officials": ("officials raisi, pourmohammadi", AlertRules(officials=tuple(PEOPLE))),
    "officials-and": ("officials raisi and raisi", AlertRules(officials=("ebrahim-raisi",))),
    "quiet": ("quiet 23:00-07:00", AlertRules(quiet=("23:00", "07:00"))),
    "quiet-in-words": ("quiet from 11pm to 7", AlertRules(quiet=("23:00", "07:00"))),
    "cap": ("at most 5 a day", AlertRules(most=5)),
    "cap-short": ("3 a day", AlertRules(most=3)),
    "several": (
        "first report strong; 5 outlets in 6h\nofficials raisi; quiet 23-7, at most 2 per day",
        AlertRules(5.0, 5, 6, ("ebrahim-raisi",), ("23:00", "07:00"), 2),
    ),
    "off": ("off", NO_ALERTS),
    "nothing": ("", NO_ALERTS),
}
REFUSED = {
    "unknown": ("hello", "“hello”"),
    "loud": ("first report loud", "“loud”"),
    "not-a-number": ("first report nan", "“nan”"),
    "cut-off": ("first report", "missing at the end"),
    "no-hours": ("5 outlets in banana", "“banana”"),
    "nobody": ("officials nobody", "is called “nobody”"),
    "two-people": ("officials cleric", "may be ebrahim-raisi and mostafa-pourmohammadi"),
    "no-name": ("officials", "missing at the end"),
    "no-such-hour": ("quiet 25-7", "“25”"),
    "half-quiet": ("quiet 23:00", "missing at the end"),
    "bare-number": ("5", "“5”"),
    "huge-number": ("9999999 outlets in 6 hours", "“9999999”"),
    "too-long": ("off;" * 700, "too long"),
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_rules_are_understood(case: str) -> None:
    words, rules = UNDERSTOOD[case]
    assert checked_alerts(read_rules(words, NO_ALERTS, both)) == rules


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_named(case: str) -> None:
    words, said = REFUSED[case]
    with pytest.raises(NotUnderstood) as refused:
        read_rules(words, NO_ALERTS, both)
    assert said in refused.value.why


PARTS: dict[str, tuple[str, dict[str, object]]] = {
    "first-off": ("first report off", {"score": 0.0}),
    "outlets-off": ("outlets off", {"outlets": 0}),
    "officials-off": ("officials none", {"officials": ()}),
    "quiet-off": ("quiet off", {"quiet": None}),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_rule_is_changed_alone(case: str) -> None:
    words, changed = PARTS[case]
    after = read_rules(words, BUSY, find)
    assert {n: getattr(after, n) for n in changed} == changed
    others = [n for n in ("score", "outlets", "hours", "officials", "quiet", "most")
              if n not in changed]  # fmt: skip
    assert [getattr(after, n) for n in others] == [getattr(BUSY, n) for n in others]


CLOCKS = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
RULES = st.builds(
    AlertRules,
    score=st.sampled_from([0.0, 0.5, 5.0, 8.0, 12.5]),
    outlets=st.sampled_from([0, 2, 50]),
    hours=st.integers(1, 168),
    officials=st.sampled_from([(), ("ebrahim-raisi",), tuple(PEOPLE)]),
    quiet=st.none() | st.tuples(CLOCKS, CLOCKS).filter(lambda two: two[0] != two[1]),
    most=st.integers(1, 50),
)


@given(RULES, RULES)
def test_rules_in_words_are_read_back_as_they_were(rules: AlertRules, before: AlertRules) -> None:
    read = read_rules(rule_orders(rules), before, find)
    assert checked_alerts(read) == rules


def test_many_officials_are_undone_by_the_order_that_is_shown() -> None:
    ids = tuple(f"invented-official-number-{number}" for number in range(50))
    rules = AlertRules(officials=ids)
    assert read_rules(rule_orders(rules), NO_ALERTS, lambda name: [name]) == rules
    commas = "off; officials " + "," * 280
    assert "missing at the end" in said_of(commas, NO_ALERTS)  # and not too long


def said_of(text: str, before: AlertRules) -> str:
    """Why the text is refused; empty if it is not."""
    try:
        checked_alerts(read_rules(text, before, find))
    except NotUnderstood as refused:
        return refused.why
    except ChannelInvalid as refused:
        return refused.message
    return ""


@given(st.text(max_size=400), RULES)
def test_any_text_is_a_rule_or_refused_in_a_sentence(text: str, before: AlertRules) -> None:
    why = said_of(text, before)
    assert len(why) < 250
    assert why.endswith("." if why else "")


def test_rules_are_told_in_words() -> None:
    assert rule_lines(NO_ALERTS, str) == ["Alerts: off."]
    assert "\n".join(rule_lines(BUSY, PEOPLE.__getitem__)) == (
        "Alerts, told at once:\n"
        "• the first report of a story at strength 8 or more (very strong)\n"
        "• a story that 4 independent outlets tell within 12 hours\n"
        "• a headline that names Ebrahim Raisi\n"
        "• none from 22:00 to 06:00, at most 9 a day"
    )
