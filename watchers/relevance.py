"""Is an article about 1988? A table of rules that a person can read. Pure.

A rule joins facets (config/watchlist.toml, [facets]) that stand near one another. It counts in
the title and the head of a text; the tail of an article is background and boilerplate, unless
the title itself speaks of the subject or is one of a bulletin. docs/matching.md tells the why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchers.evidence import Evidence, Mark

_LEAD = 45  # words of title and text that always belong to the head
_HEAD = 0.7  # of all words
_SHORT = 40  # words: less has no tail
_TODAY = 0.5  # of the words of a report on executions, if the title has nothing of 1988
_BRIEF = 120  # words of a report short enough to come to its subject last
_COMPANY = 40  # words
_COMPANY_OF = ("act", "prison", "graves", "panel", "panelist")
_COMPANY_FA = ("prison", "site", "year", "panelist", "graves", "law")
_IRAN = ("iran", "official", "site", "cemetery")
# What a headline on the subject has of it.
_SUBJECT = (
    "strong", "medium", "year", "site", "since", "then", "tape", "panel", "graves", "order",
    "panelist", "bulletin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Join:
    """A rule: an anchor with one of each of the other groups within so many words of it."""

    name: str
    anchor: str
    others: tuple[tuple[str, ...], ...]
    within: int
    in_iran: bool  # and Iran, an official or a place of 1988 somewhere in the article


def _rule(name: str, groups: str, within: int, *, in_iran: bool = True) -> Join:
    """`groups`: an anchor + one of a|b + one of c|d."""
    anchor, *others = (tuple(part.split("|")) for part in groups.split(" + "))
    return Join(name, anchor[0], tuple(others), within, in_iran)


RULES = (
    _rule("year, killing, prison", "year + act + prison|panel|order|site", 30),
    _rule("year, killing, who is named", "year + act + official", 30),
    _rule("year, killing, law", "year + act + law", 25),
    _rule("year, killing, remembrance", "year + act + memory", 25),
    _rule("year and graves", "year + graves", 30),
    _rule("year, prison, remembrance", "year + prison + memory|token|work|panel|law", 25),
    _rule("summer, a judge confesses", "year + summer + judge + confess", 40),
    _rule("year, a warder before a court", "year + guard + trial", 12),
    _rule("year, a judge turned away", "year + bench + barred", 8),
    _rule("year, killing, a judge turned away", "year + bench + barred + act|prison", 20),
    _rule("the year denied", "year + claim + hypocrite + law|gone|barred", 30, in_iran=False),
    _rule("the year's prisoners, hypocrites", "year + hypocrite + prison", 15),
    _rule("the year's events, courts", "year + events + trial", 15),
    _rule("year and who is named", "year + panelist + law|panel|memory", 40),
    _rule("year, prisoners, who is named", "year + panelist + prison", 25),
    _rule("year, death sentences, prison", "year + sentence + prison", 15),
    _rule("year, prisoners gone", "year + gone + prison", 25),
    _rule("the year's disappeared, remembrance", "year + gone + memory|token|law", 8),
    _rule("summer, prisoners gone", "year + season + gone + prison", 15, in_iran=False),
    _rule("the year's executed", "year + executed", 4),
    _rule(
        "the year's executed, their families",
        "year + executed + memory + law|graves",
        15,
        in_iran=False,
    ),
    _rule("the year's dead of the prisons", "year + dead + prison|graves", 10),
    _rule("judge of the year who died", "year + bench + died", 25),
    _rule("the year's executions in Iran", "year + execution + iran", 6, in_iran=False),
    _rule("the year's killings, evidence, graves", "year + act + law + graves", 30, in_iran=False),
    _rule("Iran and the year, law", "year + iran + law", 8),
    _rule(
        "Jalali year, prisoners or killing",
        "jalali + prison|act|trial|panel",
        25,
        in_iran=False,
    ),
    _rule("Jalali year, who is named", "jalali + panelist", 25, in_iran=False),
    _rule("years gone by, killing, prison", "since + act + prison|order", 40),
    _rule("years gone by, graves", "since + graves + act|prison|site", 40),
    _rule("years gone by, panel", "since + panel + prison|act|site", 40),
    _rule("years gone by, prisoners gone", "since + gone + prison + memory|graves", 30),
    _rule("years gone by, the dead of the prisons", "since + dead + prison", 8),
    _rule("years gone by, a warder before a court", "since + guard + trial + memory", 25),
    _rule("the war's end, killing, prison", "then + act + prison|order", 35),
    _rule("the war's end, graves", "then + graves + act|prison", 35),
    _rule("the decade, the executed", "eighties + executed + memory|graves|law|prison", 20),
    _rule("place of 1988, graves or memory", "site + graves|memory|token|dead", 20, in_iran=False),
    _rule("place of 1988, panel or year", "site + panel|year|since", 30, in_iran=False),
    _rule("place of 1988, killing", "site + act|question|then", 20, in_iran=False),
    _rule("place of 1988, a court", "site + trial + memory + since", 100, in_iran=False),
    _rule("cemetery of 1988, its graves", "cemetery + unmarked", 20, in_iran=False),
    _rule("cemetery of 1988, year", "cemetery + year|since|eighties + act|memory|token|prison", 30),
    _rule(
        "cemetery of 1988, the executed", "cemetery + executed + memory|token", 20, in_iran=False
    ),
    _rule("cemetery of 1988, that summer", "cemetery + act + then", 20, in_iran=False),
    _rule("cemetery of 1988, machines", "cemetery + machine + memory + bench", 25, in_iran=False),
    _rule("mass graves of the executed", "massgrave + executed + prison|memory", 25),
    _rule("prison of 1988 and its year", "evin + year", 40, in_iran=False),
    _rule("prison of 1988, panel", "evin + trio|question|panel + act|memory", 30, in_iran=False),
    _rule(
        "prison of 1988, decades", "evin + decades + executed + memory|graves", 30, in_iran=False
    ),
    _rule("warder of a prison of 1988", "evin + guard + trial + memory|act", 30, in_iran=False),
    _rule("panel in a prison", "trio + prison + question|memory|order", 40),
    _rule("panel, families, graves", "trio + memory + graves|act|prison", 40),
    _rule("one question, prisoners gone", "evin + question + gone", 20, in_iran=False),
    _rule("one question in a prison", "question + prison + act|panel", 30),
    _rule("panel and who sat on it", "panelist + panel|trio + prison|act|year", 30, in_iran=False),
    _rule("panels by decree", "panelist + order + panel|act|prison", 30, in_iran=False),
    _rule("prisoners killed, who is named", "panelist + act|sentence + prison", 45),
    _rule("colleagues of 1988", "panelist + other panelist + third panelist", 30, in_iran=False),
    _rule("order to kill prisoners", "order + khomeini + act|prison|panel", 25),
    _rule("letter on prisoners to be killed", "khomeini + letter|order + prison + act", 40),
    _rule("order, prisoners, panels", "order + prison + act + panel|montazeri", 40),
    _rule("Montazeri's protest", "montazeri + letter|order + act|prison", 30, in_iran=False),
    _rule("Montazeri's recording", "montazeri + tape", 25, in_iran=False),
    _rule("the case of Noury", "noury + trial", 30, in_iran=False),
)


ANCHORS = frozenset(rule.anchor for rule in RULES)
# What is of Iran by itself: facets that begin rules which ask for nothing else of Iran.
HOMELESS = frozenset(("site", "evin", "cemetery"))


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on relevance, with the marks and the rule that decided."""

    relevant: bool
    rule: str = ""
    marks: tuple[Mark, ...] = ()
    other_event: str = ""  # the look-alike that it is about instead


