"""Where in an original what was asked stands, and a piece around it to show. Pure.

Found in folded text and led back: what is shown is the outlet's own words, letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from watchers.folding import Folded
from watchers.search_text import is_spaceless
from watchers.searching import Phrase

AROUND = 220  # characters of a piece
_BEFORE = 60  # of them before the first hit
_MOST = 400  # places of one text that are looked at
_SPLIT = 4  # letters from which on a word is looked for as two
_BLANK = re.compile(r"\s")
_CUT = 24  # characters given up at most so that no word is cut

Terms = Sequence[Sequence[Phrase]]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of an original on one line; `spans`: where in it what was asked stands."""

    text: str
    spans: tuple[Span, ...] = ()
    cut_before: bool = False
    cut_after: bool = False

    def __str__(self) -> str:
        return f"{'… ' if self.cut_before else ''}{self.text}{' …' if self.cut_after else ''}"


def spans(original: str, terms: Terms) -> tuple[Span, ...]:
    """Where all of it stands in a short text such as a title: offsets, without overlaps."""
    folded = Folded(original)
    found = sorted(place[:2] for place in _places(folded, terms))
    return _led_back(folded, found)


def snippet(original: str, terms: Terms, width: int = AROUND) -> Snippet:
    """The piece in which most of what was asked stands; the beginning if nothing does."""
    folded = Folded(original)
    places = sorted(_places(folded, terms))
    if not places:
        return _cut(original, 0, width, ())
    near = _densest(places, width)
    marked = _led_back(folded, [place[:2] for place in near])
    return _cut(original, max(0, marked[0][0] - _BEFORE), width, marked)


def _led_back(folded: Folded, places: Sequence[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for start, end in places:
        first, last = folded.origin(start, end)
        if found and first < found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def _densest(places: Sequence[tuple[int, int, int]], width: int) -> Sequence[tuple[int, int, int]]:
    """The places within one piece where most different terms stand, then most of all."""
    best, most, last = (0, 1), (0, 0), 0
    for first, place in enumerate(places):
        last = max(last, first)
        while last < len(places) and places[last][1] - place[0] <= width - _BEFORE:
            last += 1
        within = places[first : max(last, first + 1)]
        counted = len({number for _, _, number in within}), len(within)
        if counted > most:
            best, most = (first, first + len(within)), counted
    return places[best[0] : best[1]]


def _cut(original: str, start: int, width: int, marked: Sequence[Span]) -> Snippet:
    """From about there on, no word cut in two, on one line."""
    end = min(len(original), max(start + width, marked[0][1] if marked else 0))
    first = marked[0][0] if marked else 0
    if start:
        space = _space(original, start, min(first, start + _CUT))
        start = start if space < 0 else space + 1
    if end < len(original):
        last = max((to for _, to in marked if to <= end), default=start)
        while end > max(last, start + 1) and not original[end].isspace():
            end -= 1
        end = end if end > max(last, start + width // 2) else min(len(original), start + width)
    text = original[start:end]
    line = _BLANK.sub(" ", text)
    bare = line.lstrip()
    shift = start + len(line) - len(bare)
    bare = bare.rstrip()
    kept = [(a - shift, b - shift) for a, b in marked if a >= shift and b - shift <= len(bare)]
    return Snippet(bare, tuple(kept), start > 0, end < len(original))


def _space(original: str, start: int, end: int) -> int:
    return next((at for at in range(start, end) if original[at].isspace()), -1)


# ---------------------------------------------------------------- places in folded text


def _places(folded: Folded, terms: Terms) -> Iterator[tuple[int, int, int]]:
    """Start and end in the folded text, and the number of the term; bounded, in no order."""
    solid = _Solid(folded.text)
    for number, term in enumerate(terms):
        most = _MOST // max(1, len(terms))
        for start, end in islice(_of_term(folded.text, solid, term), most):
            yield start, end, number


def _of_term(text: str, solid: _Solid, term: Sequence[Phrase]) -> Iterator[Span]:
    hit = False
    for form in term:
        for place in _of_form(text, solid, form):
            hit = True
            yield place
    if not hit:  # written apart, where one word was asked for
        for form in term:
            if len(form.words) == 1 and len(form.words[0]) >= _SPLIT:
                yield from solid.places(form.words[0])


def _of_form(text: str, solid: _Solid, form: Phrase) -> Iterator[Span]:
    if is_spaceless(form.words[0]):
        pairs = form.words
        yield from solid.places("".join(one[0] for one in pairs) + pairs[-1][1:], anywhere=True)
        return
    sought = f" {' '.join(form.words)}"
    at = text.find(sought)
    while at >= 0:
        end = at + len(sought)
        if form.begins or text[end : end + 1] == " ":
            yield at + 1, text.find(" ", end) if form.begins else end
        at = text.find(sought, at + 1)


@dataclass
class _Solid:
    """A folded text without its spaces."""

    spaced: str

    @cached_property
    def text(self) -> str:
        return self.spaced.replace(" ", "")

    @cached_property
    def _at(self) -> list[int]:
        return [at for at, letter in enumerate(self.spaced) if letter != " "]

    def places(self, word: str, *, anywhere: bool = False) -> Iterator[Span]:
        """Where the letters stand, spaces or not: from the beginning to the end of words."""
        at = self.text.find(word)
        while at >= 0:
            start, end = self._at[at], self._at[at + len(word) - 1] + 1
            whole = self.spaced[start - 1] == " " and self.spaced[end : end + 1] == " "
            if anywhere or whole:
                yield start, end
            at = self.text.find(word, at + 1)
