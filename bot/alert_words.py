"""Rules of alerts as people write them, and back into words. Pure.

    first report strong; 5 outlets in 6 hours; officials raisi, pourmohammadi;
    quiet 23:00-07:00; at most 3 a day; off

Rules that a text does not speak of stay as they are; "off" puts all of them off, so that
"off; first report strong" leaves one. What `rule_orders` writes is read back as the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.plain_words import NotUnderstood, clock, listed, tokens
from bot.wording import count
from watchers.scope import NO_ALERTS, AlertRules

STRENGTHS = {"strong": 5.0, "very strong": 8.0}
"""How strongly a text must speak (`Verdict.score`): of the labelled relevant items, one in six
reaches 5, one in thirty reaches 8 (`make quality` has them)."""

EXAMPLES = (
    "first report strong",
    "5 outlets in 6 hours",
    "officials NAME, NAME",
    "quiet 23:00-07:00",
    "at most 3 a day",
    "off",
)
_OFF = ("off", "none", "no")
_LONGEST_NAME = 120  # characters
_LONGEST = 2_500  # ... of an order: fifty officials have room, for it has to read what undoes it

Finder = Callable[[str], Sequence[str]]
"""The ids of the officials whom a name or an id means: one if it is clear who."""


@dataclass(slots=True)
class _Reading:
    words: list[str]
    find: Finder
    at: int = 0

    def next(self) -> str:
        """The word here, passed over; "" at the end."""
        word = self.peek()
        self.at += 1
        return word

    def peek(self, ahead: int = 0) -> str:
        where = self.at + ahead
        return self.words[where] if where < len(self.words) else ""

    def skip(self, *words: str) -> None:
        """Pass over words that say nothing more."""
        while self.peek() in words:
            self.at += 1


def read_rules(text: str, before: AlertRules, find: Finder) -> AlertRules:
    """The rules after an order in words. NotUnderstood names the word that means nothing.

    The values are not checked yet (`watchers.channel_checks.checked_alerts`).
    """
    rules = before
    for clause in _clauses(text):
        reading = _Reading(clause, find)
        while reading.at < len(reading.words):
            rules = _rule(reading, rules)
    return rules


def _clauses(text: str) -> Iterator[list[str]]:
    """Parts between semicolons or line ends, in words; a comma is a word of its own."""
    tokens(text, _LONGEST)  # its length is bounded
    for part in text.replace("؛", ";").replace("\n", ";").split(";"):
        apart = part.replace(",", " §, ").replace("،", " §, ")  # commas are no words of `tokens`
        words = ["," if word == "§" else word for word in tokens(apart, 4 * _LONGEST)]
        if words:
            yield words


def _rule(reading: _Reading, rules: AlertRules) -> AlertRules:
    reading.skip(",", "and", "و")
    word = reading.peek()
    if not word:
        return rules
    if word == "first":
        return replace(rules, score=_first(reading))
    if word in ("outlets", "outlet") or reading.peek(1) in ("outlets", "outlet", "independent"):
        return _outlets(reading, rules)
    if word in ("officials", "official"):
        return replace(rules, officials=_officials(reading))
    if word == "quiet":
        return replace(rules, quiet=_quiet(reading))
    if word in ("at", "most") or reading.peek(1) == "a":
        return replace(rules, most=_most(reading))
    if word in _OFF:
        reading.at += 1
        reading.skip("alerts")
        return NO_ALERTS
    raise _unknown(word)


def _unknown(word: str, hint: str = "") -> NotUnderstood:
    said = f"I do not understand “{word[:40]}”." if word else "Something is missing at the end."
    return NotUnderstood(f"{said}{f' Write {hint}.' if hint else ''}")


def _first(reading: _Reading) -> float:
    reading.at += 1
    reading.skip("report", "reports", "of", "a", "story", "is", "that")
    word = reading.next()
    if word in _OFF:
        return 0.0
    if word == "very" and reading.peek() == "strong":
        word = f"{word} {reading.next()}"
    if (score := STRENGTHS.get(word)) is not None:
        return score
    try:
        return float(word) if len(word) <= 5 and word[:1].isdigit() else _no_number(word)
    except ValueError:
        return _no_number(word)


def _no_number(word: str) -> float:
    raise _unknown(word, "first report strong, very strong, off, or a number")


def _outlets(reading: _Reading, rules: AlertRules) -> AlertRules:
    if reading.peek() in ("outlets", "outlet"):
        reading.at += 1
        if reading.peek() in _OFF:
            reading.at += 1
            return replace(rules, outlets=0)
        raise _unknown(reading.peek(), "5 outlets in 6 hours")
    outlets = _whole(reading.next(), "5 outlets in 6 hours")
    reading.skip("independent", "outlets", "outlet")
    if reading.peek() not in ("in", "within"):
        return replace(rules, outlets=outlets)
    reading.skip("in", "within", "the")
    word = reading.next()
    bare = word.removesuffix("h") if word[:1].isdigit() else word
    hours = _whole(bare, "5 outlets in 6 hours")
    if reading.peek() in ("days", "day"):
        hours, reading.at = hours * 24, reading.at + 1
    reading.skip("hours", "hour", "h")
    return replace(rules, outlets=outlets, hours=hours)


def _whole(word: str, hint: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) <= 6):
        raise _unknown(word, hint)
    return int(word)


def _officials(reading: _Reading) -> tuple[str, ...]:
    """All that follows in the clause: names or ids, with commas or "and" between them."""
    reading.at += 1
    names: list[str] = []
    part: list[str] = []
    for word in [*reading.words[reading.at :], ","]:
        if word in (",", "and", "و"):
            names += [" ".join(part)] if part else []
            part = []
        else:
            part.append(word)
    reading.at = len(reading.words)
    if not names:
        raise _unknown("", "officials NAME, NAME")
    if len(names) == 1 and names[0] in _OFF:
        return ()
    return tuple(dict.fromkeys(_official(reading.find, name) for name in names))


def _official(find: Finder, name: str) -> str:
    found = find(name[:_LONGEST_NAME])
    shown = name[:60]
    if not found:
        msg = f"No official on the watchlist is called “{shown}”; /watchlist shows the ids."
        raise NotUnderstood(msg)
    if len(found) > 1:
        msg = f"“{shown}” may be {listed(found[:5])}; write the id."
        raise NotUnderstood(msg)
    return found[0]


def _quiet(reading: _Reading) -> tuple[str, str] | None:
    reading.at += 1
    reading.skip("hours", "from", "between", "at", "night")
    word = reading.next()
    if word in _OFF:
        return None
    first, dash, last = word.partition("-")
    if not dash or not last:
        reading.skip("-", "to", "until", "till", "and", "تا")
        last = reading.next()
    times = (clock(first), clock(last.strip("-")))
    for given, time in zip((first, last), times, strict=True):
        if time is None:
            raise _unknown(given, "quiet 23:00-07:00")
    return (str(times[0]), str(times[1]))


def _most(reading: _Reading) -> int:
    reading.skip("at", "most")
    most = _whole(reading.next(), "at most 3 a day")
    reading.skip("alerts", "alert", "a", "per", "day", "daily")
    return most


# ---------------------------------------------------------------- in words


def rule_orders(rules: AlertRules) -> str:
    """The rules as `read_rules` understands them, whatever was set before."""
    parts = ["off"]
    named = {score: word for word, score in STRENGTHS.items()}
    if rules.score:
        parts.append(f"first report {named.get(rules.score, f'{rules.score:g}')}")
    if rules.outlets or rules.hours != NO_ALERTS.hours:
        parts.append(f"{rules.outlets} outlets in {rules.hours} hours")
    if rules.officials:
        parts.append(f"officials {', '.join(rules.officials)}")
    if rules.quiet:
        parts.append(f"quiet {'-'.join(rules.quiet)}")
    if rules.most != NO_ALERTS.most:
        parts.append(f"at most {rules.most} a day")
    return "; ".join(parts)


def rule_lines(rules: AlertRules, name_of: Callable[[str], str]) -> list[str]:
    """The rules for people, a line each; `name_of`: an official's name by id."""
    if not rules.is_on:
        return ["Alerts: off."]
    lines = ["Alerts, told at once:"]
    if rules.score:
        named = {score: word for word, score in STRENGTHS.items()}
        how = f" ({named[rules.score]})" if rules.score in named else ""
        lines.append(f"• the first report of a story at strength {rules.score:g} or more{how}")
    if rules.outlets:
        hours = count(rules.hours, "hour")
        lines.append(f"• a story that {rules.outlets} independent outlets tell within {hours}")
    if rules.officials:
        lines.append(f"• a headline that names {_either(rules.officials, name_of)}")
    quiet = f"none from {rules.quiet[0]} to {rules.quiet[1]}, " if rules.quiet else ""
    lines.append(f"• {quiet}at most {rules.most} a day")
    return lines


def _either(ids: Sequence[str], name_of: Callable[[str], str]) -> str:
    names = [name_of(one) for one in ids]
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