def decide(evidence: Evidence, relations: Mapping[str, str]) -> Decision:
    """Whether it is relevant; `relations` says of a look-alike "different" or "neighbour"."""
    mention: Decision | None = None
    for found in _findings(evidence):
        other = _other_event(evidence, relations, found)
        if other is not None:
            mention = mention or _about(other)
        elif _is_mention(evidence, found):
            mention = mention or Decision(
                False, f"a mention in the tail: {found.rule}", found.marks
            )
        else:
            return found
    return mention or _instead(evidence, relations) or Decision(False)


def _instead(evidence: Evidence, relations: Mapping[str, str]) -> Decision | None:
    """The event that an article with the year, or a phrase that could be ours, is about."""
    if not evidence.has("year", "strong", "medium"):
        return None
    other = _other_event(evidence, relations, Decision(False))
    return None if other is None else _about(other)


def _about(other: Mark) -> Decision:
    subject = other.hit.rule.subject
    return Decision(False, f"another event: {subject}", (other,), subject)


def _findings(evidence: Evidence) -> Iterator[Decision]:
    """All that speaks for it, the surest first."""
    yield from _strong(evidence)
    yield from _medium(evidence)
    yield from _joined(evidence)


def _is_iran(evidence: Evidence) -> bool:
    return evidence.is_persian or evidence.has(*_IRAN)


