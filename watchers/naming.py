"""Who is named in an article. Pure.

Which error is worse: a wrong match names a person wrongly. So a name counts
  full     by itself, but for people of another trade who bear it ("the chef Hamid Nouri")
  surname  a rare one: beside one word of Iran, an office, a court, a prison
  common   beside Iran and one thing more, or a strong phrase, or colleagues of 1988
  misspelt a full name nearly so: as a surname; a surname nearly so: only on the subject itself
and none behind somebody else's given name, inside a longer name, or on a street, an airport.
An office or a nickname names nobody.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz.distance import OSA

from watchers.evidence import NAMES, Evidence, Mark, covers, touches
from watchers.folding import fold
from watchers.rules import ARABIC, folded_words

_TRADE = 12  # words: a trade stands beside its name
_OFFICE = 4
_POST = 20  # words between a headline's name and a post that he held
_LIST = 6  # words between the names of a list: "Naieri, Eshraqi, Raisi"
_SUPPORT = (
    "iran", "office", "prison", "law", "actors", "official", "event", "order", "panel", "trial",
    "act", "sentence",
)  # fmt: skip
_GROUPS = frozenset(("iran", "prison", "law", "actors", "official", "event"))
_AT_HOME = ("iran", "actors", "prison", "official", "sentence")
_OF = folded_words("de del di da du des al el la le von der av imam امام الإمام")
_NO_NAMES = ("office", "iran", "law", "panel", "trial", "order", "event", "site", "evin", *NAMES)
_TITLES = folded_words(
    "mr mrs ms dr prof sir haj haji hajj hajji hojatoleslam hojjatoleslam hojjat seyyed seyed "
    "sayyid sheikh imam general colonel late former ex then monsieur señor signor don herr islam "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december"
)
_WORD = 40  # characters of a neighbouring word that are looked at
_NEAR_PLACE = 8  # words between a name and the street that bears it
_PARTS = re.compile(r"[,;!?:|()\[\]{}،؛؟]|\b(?!(?i:prof|dr|mrs?|ms|gen|col)\.)\w\w+\.\s")
_SURNAME_ENDS = folded_words("زاده پور نژاد فر نیا مقدم راد تبار زاد")
_LONG = 6  # letters of a given name that may have two mistakes
_ENDS = frozenset(".!?:;…\n\"“”«»‘’'–—-(•|/")
_TOPIC = ("year", "site", "since", "then", "trio", "evin")
_CLITICS = folded_words("ها های ای ام اش ات اند است را هایی یی ایم")
_ADJECTIVE = frozenset(("ه", "یه", "ین", "یین", "یات"))  # Arabic: "رئيسية" is no Raisi


def named(evidence: Evidence, given_names: frozenset[str]) -> list[Mark]:
    """The marks by which people are named, in order of place."""
    rivals = evidence.of(*NAMES, "lookalike", "namesake")
    names = [
        mark
        for mark in evidence.of(*NAMES)
        if not _is_hidden(mark, rivals, evidence)
        and not _has_foreign_given_name(mark, evidence, given_names)
    ]
    evidence.drop("trade", [mark for mark in names if mark.hit.rule.kind == "full"])
    others = _introduced_others(evidence, given_names)
    names = [m for m in names if m.hit.rule.kind == "full" or m.hit.rule.subject not in others]
    listed = _listed(names)
    kept = [m for m in names if m.hit.rule.kind == "full" and _is_no_namesake(m, evidence)]
    for kind in ("misspelt", "surname", "common", "misspelt surname"):
        for mark in names:
            if mark.hit.rule.kind == kind:
                subjects = {other.hit.rule.subject for other in kept}
                if mark in listed or _counts(mark, evidence, subjects):
                    kept.append(mark)
    return sorted(kept, key=lambda mark: mark.place)


def _introduced_others(evidence: Evidence, given_names: frozenset[str]) -> set[str]:
    """Whose bare surname means a namesake here: he is introduced by his full name."""
    whole = evidence.of("full", "misspelt")
    full = {mark.hit.rule.subject for mark in whole}
    namesakes = evidence.of("namesake")
    longer = [mark for mark in evidence.of("common") if _words(mark, evidence) > 1]
    return {
        mark.hit.rule.subject
        for mark in evidence.of("surname", "common")
        if mark.hit.rule.subject not in full
        # a relative on the list, or his own name with what goes before it
        and not any(covers(other.hit, mark.hit) for other in (*whole, *longer))
        and (
            any(covers(other.hit, mark.hit) for other in namesakes)
            or _before(mark, evidence) in given_names - mark.hit.rule.given
            or (mark.hit.rule.kind == "common" and _is_introduced(mark, evidence))
        )
    }


def _words(mark: Mark, evidence: Evidence) -> int:
    """How many words a name has, as found."""
    return evidence.fields[mark.hit.field].text[mark.hit.start : mark.hit.end].count(" ") + 1


def _is_hidden(mark: Mark, rivals: Sequence[Mark], evidence: Evidence) -> bool:
    """Inside a longer name or a look-alike, an adjective, two names, or the name of a place."""
    if any(covers(other.hit, mark.hit) for other in rivals):
        return True
    text, hit = evidence.fields[mark.hit.field].text, mark.hit
    if hit.rule.kind in ("full", "misspelt"):
        if _is_parted(_printed(mark, evidence)[0]):
            return True
    elif (
        text[hit.end : hit.end + _WORD].partition(" ")[0] in _ADJECTIVE
        or text.startswith("ال", max(0, hit.start - 2), hit.start)
        or _is_small(mark, evidence)
    ):
        return True
    if _goes_on(mark, evidence):
        return True
    return any(_names_it(other, mark, text) for other in evidence.of("eponym"))


def _printed(mark: Mark, evidence: Evidence) -> tuple[str, str]:
    """The name as printed, and what follows it."""
    folded = evidence.fields[mark.hit.field]
    start, end = folded.origin(mark.hit.start, mark.hit.end)
    return folded.original[start:end], folded.original[end : end + _WORD]


def _is_parted(printed: str) -> bool:
    """The end of one sentence and the beginning of the next, or two names of a list.

    The full stop of an initial, or of a short title, parts nothing ("Dr. S. E. Raisi").
    """
    return _PARTS.search(html.unescape(printed)) is not None


def _is_small(mark: Mark, evidence: Evidence) -> bool:
    """A common word: names have a capital where there are capitals ("pour Mohammadi")."""
    folded = evidence.fields[mark.hit.field]
    first = folded.text[mark.hit.start : mark.hit.start + 2]
    # Nearly always no word begins so: no need to look where this one stood.
    return first in folded.original and _printed(mark, evidence)[0][:1].islower()


def _goes_on(mark: Mark, evidence: Evidence) -> bool:
    """A surname that goes on is another one: "آوایی‌پور", "Nouri-Azad"."""
    folded = evidence.fields[mark.hit.field]
    following = folded.text[mark.hit.end : mark.hit.end + _WORD].strip(" ").partition(" ")[0]
    if following in _SURNAME_ENDS:
        return True
    if "\u200c" not in folded.original and "-" not in folded.original:
        return False
    after = _printed(mark, evidence)[1]
    if after.startswith("\u200c"):
        return fold(after[1:]).partition(" ")[0] not in _CLITICS
    return after[:1] == "-" and after[1:2].isupper() and not evidence.is_german


def _names_it(other: Mark, mark: Mark, text: str) -> bool:
    """Whether a street, an airport bears the name: "Raisi Street", "Calle Raisi"."""
    if other.hit.field != mark.hit.field or touches(other.hit, mark.hit):
        return False
    if abs(other.place - mark.place) > _NEAR_PLACE:
        return False
    first, second = sorted((mark.hit, other.hit), key=lambda hit: hit.start)
    between = text[first.end : second.start].split()
    return not between or (second is mark.hit and len(between) == 1 and between[0] in _OF)


def _is_no_namesake(mark: Mark, evidence: Evidence) -> bool:
    """A full name that others bear too: not beside their trade, with nothing of the subject."""
    if evidence.near(mark, ("trade",), _TRADE) is None:
        return True
    beside = evidence.near(mark, ("trade",), _OFFICE) is not None
    if evidence.near(mark, ("office",), _OFFICE) or (not beside and evidence.has("office")):
        return True
    return evidence.has("strong", "medium", "site", "evin")


def _has_foreign_given_name(mark: Mark, evidence: Evidence, given_names: frozenset[str]) -> bool:
    """Behind somebody else's given name: a known one, or what stands where one would."""
    if mark.hit.rule.kind in ("full", "misspelt"):
        return False
    known = given_names - mark.hit.rule.given
    return _before(mark, evidence) in known or _is_introduced(mark, evidence)


