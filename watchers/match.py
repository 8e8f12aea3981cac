"""Stage 4: match. What is an article about, and whom does it name? Pure, with its reasons.

    title, own text (furniture cut off) -> fold -> one automaton over all aliases and phrases
    -> word boundaries -> who is named -> relevant or not

Which error is worse: a wrong match names a person wrongly, a missed one is the story that a
family waited for. So a full name counts by itself, a surname only in context; a strong phrase
counts beside Iran, a weaker one needs company; look-alike events outweigh all but strong
phrases. *Relevant* and *named* are separate verdicts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchers.folding import Folded, fold
from watchers.model import Match, Verdict
from watchers.rules import TOPIC, furniture_pattern, patterns
from watchers.scan import Hit, Scanner

if TYPE_CHECKING:  # a worker gets a Matcher ready made: pydantic stays out of its memory
    from watchers.watchlist import Watchlist

_HEAD = 0.6  # of the text that weighs; the tail of an article is background and boilerplate
_SHORT = 900  # folded characters that always belong to the head
_NEAR = 14  # words between a year and a killing: a sentence or so


class Matcher:
    """A watchlist made ready: build once, judge any number of articles."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.version = watchlist.version
        self._official = {person.id: person.is_official for person in watchlist.people}
        self._given_names = frozenset(map(fold, watchlist.words.given_names))
        self._relations = {look.id: look.relation for look in watchlist.lookalikes}
        self._furniture = furniture_pattern(watchlist.words.furniture)
        self._scanner = Scanner(patterns(watchlist))

    def judge(self, title: str, text: str) -> Verdict:
        """The verdict on one article, with its reasons."""
        own = text[: self._furniture_start(text)]
        fields = {"title": Folded(title), "text": Folded(own)}
        hits = [hit for name in fields for hit in self._scanner.scan(name, fields[name])]
        if not hits:  # most of the world's news
            return Verdict(False, (), (), (), (), 0.0, self.version)
        evidence = _Evidence(hits, fields)
        named = self._named(hits, evidence, fields)
        decided, rule = self._relevance(evidence, named)
        officials = tuple(dict.fromkeys(h.rule.subject for h in named if self._is_official(h)))
        others = dict.fromkeys(h.rule.subject for h in named if not self._is_official(h))
        return Verdict(
            relevant=bool(decided),
            officials=officials,
            people=tuple(others),
            topics=(TOPIC,) if decided else (),
            matches=self._reasons(decided, rule, named, fields),
            score=_score(evidence, decided),
            watchlist=self.version,
            suspicious=not decided and evidence.is_suspicious,
        )

    def _is_official(self, hit: Hit) -> bool:
        return self._official.get(hit.rule.subject, False)

    def _furniture_start(self, text: str) -> int:
        found = self._furniture.search(text)
        return found.start() if found else len(text)

    # ------------------------------------------------------------ who is named

    def _named(
        self, hits: Sequence[Hit], evidence: _Evidence, fields: dict[str, Folded]
    ) -> list[Hit]:
        """The hits by which people are named, longest first where they overlap."""
        people = [h for h in hits if h.rule.kind in ("full", "surname")]
        covers = [h for h in hits if h.rule.kind in ("full", "lookalike", "namesake")]
        named = []
        for hit in people:
            if any(_covers(other, hit) for other in covers if other is not hit):
                continue
            if hit.rule.kind == "surname" and not self._surname_counts(hit, evidence, fields):
                continue
            named.append(hit)
        return named

    def _surname_counts(self, hit: Hit, evidence: _Evidence, fields: dict[str, Folded]) -> bool:
        """A bare surname counts in context, and not behind somebody else's given name."""
        before = fields[hit.field].text[: hit.start].rstrip(" ").rpartition(" ")[2]
        if before in self._given_names and before not in hit.rule.given:
            return False
        return evidence.has_context_for(hit)

    # ------------------------------------------------------------ relevant or not

    def _relevance(self, evidence: _Evidence, named: Sequence[Hit]) -> tuple[tuple[Hit, ...], str]:
        """The hits that make it relevant, and the rule; no hits if it is not."""
        full = any(hit.rule.kind == "full" and self._is_official(hit) for hit in named)
        officials = {hit.rule.subject for hit in named if self._is_official(hit)}
        anchored = evidence.has("iran") or full or len(officials) > 1
        strong = evidence.of("strong", head=True)
        for hit in strong:
            beside = anchored or evidence.names_iran(hit) or evidence.has("prison")
            if beside and not self._is_other_event(evidence, strong=True):
                return (hit,), "strong phrase"
        if self._is_other_event(evidence, strong=bool(strong)):
            return (), ""
        company = evidence.has("prison") or evidence.has("law") or evidence.has("actors")
        for hit in evidence.of("medium", head=True):
            if (anchored and (company or full)) or evidence.names_place(hit):
                return (hit,), "medium phrase in company"
        return self._by_nearness(evidence, anchored=anchored, officials=len(officials))

    def _by_nearness(
        self, evidence: _Evidence, *, anchored: bool, officials: int
    ) -> tuple[tuple[Hit, ...], str]:
        """A year beside a killing, or a place of 1988 beside what is remembered there."""
        here = anchored or evidence.has("prison") or evidence.has("actors")
        pair = evidence.near("year", "killing")
        if pair and here:
            return pair, "year near a killing"
        pair = evidence.near("year", "victims") or evidence.near("year", "graves")
        if pair and (here or officials):
            return pair, "year near prisoners or graves"
        pair = evidence.near("site", "memory") or evidence.near("site", "year")
        if pair:
            return pair, "place of 1988 near remembrance"
        if officials > 1 and evidence.near("year", "surname"):
            return evidence.near("year", "surname"), "year near officials"
        return (), ""

    def _is_other_event(self, evidence: _Evidence, *, strong: bool) -> bool:
        """A look-alike event in the title or the lead, not outweighed by a strong phrase."""
        for hit in evidence.of("lookalike", head=True):
            relation = self._relations[hit.rule.subject]
            if relation == "different" and not strong:
                return hit.field == "title" or not evidence.has("prison")
            if relation == "neighbour" and not strong and hit.field == "title":
                return True
        return False

    # ------------------------------------------------------------ reasons

    def _reasons(
        self,
        decided: Sequence[Hit],
        rule: str,
        named: Sequence[Hit],
        fields: dict[str, Folded],
    ) -> tuple[Match, ...]:
        reasons = [_reason(hit, fields, TOPIC, "topic", rule, 2.0) for hit in decided]
        for hit in named:
            kind = "official" if self._is_official(hit) else "person"
            how = "full name" if hit.rule.kind == "full" else "surname in context"
            reasons.append(_reason(hit, fields, hit.rule.subject, kind, how, 1.0))
        return tuple(dict.fromkeys(reasons))


