"""Stage 4: match. What is an article about, and whom does it name? Pure, with its reasons.

    own text (owntext) -> folding -> scan: every alias and phrase -> spelling: names nearly so
    -> naming: who is named -> relevance: is it about 1988 -> reasons

*Relevant* and *named* are separate verdicts. docs/matching.md tells which error is worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from watchers.evidence import Evidence, Mark, touches
from watchers.folding import Folded, fold
from watchers.model import Match, Verdict
from watchers.naming import named
from watchers.owntext import OwnText, own_text
from watchers.queries import parse_query
from watchers.relevance import ANCHORS, HOMELESS, Decision, decide
from watchers.rules import TOPIC, Rule, patterns
from watchers.scan import Hit, Scanner, Tells
from watchers.spelling import Speller

if TYPE_CHECKING:  # a worker gets a Matcher ready made: pydantic stays out of its memory
    from watchers.watchlist import Watchlist

_BAR = " x "
_HOW = {
    "full": "full name", "surname": "surname in context", "common": "surname in context",
    "misspelt": "misspelt name", "misspelt surname": "misspelt surname in context",
}  # fmt: skip


_ENOUGH = frozenset(("full", "surname", "strong", "medium", "own", *HOMELESS))
_AT_HOME = frozenset(("year", *ANCHORS))
# What the rules of nearness without a name or a place ask for, one of it at least.
_GRIM = frozenset(("act", "prison", "graves", "sentence", "execution"))


def _tells(rule: Rule) -> Tells:
    """What a rule's hits say by themselves: without Iran most rules of nearness do not hold."""
    group = rule.subject if rule.kind in ("facet", "context") else rule.kind
    if group in _ENOUGH or (group == "year" and rule.detail != "short"):
        return Tells.ENOUGH
    if group == "iran":
        return Tells.COUNTRY
    if group == "common":
        return Tells.ALONE_AT_HOME
    if group in _AT_HOME:
        return Tells.AT_HOME
    return Tells.COMPANY if group in _GRIM else Tells.NOTHING


