"""What was found in one article, asked for by group and by nearness. Pure.

The title stands before the text: places are word numbers over both, so that a headline and the
first sentence are near one another, in any language.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from watchers.folding import Folded
from watchers.rules import ARABIC, folded_words, is_persian
from watchers.scan import Hit

_WORD = 40  # letters of a neighbouring word that are looked at
_DISTRICT = 4  # words between a quarter's name and what says that it is one
_FEES = 15  # words between a cemetery and what is paid there
# What says that a cemetery in the news for its prices is spoken of for its dead of 1988 too.
_OF_1988 = ("act", "panel", "year", "since", "strong", "massgrave", "question")
_FIGURES = 2  # of a year without its century: a longer one is in words
_BESIDE = 3  # words between "67" and what makes it a year
_PEOPLE = 20  # words between it and a name that is bound to 1988
# Marks of a group that are looked at, the first ones: more say nothing new, and marks are
# compared in pairs, so that a text of nothing else would take minutes.
_MOST = 60
_NAMED = 200
NAMES = ("full", "surname", "common", "misspelt", "misspelt surname")
# What makes "67", or "1988", a number of things and no year: what follows, what stands before.
_COUNTED = folded_words(
    "قبر گور کشور استان شهر روز زن مرد کودک نوجوان معترض زندانی محکوم متهم "
    "نفر تن کشته درصد ساله میلیون هزار سالگی مورد شکایت پرونده متر کیلو گل شخصا قتيلا عاما "
    "حكما سجينا طلبا كيلو مليون دولار people percent years dead killed kilos flights "
    "prisoners inmates euros dollars cases Jahre Prozent Euro ans personnes år procent años "
    "personas anni persone"
)
_OF_A_THING = folded_words("دقیقه دقیقهٔ ماده صفحه شماره قطعه تیپ الدقيقة page minute")
# What makes a year one that figures are compared with, beside "highest" or "record".
_SINCE = folded_words("since seit depuis sedan desde dal از منذ")
_RECORD = 12  # words
_GERMAN = frozenset(("der", "und", "die"))
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A hit with its place in the article."""

    place: int  # word number; the title's words come first
    hit: Hit