def _reason(
    hit: Hit, fields: dict[str, Folded], subject: str, kind: str, rule: str, score: float
) -> Match:
    folded = fields[hit.field]
    start, end = folded.origin(hit.start, hit.end)
    return Match(subject, kind, hit.field, folded.original[start:end], start, end, rule, score)


class _Evidence:
    """What was found in one article, asked for by kind."""

    def __init__(self, hits: Sequence[Hit], fields: dict[str, Folded]) -> None:
        self._fields = fields
        self._kinds: dict[str, list[Hit]] = defaultdict(list)
        for hit in hits:
            self._kinds[hit.rule.kind].append(hit)
            if hit.rule.kind in ("context", "word"):
                self._kinds[hit.rule.subject].append(hit)
        self._kinds["year"] = [hit for hit in self._kinds["year"] if self._is_year(hit)]

    def of(self, kind: str, *, head: bool = False) -> list[Hit]:
        """The hits of a kind or group, perhaps only those in title and head."""
        return [hit for hit in self._kinds[kind] if not head or self._is_head(hit)]

    def _is_head(self, hit: Hit) -> bool:
        end = max(_SHORT, int(len(self._fields["text"].text) * _HEAD))
        return hit.field == "title" or hit.start <= end

    def has(self, kind: str) -> bool:
        """Whether there is one at all."""
        return bool(self._kinds[kind])

    @property
    def is_suspicious(self) -> bool:
        """Short of relevant, but worth a closer look."""
        return self.has("strong") or self.has("medium") or (self.has("year") and self.has("iran"))

    def names_iran(self, hit: Hit) -> bool:
        """A phrase that needs no further token: Persian, or it names the country or a place."""
        text = self._fields[hit.field].text[hit.start : hit.end]
        return hit.rule.detail == "fa" or "khomein" in text or self.names_place(hit)

    def names_place(self, hit: Hit) -> bool:
        """A phrase that itself names Iran or a place of 1988."""
        return any(_covers(hit, other) for other in self.of("iran") + self.of("site"))

    def has_context_for(self, hit: Hit) -> bool:
        """A strong phrase, or tokens of two groups; another official counts as a group."""
        if self.has("strong"):
            return True
        groups = {
            other.rule.subject for other in self._kinds["context"] if not _touches(other, hit)
        }
        others = self._kinds["full"] + self._kinds["surname"]
        if any(other.rule.subject != hit.rule.subject for other in others):
            groups.add("officials")
        if self.has("year"):
            groups.add("event")
        return len(groups) > 1

    def near(self, one: str, other: str) -> tuple[Hit, ...]:
        """A pair of hits in the head within _NEAR words of one another, or nothing.

        The title stands before the lead: a hit in each is near if the text's comes early.
        """
        for a in self.of(one, head=True):
            for b in self.of(other, head=True):
                if not _touches(a, b) and self._distance(a, b) <= _NEAR:
                    return (a, b)
        return ()

    def _distance(self, a: Hit, b: Hit) -> int:
        if a.field == b.field:
            return abs(a.word - b.word)
        return (a.word if a.field == "text" else b.word) // 2

    def _is_year(self, hit: Hit) -> bool:
        """Two-digit years count only beside a season or a killing: "۶۷ نفر" is 67 people."""
        if hit.rule.detail != "short":
            return True
        companions = self.of("season") + self.of("killing")
        close = (o for o in companions if o.field == hit.field and abs(o.word - hit.word) <= 2)
        after = self._fields[hit.field].text[hit.end :].lstrip(" ").partition(" ")[0]
        counted = any(
            fold(word) == after for word in ("نفر", "تن", "کشته", "درصد", "ساله", "میلیون", "هزار")
        )
        return not counted and any(True for _ in close)


def _score(evidence: _Evidence, decided: Sequence[Hit]) -> float:
    """How strongly it speaks of the subject: orders digests, decides nothing."""
    kinds = {"strong": 3.0, "medium": 1.5, "weak": 0.5, "year": 0.5}
    score = sum(
        weight * min(3, len({(h.start, h.field) for h in evidence.of(kind)}))
        for kind, weight in kinds.items()
    )
    in_title = any(hit.field == "title" for hit in decided)
    return round(score + (2.0 if in_title else 0.0), 2)


def _covers(one: Hit, other: Hit) -> bool:
    """Whether a hit contains another and is longer."""
    return (
        one.field == other.field
        and one.start <= other.start
        and one.end >= other.end
        and (one.end - one.start) > (other.end - other.start)
    )


def _touches(one: Hit, other: Hit) -> bool:
    return one.field == other.field and one.start < other.end and other.start < one.end
