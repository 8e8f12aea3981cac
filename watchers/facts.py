"""The facts of a text that tell two articles in the same words apart. Pure.

This week's count and the next one's, a statement and its twin for another city: every word is
the same but the figures, the dates and the names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from watchers import update_words as said
from watchers.figures import figures
from watchers.folding import fold
from watchers.update_texts import class_of, word_set

# A word with a capital inside a sentence: after a small letter, a comma, or a bracket.
_CAPITAL = re.compile(r"(?<=[a-zà-öø-ÿ0-9,;'’\"“”«»()\]] )([A-ZÀ-ÖØ-Þ][\w’'-]+)")
_CAPITALS = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w’'-]+(?: [A-ZÀ-ÖØ-Þ][\w’'-]+)+")
_MANY = 0.14  # of all words: a language that gives every noun a capital


def stated(words: Sequence[str], language: str | None) -> frozenset[str]:
    """The figures ("#7") and the weekdays and months ("day:monday") that folded words state.

    A word for one is none: it is an article in half of our languages.
    """
    found = {f"#{figure.value}" for figure in figures(words, language) if not figure.is_word}
    found.update(f"day:{day}" for word in words if (day := class_of("day", word)))
    return frozenset(found)


def names_of(text: str) -> frozenset[str]:
    """The folded words that a text writes as names.

    In Latin script what has a capital inside a sentence; in German, where every noun has one,
    only what stands in a row of capitals. In Arabic script places of a short list.
    """
    found = _CAPITAL.findall(text)
    words = text.count(" ") + 1
    if len(found) > _MANY * words and words > 20:
        found = [word for row in _CAPITALS.findall(text) for word in row.split(" ")]
    folded = (part for word in found for part in fold(word).split(" "))
    names = {word for word in folded if len(word) > 2 and not word.isdigit()}
    return frozenset(names | (word_set(said.PLACES) & set(fold(text).split(" "))))
