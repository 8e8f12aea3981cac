"""Stage 6: cluster. Which event is an article about? Articles on one event are a story. Pure.

Which error is worse: two events under one headline hide one of them; one event in two lines
is a nuisance. So joining needs words, people or figures in common beyond what every article
of this subject shares, within a few days.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from watchers.concepts import Concepts
from watchers.folding import fold
from watchers.model import Grouped
from watchers.text import key

WINDOW = timedelta(days=4)  # either side: reports on one event trail off within days
_LEAD = 60  # words looked at beside the title
_JOIN = 1.0
_YEARS = ("1988", "1367", "67", "88", "2026", "2025", "1405", "1404")

# What every article of this subject says: it tells no event from another. Folded stems.
_COMMON = re.compile(
    r"^(?:iran|teher|tehr|1988|1367|67|massac|masac|massak|execu|exec|hinricht|avratt|ejecu|"
    r"politi|prison|gefang|fang|preso|event|summer|ete|sommer|verano|says?|said|after|over|"
    r"about|their|with|from|were|have|that|this|than|they|which|into|been|une|des|les|dans|"
    r"pour|avec|eine?[rnms]?|nach|wegen|uber|nicht|sich|auch|para|como|sobre|desde|contra|"
    r"اعدام|زندانی|زندانیان|سیاسی|ایران|تابستان|سال|های|برای|است|این|کشتار|قتل|عام|"
    r"السجناء|السیاسیین|ایران|صیف|مجزره|عام|التی|علی|الی)"
)


# Places of 1988 itself are in every second article: they say less than a city does.
_SITES = frozenset({"place:khavaran", "place:gohardasht", "place:evin"})


@dataclass(frozen=True, slots=True)
class _Features:
    words: frozenset[str]
    title: frozenset[str]
    figures: frozenset[str]
    officials: frozenset[str]
    concepts: frozenset[str]
    places: frozenset[str]


def _telling(words: Iterable[str]) -> frozenset[str]:
    return frozenset(w for w in words if len(w) > 3 and not w.isdigit() and not _COMMON.match(w))


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _weight(concepts: Iterable[str]) -> float:
    """Cities and kinds of events tell events apart; bodies and sites less so."""
    return sum(0.5 if c in _SITES or c.startswith("body:") else 1.0 for c in concepts)


class Clusterer:
    """Compares articles by what they share; remembers the features of the latest ones."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._features_of = lru_cache(maxsize=2_000)(self._features)

    def _features(self, article: Grouped) -> _Features:
        title = fold(article.title).split(" ")
        lead = fold(article.text).split(" ")[:_LEAD]
        both = [*title, *lead]
        concepts = self._concepts.of(" ".join(both))
        return _Features(
            words=_telling(both),
            title=_telling(title),
            figures=frozenset(w for w in both if w.isdigit() and w not in _YEARS),
            officials=frozenset(article.officials),
            concepts=concepts,
            places=frozenset(c for c in concepts if c.startswith("place:")) - _SITES,
        )

    def closeness(self, a: Grouped, b: Grouped) -> float:
        """How much two articles share beyond the subject; from 1.0 on they tell one event."""
        one, other = self._features_of(a), self._features_of(b)
        score = self._by_concepts(one, other)
        if a.language == b.language:
            score = 0.6 * score + self._by_words(one, other)
        if one.officials and one.officials == other.officials:
            score += 0.15 + 0.15 * min(3, len(one.officials))
        elif one.officials & other.officials:
            score += 0.15
        score += 0.25 * min(2, len(one.figures & other.figures))
        if one.places and other.places and not one.places & other.places:
            score *= 0.4  # the same happening in another city is another event
        return score * (1.0 - 0.4 * min(1.0, abs(a.time - b.time) / WINDOW))

    def _by_words(self, one: _Features, other: _Features) -> float:
        """Within one language: the words of title and lead."""
        score = 1.6 * _overlap(one.words, other.words) + 0.9 * _overlap(one.title, other.title)
        return score * (1.0 if len(one.words & other.words) > 2 else 0.5)

    def _by_concepts(self, one: _Features, other: _Features) -> float:
        """Across languages: the concepts they name; one alone is chance."""
        shared = one.concepts & other.concepts
        least = min(_weight(one.concepts), _weight(other.concepts))
        if len(shared) < 2 or least == 0:
            return 0.35 * len(shared)
        return min(1.0, _weight(shared) / max(2.0, least)) + 0.12 * (len(shared) - 1)

    def story_of(self, article: Grouped, candidates: Iterable[Grouped]) -> tuple[str, str]:
        """The story of a relevant article and why: the closest one, or a new one."""
        best = max(
            (
                (self.closeness(article, other), other.story)
                for other in candidates
                if other.story and other.id != article.id
            ),
            default=(0.0, None),
            key=lambda pair: (pair[0], pair[1] or ""),
        )
        if best[1] is not None and best[0] >= _JOIN:
            return best[1], f"close to {best[1]} ({best[0]:.2f})"
        return story_id(article), "first of its story"


def story_id(article: Grouped) -> str:
    """The name of the story that this article begins: stable, whatever came in which order."""
    identity = key(article.canonical_url)  # a yearly statement repeats its text, not its address
    return "s" + base64.b32encode(identity)[:12].decode("ascii").lower()
