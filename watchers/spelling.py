"""Names as they are misspelt: one letter wrong, doubled, dropped, two exchanged. Pure.

Sites print "Hamdi Nouri", "Poumohammadi", "Raazini", and each language writes Persian sounds in
its own way. A form that is nearly a full name counts in the subject's context; a surname alone
only beside a strong phrase. A final "i" is never made up: Rafsanjan and Khomein are towns.

Words are looked up by what is left of them when a letter is taken away (symmetric deletion, as
SymSpell does), and judged by the distance of optimal string alignment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rapidfuzz.distance import OSA

from watchers.folding import Folded
from watchers.rules import Rule
from watchers.scan import Hit

_SHORTEST = 5  # letters of a surname that may be misspelt
_LONG = 9  # letters from which on two mistakes are allowed
_ALONE = 7  # letters of a surname that is found without a given name
_GIVEN = 4  # letters of a given name that may be misspelt
_MISTAKES = 3  # in all words of a name
_FIRST = {
    "k": "kch",
    "j": "jdy",
    "y": "yj",
    "e": "ei",
    "i": "ie",
    "v": "vw",
    "w": "wv",
    "q": "qkg",
    "g": "gq",
}
_LOOKED = 500  # words of a text that are nearly a surname: more say nothing new
_REMEMBERED = 50_000  # words that are near no name


class Speller:
    """Every full name of two or three words, made ready to be found misspelt."""

    def __init__(self, patterns: Iterable[tuple[str, Rule]]) -> None:
        self._names: dict[str, list[tuple[tuple[str, ...], Rule]]] = defaultdict(list)
        self._alone: dict[str, Rule] = {}
        self._known: set[str] = set()
        for pattern, rule in patterns:
            if rule.kind not in ("full", "surname", "common"):
                continue
            words = tuple(pattern.split(" "))
            self._known.update(words)
            if rule.kind == "full" and len(words) in (2, 3) and len(words[-1]) >= _SHORTEST:
                self._names[words[-1]].append((words[:-1], rule))
            elif rule.kind == "surname" and len(words) == 1 and len(pattern) >= _ALONE:
                self._alone[pattern] = rule
        self._near: dict[str, list[str]] = defaultdict(list)
        for surname in (*self._names, *self._alone):
            for left in _less(surname):
                self._near[left].append(surname)
        # Nobody misspells the first letter, but for sounds that languages spell differently.
        self._shapes = {
            (first, len(surname) + more)
            for surname in (*self._names, *self._alone)
            for first in _FIRST.get(surname[0], surname[0])
            for more in range(-1, 4)
        }
        self._far: set[str] = set()

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_far": set()}

    def find(self, field: str, folded: Folded) -> Iterator[Hit]:
        """Misspelt names, as hits of the kinds "misspelt" and "misspelt surname"."""
        words = folded.text[1:-1].split(" ")
        near = self._near_names(words)
        if not near:
            return
        start = 1
        starts = []
        for word in words:
            starts.append(start)
            start += len(word) + 1
        looked = [number for number, word in enumerate(words) if word in near]
        for number in looked[:_LOOKED]:
            word = words[number]
            found = self._found(words, number, near[word])
            if found is not None:
                first, rule = found
                end = starts[number] + len(word)
                yield Hit(rule, field, starts[first], end, folded.word(starts[first]))

    def _near_names(self, words: Sequence[str]) -> dict[str, list[str]]:
        """The words that may be surnames, with the surnames; others are remembered as none."""
        near = {}
        for word in set(words) - self._far:
            surnames = self._surnames(word) if (word[:1], len(word)) in self._shapes else []
            if surnames:
                near[word] = surnames
            elif len(self._far) < _REMEMBERED:
                self._far.add(word)
        return near

    def _surnames(self, word: str) -> list[str]:
        """The surnames that the word may be: itself, or nearly."""
        forms = {one for left in _less(word) for one in self._near.get(left, ())}
        if word.endswith("s"):  # a genitive
            forms.update(one for left in _less(word[:-1]) for one in self._near.get(left, ()))
        return [one for one in forms if _mistakes(word, one) is not None]

    def _found(
        self, words: Sequence[str], number: int, surnames: Sequence[str]
    ) -> tuple[int, Rule] | None:
        word = words[number]
        for surname in surnames:
            for given, rule in self._names.get(surname, ()):
                first = number - len(given)
                if first < 0:
                    continue
                before = tuple(words[first:number])
                mistakes = _mistakes(word, surname) or 0
                for one, other in zip(before, given, strict=True):
                    more = _given_mistakes(one, other)
                    mistakes += _MISTAKES + 1 if more is None else more
                if 0 < mistakes <= _MISTAKES:
                    return first, replace(rule, kind="misspelt")
        if word in self._known or word.removesuffix("s") in self._known:
            return None
        for surname in surnames:
            alone = self._alone.get(surname)
            if alone is not None and len(word) >= _ALONE:
                return number, replace(alone, kind="misspelt surname")
        return None


def _less(word: str) -> set[str]:
    """The word, and what is left of it without one letter.

    Two words at the distance of one share one of these, and most of those at two do.
    """
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _mistakes(word: str, surname: str) -> int | None:
    """How many letters are wrong, a genitive's s aside; None if too many."""
    most = 2 if len(surname) >= _LONG else 1
    for form in (word, word.removesuffix("s")):
        if surname[:-1] == form and surname.endswith(("i", "ی")):
            continue  # the town it is named after
        distance = OSA.distance(form, surname, score_cutoff=most)
        if distance <= most:
            return distance
    return None


def _given_mistakes(one: str, other: str) -> int | None:
    if one == other:
        return 0
    if min(len(one), len(other)) < _GIVEN:
        return None
    distance = OSA.distance(one, other, score_cutoff=1)
    return distance if distance <= 1 else None