class Evidence:
    """The hits of one article, by group: levels, facets, context groups, people."""

    def __init__(self, hits: Sequence[Hit], fields: dict[str, Folded]) -> None:
        self.fields = fields
        self.title_words = fields["title"].text.count(" ") - 1
        self.words = self.title_words + fields["text"].text.count(" ") - 1
        self._groups: dict[str, list[Mark]] = defaultdict(list)
        for hit in hits:
            shift = 0 if hit.field == "title" else self.title_words
            mark = Mark(hit.word + shift, hit)
            for group in _groups(hit):
                self._groups[group].append(mark)
        for group, marks in self._groups.items():
            marks.sort(key=lambda mark: mark.place)
            del marks[_NAMED if group in NAMES else _MOST :]
        self._groups["year"] = [mark for mark in self._groups["year"] if self._is_year(mark)]
        self._drop_counts()
        self._drop_districts()
        self._drop_fees()
        if not self.is_persian and self.has("year"):  # elsewhere 1367 is no year of anything else
            jalali = [mark for mark in self._groups["year"] if mark.hit.rule.detail == "jalali"]
            self._groups["jalali"] = jalali

    @cached_property
    def is_german(self) -> bool:
        """Whether nouns have capitals here."""
        return any(set(folded.text.split()) >= _GERMAN for folded in self.fields.values())

    def _drop_districts(self) -> None:
        """Khavaran is a quarter of Tehran too, Gohardasht one of Karaj."""
        if not self.has("district") or self.has("graves", "strong"):
            return
        quarters = [m.hit for m in self.of("site") if self.near(m, ("district",), _DISTRICT)]
        for group in ("site", "prison"):
            self._groups[group] = [
                m for m in self.of(group) if not any(touches(m.hit, hit) for hit in quarters)
            ]

    def _drop_counts(self) -> None:
        """A phrase that ends in "67" and goes on with people: "the executions of 67 people"."""
        for group in ("strong", "medium"):
            self._groups[group] = [m for m in self.of(group) if not self._counts_people(m.hit)]

    def _counts_people(self, hit: Hit) -> bool:
        text = self.fields[hit.field].text
        return text[hit.end - 1].isdigit() and self._after(hit) in _COUNTED

    def _drop_fees(self) -> None:
        """People are buried at Khavaran and Behesht-e Reza to this day, for a price."""
        if not self.has("fees") or self.has(*_OF_1988):
            return
        for group in ("site", "cemetery"):
            self._groups[group] = [
                mark for mark in self.of(group) if self.near(mark, ("fees",), _FEES) is None
            ]

    @cached_property
    def is_persian(self) -> bool:
        """Whether it is written in Persian: then it is of Iran unless it says otherwise."""
        return any(is_persian(folded.original) for folded in self.fields.values())

    def tell(self, mark: Mark, groups: Iterable[str]) -> None:
        """Count a mark of the article among further groups; call in order of place."""
        for group in groups:
            self._groups[group].append(mark)

    def drop(self, group: str, inside: Sequence[Mark]) -> None:
        """Take out of a group what is part of these: "Professor" of a name with its title."""
        self._groups[group] = [
            m for m in self.of(group) if not any(touches(m.hit, other.hit) for other in inside)
        ]

    def of(self, *groups: str) -> list[Mark]:
        """The marks of these groups, in order of place."""
        if len(groups) == 1:
            return self._groups.get(groups[0], [])
        found = [mark for group in groups for mark in self._groups.get(group, ())]
        found.sort(key=lambda mark: mark.place)
        return found

    def has(self, *groups: str) -> bool:
        """Whether there is one of any of these groups."""
        return any(self._groups.get(group) for group in groups)

    def near(self, anchor: Mark, groups: Sequence[str], within: int) -> Mark | None:
        """The nearest mark of these groups within so many words, but for the anchor itself."""
        return self._near_all([anchor], groups, within)

    def joined(
        self, anchors: Iterable[Mark], others: Sequence[Sequence[str]], within: int
    ) -> tuple[Mark, ...]:
        """The first anchor with one of each of the other groups near it, or nothing.

        Each of them is another piece of the text.
        """
        for anchor in list(anchors)[:_MOST]:
            found = [anchor]
            for groups in others:
                mark = self._near_all(found, groups, within)
                if mark is None:
                    break
                found.append(mark)
            else:
                return tuple(found)
        return ()

    def _near_all(self, found: list[Mark], groups: Sequence[str], within: int) -> Mark | None:
        """The nearest to the first that is none of those found already."""
        best: Mark | None = None
        distance, place = within, found[0].place
        for group in groups:
            marks = self._groups.get(group, ())
            start = bisect_left(marks, place - within, key=lambda mark: mark.place)
            for mark in marks[start:]:
                if mark.place > place + within:
                    break
                apart = abs(mark.place - place)
                free = not any(touches(mark.hit, other.hit) for other in found)
                if free and (best is None or apart < distance):
                    best, distance = mark, apart
        return best

    def covered(self, hit: Hit, *groups: str) -> bool:
        """Whether one of these groups stands inside the hit."""
        return any(covers(hit, mark.hit) for mark in self.of(*groups))

    def _is_year(self, mark: Mark) -> bool:
        """Two digits count only beside a season, a place or a killing, or a name of 1988.

        No year is what something counted follows ("۶۷ نفر" is 67 people), what stands behind
        "page" or "article", or four digits with a separator ("1.367").
        """
        hit = mark.hit
        text = self.fields[hit.field].text
        after = self._after(hit)
        before = text[max(0, hit.start - _WORD) : hit.start].rstrip(" ").rpartition(" ")[2]
        if after in _COUNTED or before in _OF_A_THING:
            return False
        since = text[max(0, hit.start - _WORD) : hit.start].split()[-2:]  # "since", "از سال"
        if not _SINCE.isdisjoint(since) and self.near(mark, ("record",), _RECORD) is not None:
            return False  # "the highest number since 1988" is today's
        if hit.rule.detail != "short":
            return hit.rule.detail == "words" or self._is_plain(hit)
        if _NUMBER.fullmatch(before) or _NUMBER.fullmatch(after):
            return False
        if self._has_company(mark):
            return True
        if ARABIC.search(text) is None and text[hit.start : hit.end] == "88":
            # '88 with its apostrophe, as in "killings of '88"
            start, _ = self.fields[hit.field].origin(hit.start, hit.end)
            return self.fields[hit.field].original[max(0, start - 1) : start] in ("'", "’", "‘")
        return False

    def _after(self, hit: Hit) -> str:
        """The folded word behind it."""
        text = self.fields[hit.field].text
        return text[hit.end : hit.end + _WORD].lstrip(" ").partition(" ")[0]

    def _is_plain(self, hit: Hit) -> bool:
        """Four digits and nothing between them: "1.367" is a count."""
        start, end = self.fields[hit.field].origin(hit.start, hit.end)
        return end - start == hit.end - hit.start

    def _has_company(self, mark: Mark) -> bool:
        """A season or a place beside it, a killing before it ("67 executed" counts people)."""
        if self.near(mark, ("season", "site"), _BESIDE) is not None:
            return True
        act = self.near(mark, ("act",), _BESIDE)
        if (
            act is not None
            and act.hit.field == mark.hit.field
            and (act.hit.start < mark.hit.start or self._stops(mark.hit))
        ):
            return True
        people = [m for m in self.of("full", "surname") if m.hit.rule.panelist]
        told = self._stops(mark.hit) or mark.hit.end - mark.hit.start > _FIGURES
        return told and any(abs(m.place - mark.place) <= _PEOPLE for m in people)

    def _stops(self, hit: Hit) -> bool:
        """Whether a comma or a quotation mark follows: then it counts nothing."""
        original = self.fields[hit.field].original
        _, end = self.fields[hit.field].origin(hit.start, hit.end)
        after = original[end : end + _BESIDE].strip()
        return bool(after) and not after[0].isalnum()


def _groups(hit: Hit) -> tuple[str, ...]:
    rule = hit.rule
    if rule.kind in ("facet", "context"):
        return (rule.subject,)
    return (rule.kind,)


def covers(one: Hit, other: Hit) -> bool:
    """Whether a hit contains another and is longer."""
    return (
        one.field == other.field
        and one.start <= other.start
        and one.end >= other.end
        and (one.end - one.start) > (other.end - other.start)
    )


def touches(one: Hit, other: Hit) -> bool:
    """Whether two hits share a piece of the text."""
    return one.field == other.field and one.start < other.end and other.start < one.end