def _before(mark: Mark, evidence: Evidence) -> str:
    """The folded word before a name."""
    text = evidence.fields[mark.hit.field].text
    return text[max(0, mark.hit.start - _WORD) : mark.hit.start].rstrip(" ").rpartition(" ")[2]


def _is_introduced(mark: Mark, evidence: Evidence) -> bool:
    """A capital right before a surname, in the middle of a sentence: "a teacher, Anvar Nouri".

    Not in German, where every noun has one, nor in a headline of capitals; nor if it is a title,
    an office, a day, or nearly a given name of his own.
    """
    word = _before(mark, evidence)
    folded = evidence.fields[mark.hit.field]
    start = mark.hit.start - len(word) - 1
    if not word or start < 1 or word in _TITLES or ARABIC.match(word):
        return False
    first, end = folded.origin(start, start + len(word))
    original = folded.original
    printed, behind = original[first:end], original[max(0, first - _WORD) : first].rstrip()
    if not printed[:1].isupper() or printed.isupper() or original[end:].lstrip(" ")[:1].islower():
        return False
    begins = not behind or behind[-1] in _ENDS or mark.hit.field == "title"
    apart = original[end : folded.origin(mark.hit.start, mark.hit.end)[0]].strip()
    if begins or apart or evidence.is_german:
        return False
    mistakes = 1 if len(word) < _LONG else 2
    if any(OSA.distance(word, own) <= mistakes for own in mark.hit.rule.given):
        return False
    return not any(
        other.hit.field == mark.hit.field and other.hit.start <= start < other.hit.end
        for other in evidence.of(*_NO_NAMES)
    )


