"""Stage 6: cluster. Which event is an article about? Articles on one event are a story. Pure.

Which error is worse: two events under one headline hide one of them; one event in two lines
is a nuisance. So joining asks for much in common beyond what every article of this subject
says, in the same places, within a few days.

An article is a vector: what it names of the table of concepts (watchers.concepts: the same in
any language), its figures and its people, each weighed by how rarely articles of the subject
name it (Sparck Jones 1972) and by where it stands. How alike two articles are is the cosine
between them (Salton 1975). Where and how many say little without what: a city has many events.
An article joins the story with whose two closest articles it has most in common.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from watchers.concepts import Concepts
from watchers.folding import fold
from watchers.model import Grouped
from watchers.stories import story_name
from watchers.urls import host

WINDOW = timedelta(days=4)  # either side: reports on one event trail off within days

# How much of its weight a feature keeps by where it first stands: in the title, or in the text
# up to so many words. News says what happened first (the "inverted pyramid").
_TITLE = 1.0
_ZONES = ((0, 60, 0.8), (60, 200, 0.5))
_FIRST = 0.8
_PERSON = 0.8  # wherever a person of the watchlist is named
_READ = 3_000  # characters of the text that are looked at

# Points, of which a whole likeness (a cosine of 1) is one; found with labelled pairs, by logistic
# regression, and rounded (docs/dedupe.md).
_JOIN = 0.22  # so many make one event
_TITLES = 0.0095  # a unit of weight that both titles have
_MOST_TITLES = 16.0
_ALONE = 0.1  # places, and figures of the text, make no more than this beyond what else is shared
_FAR = 0.17  # at the end of the window, in between in proportion
_ELSEWHERE = 0.15  # both say where, and not the same
_ELSEWHERE_TITLES = 0.35  # and both titles do: further
_SAME_WORDS = 2 / 3  # of the longer title: with another place in it, it is a form
_EVEN = 1.0  # keeps two very short texts from being wholly alike by one feature
_CLOSEST = 2  # articles of a story that are compared with

# Places of 1988 itself are in every second article: naming them says nothing of where.
_SITES = frozenset(
    f"place:{site}"
    for site in ("khavaran", "gohardasht", "evin", "mersad", "behesht-reza", "behesht-zahra")
)
_PLACE, _FIGURE, _FORM = "place:", "figure:", "form:"
_ROUNDUP, _IRAN, _SUBJECT = "form:roundup", "form:iran", "form:subject"
_SHORT_TITLE = 6  # words
_EDITION = timedelta(hours=18)  # an outlet's next text under the same heading
_FIGURE_DIGITS = 7
_COMMON_FIGURE = 3.0  # the most that a year or a small figure weighs: chance has many of them
_SMALL = 13
_YEARS = (range(1300, 1451), range(1900, 2101))  # Persian and common era
_SHOWN = 4  # shared features that a reason names


@dataclass(frozen=True, slots=True)
class _Features:
    weights: Mapping[str, float]
    length: float  # of the vector
    title: frozenset[str]
    places: frozenset[str]  # where it happened: those of the title, or else of the first words
    title_places: frozenset[str]
    heading: tuple[str, ...]  # its outlet, and the words of its title without figures
    is_roundup: bool


class Clusterer:
    """Compares articles by what they share; remembers the features of the latest ones."""

    def __init__(self, concepts: Concepts, join: float = 1.0) -> None:
        """`join`: the closeness that makes one story; another one only to try it."""
        self._concepts = concepts
        self._join = join
        self._features_of = lru_cache(maxsize=2_000)(self._features)

    def closeness(self, a: Grouped, b: Grouped) -> float:
        """How much two articles share beyond the subject; from 1.0 on they tell one event.

        Symmetric. Round-ups tell many events and are close to nothing.
        """
        one, other = self._of(a), self._of(b)
        if one.is_roundup or other.is_roundup:
            return 0.0
        apart = abs(a.time - b.time)
        if apart >= _EDITION and one.heading == other.heading:
            return 0.0  # of one form of one outlet: "One voice a day, no. 14", a weekly count
        score = _likeness(one, other)
        titles = math.fsum(one.weights[feature] for feature in one.title & other.title)
        score += _TITLES * min(_MOST_TITLES, titles)
        score -= _FAR * min(1.0, apart / WINDOW)
        if _apart(one.places, other.places):
            score -= _ELSEWHERE
        if self._are_elsewhere(one.title_places, other.title_places):
            if _are_worded_alike(one, other):
                return 0.0  # "City council of A demands an inquiry", "City council of B ..."
            score -= _ELSEWHERE_TITLES
        return max(0.0, score / _JOIN)

    def story_of(self, article: Grouped, candidates: Iterable[Grouped]) -> tuple[str, str]:
        """The story of a relevant article and why: the closest one, or a new one.

        A story is as close as the mean of its two closest articles: one chance likeness does
        not carry an article into a story that others have formed.
        """
        stories: dict[str, list[tuple[float, Grouped]]] = defaultdict(list)
        for other in candidates:
            if other.story and other.id != article.id:
                stories[other.story].append((self.closeness(article, other), other))
        best, story = 0.0, ""
        for name, members in stories.items():
            members.sort(key=lambda pair: (-pair[0], pair[1].canonical_url))
            closest = [close for close, _ in members[:_CLOSEST]]
            best, story = max((best, story), (math.fsum(closest) / len(closest), name))
        if not story or best < self._join:
            return story_id(article), "first of its story"
        shared = self.shared(article, stories[story][0][1])
        return story, f"close to {story} ({best:.2f}): {', '.join(shared)}"

    def shared(self, a: Grouped, b: Grouped) -> tuple[str, ...]:
        """What two articles have in common that says most, first."""
        one, other = self._of(a), self._of(b)
        both = one.weights.keys() & other.weights.keys()
        ranked = sorted(both, key=lambda f: (-one.weights[f] * other.weights[f], f))
        return tuple(feature.partition(":")[2] for feature in ranked[:_SHOWN])

    def _of(self, article: Grouped) -> _Features:
        return self._features_of(
            article.canonical_url,
            article.title,
            article.text[:_READ],
            article.language,
            (*article.officials, *article.people),
        )

    def _features(
        self, url: str, title: str, text: str, language: str | None, people: tuple[str, ...]
    ) -> _Features:
        heading = fold(title)
        in_title = self._named(heading, language)
        found = dict.fromkeys((f"person:{person}" for person in people), _PERSON)
        found.update(dict.fromkeys(in_title, _TITLE))
        words = fold(text).split(" ")
        for start, end, share in _ZONES:
            for feature in self._named(" ".join(words[start:end]), language):
                found.setdefault(feature, share)
        weights = {
            feature: self._weight(feature) * share
            for feature, share in found.items()
            if not feature.startswith(_FORM)
        }
        first = (feature for feature, share in found.items() if share >= _FIRST)
        return _Features(
            weights=weights,
            length=math.sqrt(math.fsum(weight * weight for weight in weights.values())),
            title=in_title & weights.keys(),
            places=_places(in_title) or _places(first),
            title_places=_places(in_title),
            heading=(host(url), *(word for word in heading.split(" ") if not word.isdecimal())),
            is_roundup=_is_roundup(heading, in_title),
        )

    def _are_elsewhere(self, one: frozenset[str], other: frozenset[str]) -> bool:
        """Whether two titles name other cities, also of one country, or other countries."""
        here, there = self._cities(one), self._cities(other)
        return _apart(here, there) if here and there else _apart(one, other)

    def _cities(self, places: frozenset[str]) -> frozenset[str]:
        return frozenset(place for place in places if not self._concepts.is_country(place))

    def _weight(self, feature: str) -> float:
        weight = self._concepts.weight(feature)
        group, _, name = feature.partition(":")
        if group == "figure" and _is_common(int(name)):
            return min(weight, _COMMON_FIGURE)
        return weight

    def _named(self, folded: str, language: str | None) -> frozenset[str]:
        """Concepts and figures."""
        figures = (
            f"figure:{int(word)}"
            for word in folded.split(" ")
            if word.isdecimal() and len(word) < _FIGURE_DIGITS
        )
        return self._concepts.in_folded(folded, language) | frozenset(figures)


def _likeness(one: _Features, other: _Features) -> float:
    """Their cosine, of which places and figures make no more than what else is shared allows."""
    what, figures, places = [], [], []
    for feature in one.weights.keys() & other.weights.keys():
        product = one.weights[feature] * other.weights[feature]
        if feature.startswith(_PLACE):
            places.append(product)
        elif feature.startswith(_FIGURE) and not (feature in one.title and feature in other.title):
            figures.append(product)
        else:
            what.append(product)
    size = one.length * other.length + _EVEN
    # fsum: sets have no order, and the last digit of a plain sum would depend on it.
    told = math.fsum(what) / size
    told += min(told + _ALONE, math.fsum(figures) / size)
    return told + min(told + _ALONE, math.fsum(places) / size)


def _are_worded_alike(one: _Features, other: _Features) -> bool:
    """Whether two titles have most of their words in common; the first stands for the outlet."""
    here, there = set(one.heading[1:]), set(other.heading[1:])
    return len(here & there) >= _SAME_WORDS * max(len(here), len(there))


def _is_common(figure: int) -> bool:
    return figure < _SMALL or any(figure in years for years in _YEARS)


def _is_roundup(heading: str, named: frozenset[str]) -> bool:
    """A title that names no event: "Iran: news in brief", "Le fil iranien"."""
    telling = {feature for feature in named if not feature.startswith((_FIGURE, _FORM))}
    if telling or len(heading.split(" ")) > _SHORT_TITLE:
        return False
    return _ROUNDUP in named or (_IRAN in named and _SUBJECT not in named)


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and bool(other) and not one & other


def _places(features: Iterable[str]) -> frozenset[str]:
    return frozenset(f for f in features if f.startswith(_PLACE)) - _SITES


def story_id(article: Grouped) -> str:
    """The name of the story that this article begins: stable, whatever came in which order."""
    return story_name(article.canonical_url)