def _strong(evidence: Evidence) -> Iterator[Decision]:
    for mark in evidence.of("strong"):
        anchored = _is_iran(evidence) or evidence.has("prison")
        if (
            anchored
            or mark.hit.rule.detail == "fa"
            or evidence.covered(mark.hit, "iran", "khomeini")
        ):
            yield Decision(True, "strong phrase", (mark,))


def _medium(evidence: Evidence) -> Iterator[Decision]:
    company = evidence.has("prison", "act", "graves", "panel", "memory", "actors", "law", "judge")
    for mark in evidence.of("medium"):
        is_persian = mark.hit.rule.detail == "fa"
        beside = _COMPANY_FA if is_persian else _COMPANY_OF
        close = evidence.near(mark, beside, _COMPANY) is not None
        told = company and evidence.has("iran") and not is_persian
        in_iran = _is_iran(evidence) and (close or told)
        if in_iran or evidence.covered(mark.hit, "iran", "site"):
            yield Decision(True, "medium phrase in company", (mark,))


def _joined(evidence: Evidence) -> Iterator[Decision]:
    in_iran = _is_iran(evidence)
    for rule in RULES:
        may = (in_iran or not rule.in_iran) and evidence.has(rule.anchor)
        if may and all(evidence.has(*groups) for groups in rule.others):
            marks = evidence.joined(evidence.of(rule.anchor), rule.others, rule.within)
            if marks:
                yield Decision(True, rule.name, marks)


def _other_event(evidence: Evidence, relations: Mapping[str, str], found: Decision) -> Mark | None:
    """A look-alike event in the title or the lead that the finding does not outweigh."""
    prison = any(
        evidence.covered(mark.hit, "iran", "prison", "panel", "khomeini")
        or (mark.hit.rule.kind == "strong" and mark.hit.rule.detail == "fa")
        for mark in found.marks
    )
    place = any(mark.hit.rule.subject == "site" for mark in found.marks)
    for mark in evidence.of("lookalike"):
        in_title = mark.hit.field == "title"
        different = relations[mark.hit.rule.subject] == "different"
        own = prison or (place and different)
        if own and not (in_title and different and found.rule != "strong phrase"):
            continue
        if in_title or (different and mark.place <= _LEAD):
            return mark
    return None


def _is_mention(evidence: Evidence, found: Decision) -> bool:
    """All of it stands in the tail, and the title speaks of something else.

    Of executions of today too: their reports end with a line on 1988, often a short one.
    """
    if _in_title(evidence, *_SUBJECT):
        return False
    today = evidence.words >= _SHORT and any(m.hit.field == "title" for m in evidence.of("act"))
    if _comes_last(evidence, found, today=today):
        return False
    if not today and any(mark.hit.rule.subject == "site" for mark in found.marks):
        return False  # such a place stands for 1988 wherever it is named
    lead, head = (_LEAD // 2, _TODAY) if today else (_LEAD, _HEAD)
    end = max(lead, int(evidence.words * head))
    anchor = found.marks[0]
    return anchor.hit.field == "text" and anchor.place > end


def _comes_last(evidence: Evidence, found: Decision, *, today: bool) -> bool:
    """Whether a short report comes to what it is about in its last words.

    State media do when they protest, and so do reports on somebody turned away at a border, on a
    march for those executed, or on a film about a prison of 1988.
    """
    if evidence.words > _BRIEF:
        return False
    walls = _in_title(evidence, "evin") and _in_title(evidence, "film")
    march = _in_title(evidence, "executed") and _in_title(evidence, "token", "work")
    turned = any(mark.hit.rule.subject in ("barred", "hypocrite") for mark in found.marks)
    protest = not today and _in_title(evidence, "protest")
    return walls or march or turned or protest or _in_title(evidence, "barred")


def _in_title(evidence: Evidence, *groups: str) -> bool:
    return any(mark.hit.field == "title" for mark in evidence.of(*groups))
