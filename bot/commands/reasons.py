"""Reasons of verdicts for an admin in a chat: by sentence, whom or what, and by which rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.names import Names
from bot.wording import isolated, short
from watchers.model import Match, Verdict
from watchers.reasons import sentence

_REASONS = 10  # of one article: subjects and rules, each once a sentence
_ALIASES = 5  # of one of them
_SENTENCE = 200  # characters
_ALIAS = 80
_RULE = 100


def called(names: Names, subject: str) -> str:
    """A subject's name with its id, which commands take."""
    name = names.of(subject, "en")
    return f"{isolated(name)} ({subject})" if name != subject else subject


def because(matches: Iterable[Match]) -> str:
    """Reasons by one rule without their subject: the rule, and what is printed there."""
    found = list(matches)
    aliases = dict.fromkeys(f"“{isolated(short(match.alias, _ALIAS))}”" for match in found)
    return f"[{short(found[0].rule, _RULE)}] {', '.join(list(aliases)[:_ALIASES])}"


def reason_lines(matches: Sequence[Match], title: str, text: str, names: Names) -> list[str]:
    """Each sentence that has reasons, those of the title first, and its reasons below it."""
    by_sentence: dict[str, dict[tuple[str, str], list[Match]]] = {}
    for match in sorted(matches, key=lambda m: (m.field != "title", m.start)):
        source = title if match.field == "title" else text
        where = short(sentence(source, match.start, match.end, _SENTENCE), _SENTENCE)
        by_rule = by_sentence.setdefault(where, {})
        by_rule.setdefault((match.subject, match.rule), []).append(match)
    lines: list[str] = []
    left = sum(map(len, by_sentence.values())) - _REASONS
    room = _REASONS
    for where, by_rule in by_sentence.items():
        told = [
            f"– {called(names, subject)} {because(found)}"
            for (subject, _), found in list(by_rule.items())[:room]
        ]
        lines += [f"“{isolated(where)}”", *told] if told else []
        room -= len(told)
    return [*lines, f"and {left} more"] if left > 0 else lines


def verdict_lines(verdict: Verdict, names: Names) -> list[str]:
    """Relevant or not, and whom and what it names."""
    lines = ["Relevant." if verdict.relevant else f"Not relevant: {why_not(verdict)}"]
    for what, ids in (
        ("Officials", verdict.officials),
        ("Other people", verdict.people),
        ("Topics", verdict.topics),
    ):
        if ids:
            lines.append(f"{what}: {_listed(ids, names)}.")
    return lines


def _listed(ids: Iterable[str], names: Names) -> str:
    return ", ".join(called(names, one) for one in ids)


def why_not(verdict: Verdict) -> str:
    """What keeps it from being relevant, in a sentence."""
    against = dict.fromkeys(m.rule for m in verdict.matches if m.score <= 0 and m.rule)
    if against:
        return f"what speaks for it is outweighed ({short('; '.join(against), 300)})."
    if verdict.suspicious:
        return "words of the subject stand there, but no rule joins them."
    if verdict.officials:
        return "an official is named in other news."
    if verdict.topics:
        return "only a topic of your own was found."
    if verdict.matches:
        return "people are named, and nothing of the subject."
    return "nothing of the watchlist was found in it."