class Matcher:
    """A watchlist made ready: build once, judge any number of articles."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.version = watchlist.version
        self._officials = frozenset(person.id for person in watchlist.officials)
        self._given_names = frozenset(map(fold, watchlist.words.given_names))
        self._relations = {look.id: look.relation for look in watchlist.lookalikes}
        self._queries = {topic.id: parse_query(topic.query) for topic in watchlist.own_topics}
        found = tuple(patterns(watchlist))
        self._scanner = Scanner(found, _tells)
        self._speller = Speller(found)

    def judge(self, title: str, text: str) -> Verdict:
        """The verdict on one article, with its reasons."""
        fields = {"title": Folded(title), "text": Folded(text)}
        hits = self._hits(fields)
        if hits:  # else it is most of the world's news
            own_part = own_text(text, title)
            if own_part.furniture:
                fields["text"] = Folded(_barred(own_part))
                hits = self._hits(fields)
        if not hits:
            return Verdict(False, (), (), (), (), 0.0, self.version)
        evidence = self._evidence(hits, fields)
        people = named(evidence, self._given_names)
        self._tell_people(evidence, people)
        decision = decide(evidence, self._relations)
        own = self._own_topics(hits)
        subjects = dict.fromkeys(mark.hit.rule.subject for mark in people)
        return Verdict(
            relevant=decision.relevant,
            officials=tuple(s for s in subjects if s in self._officials),
            people=tuple(s for s in subjects if s not in self._officials),
            topics=((TOPIC,) if decision.relevant else ()) + tuple(own),
            matches=self._reasons(decision, people, own, fields),
            score=_score(evidence, decision),
            watchlist=self.version,
            suspicious=not decision.relevant and _is_suspicious(evidence),
        )

    def _hits(self, fields: dict[str, Folded]) -> list[Hit]:
        """What was found; nothing if it is only Iran, with no name that is nearly one of ours."""
        hits = self._scanner.find(fields)
        if not hits or self._scanner.tells_more_than_the_country(hits):
            return hits
        if any(True for name in fields for _ in self._speller.find(name, fields[name])):
            return [hit for name in fields for hit in self._scanner.scan(name, fields[name])]
        return []

    def _evidence(self, hits: Sequence[Hit], fields: dict[str, Folded]) -> Evidence:
        """The hits, and names that are nearly there, in articles that may be on the subject."""
        evidence = Evidence(hits, fields)
        if not evidence.has("strong", "year", "site", "prison", "office", "law"):
            return evidence
        whole = evidence.of("full")
        misspelt = [
            hit
            for name in fields
            for hit in self._speller.find(name, fields[name])
            if not any(touches(hit, other.hit) for other in whole)
        ]
        return Evidence([*hits, *misspelt], fields) if misspelt else evidence

    def _tell_people(self, evidence: Evidence, people: Sequence[Mark]) -> None:
        """Who is named is evidence too."""
        for mark in people:
            rule = mark.hit.rule
            groups = [rule.group] if rule.group else []
            groups += ["official"] if rule.subject in self._officials else []
            groups += ["panelist"] if rule.panelist else []
            evidence.tell(mark, groups)
        panel = list(dict.fromkeys(m.hit.rule.subject for m in people if m.hit.rule.panelist))
        for number, group in enumerate(("other panelist", "third panelist"), start=1):
            for mark in people:
                if mark.hit.rule.subject in panel[number : number + 1]:
                    evidence.tell(mark, [group])

    def _own_topics(self, hits: Sequence[Hit]) -> dict[str, tuple[Hit, ...]]:
        """The admins' topics whose queries hold, with the hits by which they do."""
        found: dict[str, dict[int, list[Hit]]] = {}
        for hit in hits:
            if hit.rule.kind == "own":
                numbers = found.setdefault(hit.rule.subject, {})
                numbers.setdefault(int(hit.rule.detail), []).append(hit)
        held = ((topic, self._queries[topic].find(numbers)) for topic, numbers in found.items())
        return {topic: reasons for topic, reasons in held if reasons}

    def _reasons(
        self,
        decision: Decision,
        people: Sequence[Mark],
        own: Mapping[str, Sequence[Hit]],
        fields: dict[str, Folded],
    ) -> tuple[Match, ...]:
        kind, score = ("topic", 2.0) if decision.relevant else ("mention", 0.0)
        if decision.other_event:
            kind = "lookalike"
        reasons = [
            _reason(mark.hit, fields, decision.other_event or TOPIC, kind, decision.rule, score)
            for mark in decision.marks
        ]
        for topic, hits in own.items():
            reasons += [_reason(hit, fields, topic, "topic", "own topic", 1.0) for hit in hits]
        for mark in people:
            kind = "official" if mark.hit.rule.subject in self._officials else "person"
            how = _HOW[mark.hit.rule.kind]
            reasons.append(_reason(mark.hit, fields, mark.hit.rule.subject, kind, how, 1.0))
        return tuple(dict.fromkeys(reasons))


def _barred(own: OwnText) -> str:
    """The own text with a word in each blank, so that nothing matches across it."""
    text = own.text
    pieces: list[str] = []
    at = 0
    for span in own.furniture:
        if span.end - span.start > len(_BAR):
            pieces += (text[at : span.start], _BAR)
            at = span.start + len(_BAR)
    return "".join((*pieces, text[at:]))


def _reason(
    hit: Hit, fields: dict[str, Folded], subject: str, kind: str, rule: str, score: float
) -> Match:
    folded = fields[hit.field]
    start, end = folded.origin(hit.start, hit.end)
    return Match(subject, kind, hit.field, folded.original[start:end], start, end, rule, score)


def _is_suspicious(evidence: Evidence) -> bool:
    """Short of relevant, but worth a closer look."""
    return evidence.has("strong", "medium", "site") or (
        evidence.has("year") and evidence.has("iran")
    )


def _score(evidence: Evidence, decision: Decision) -> float:
    """How strongly it speaks of the subject: orders digests, decides nothing."""
    kinds = {"strong": 3.0, "medium": 1.5, "weak": 0.5, "year": 0.5}
    score = sum(
        weight * min(3, len({(m.hit.start, m.hit.field) for m in evidence.of(kind)}))
        for kind, weight in kinds.items()
    )
    in_title = decision.relevant and any(m.hit.field == "title" for m in decision.marks)
    return round(score + (2.0 if in_title else 0.0), 2)