def _listed(names: Sequence[Mark]) -> set[Mark]:
    """Names of colleagues of 1988 in a row vouch for one another: two rare ones, or three."""
    found: set[Mark] = set()
    run: list[Mark] = []
    for one, other in pairwise([*names, *names[-1:]]):
        run.append(one)
        if other.place - one.place > _LIST or other is one:
            colleagues = [mark.hit.rule for mark in run if mark.hit.rule.panelist]
            rare = len({rule.subject for rule in colleagues if rule.kind == "surname"})
            if rare > 1 or len({rule.subject for rule in colleagues}) > 2:
                found.update(run)
            run = []
    return found


def _counts(mark: Mark, evidence: Evidence, others: set[str]) -> bool:
    """Whether a bare surname stands in its context."""
    at_home = evidence.is_persian or evidence.has(*_AT_HOME)
    if mark.hit.rule.subject in others or (at_home and evidence.has("strong")):
        return True
    if evidence.has("trade") and not evidence.has("office", "prison", "year", "site"):
        return False
    if not at_home:
        # A politician of another country, a player, a word that sounds the same.
        rare = mark.hit.rule.kind == "surname"
        headline = rare and mark.hit.field == "title" and mark.hit.rule.panelist
        if headline and evidence.near(mark, ("post",), _POST) is not None:
            return True
        about = (
            rare
            and evidence.has("year")
            and (evidence.has("act") or (mark.hit.rule.panelist and evidence.has("strong")))
        )
        return about or (mark.hit.rule.known and evidence.has("office", "order", "year"))
    if mark.hit.rule.topical:
        beside = evidence.is_persian or evidence.near(mark, ("office",), _OFFICE) is not None
        return (
            (beside or _words(mark, evidence) > 1)
            and evidence.has(*_TOPIC)
            and evidence.has("iran", "official", "prison")
        )
    groups = {group for group in _SUPPORT if _stands_beside(group, mark, evidence)}
    if others - {mark.hit.rule.subject}:
        groups.add("official")
    if evidence.has("year"):
        groups.add("event")
    start, end = evidence.fields[mark.hit.field].origin(mark.hit.start, mark.hit.end)
    hyphen = "-" in evidence.fields[mark.hit.field].original[start:end]  # "Pour-Mohammadi"
    if mark.hit.rule.kind in ("surname", "misspelt") or hyphen:
        return evidence.is_persian or bool(groups - {"act"})
    if mark.hit.rule.kind == "misspelt surname":
        return {"official", "event", "iran"} <= groups and bool(groups & {"prison", "act", "law"})
    return bool(groups & {"iran", "official", "actors"}) and len(groups & _GROUPS) > 1


def _stands_beside(group: str, mark: Mark, evidence: Evidence) -> bool:
    return any(not touches(other.hit, mark.hit) for other in evidence.of(group))
