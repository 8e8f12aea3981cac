"""Folding: the one form in which texts, rules and searches are compared.

What becomes the same: Unicode compatibility forms, case, Latin diacritics; Arabic and
Persian yeh, kaf, heh and hamza forms; harakat, tatweel, soft hyphens and zero-width
characters; Persian, Arabic and Latin digits; hyphens, dashes, underscores, ZWNJ and all
punctuation, which become one space; apostrophes inside words, which vanish ("Ra'isi"), but
part a French or Italian elision ("d'Ebrahim"); separators inside numbers ("30,000"); HTML
entities that a feed left in plain text, escaped twice too ("Ra&#39;isi", "&amp;zwnj;").

The rules for characters are in `watchers.letters`. They are carried out in two ways that give
the same: tables of bytes for long texts in the alphabets of nearly all news
(`watchers.folding_tables`, loaded with the first of them), and `str.translate` for short texts
(names, phrases, titles) and all others.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple

from watchers.letters import CONTEXTUAL, LETTERS, resolved

_SHORT = 100  # characters up to which translating costs less than setting up tables
_SPACES = re.compile("  +")
# Escaped up to three times more. Only with a semicolon: "&copy=2" is part of an address.
_ENTITY = re.compile(
    r"&(?:amp;){0,3}(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"
)
_MARKS = 8  # combining marks that the last letter of a span takes along


def fold(text: str) -> str:
    """The folded form: words of letters and digits between single spaces. Idempotent."""
    return _folded(_decoded(text).text).strip(" ")


class Folded:
    """A text with its folded form, padded with one space on each side (word boundaries).

    `text` is the folded form between two spaces. What leads back is made when it is asked for.
    """

    __slots__ = ("_back", "_plain", "_starts", "original", "text")

    def __init__(self, original: str) -> None:
        self.original = original
        self._plain: _Decoded | None = None
        self._back: list[int] | None = None
        self._starts: list[int] | None = None
        self.text = _folded(self._decoded.text if "&" in original else original)

    def word(self, position: int) -> int:
        """The number of the word at this place of `text`, from 1: distances count words."""
        return bisect_right(self._word_starts, position)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that folded to `text[start:end]` (no spaces at its ends).

        If `text[start:end]` is whole words, the span folds to it again; or, where a character
        at its edge folds to several words ("ﷺ", "½"), to all of those. Combining marks of the
        last letter belong to the span.
        """
        decoded, origins = self._decoded, self._origins
        first, last = origins[start], origins[end - 1] + 1
        marks = decoded.text[last : last + _MARKS]
        last += next(
            (n for n, mark in enumerate(marks) if not unicodedata.combining(mark)), len(marks)
        )
        return decoded.place(first), decoded.place(last)

    @property
    def _decoded(self) -> _Decoded:
        if self._plain is None:
            self._plain = _decoded(self.original)
        return self._plain

    @property
    def _origins(self) -> list[int]:
        """For each character of `text` the index of the decoded character it came from."""
        if self._back is None:
            plain = self._decoded.text
            self._back = _short_origins(plain) if len(plain) <= _SHORT else _long_origins(plain)
        return self._back

    @property
    def _word_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [space.start() for space in re.finditer(" ", self.text)]
        return self._starts


def variants(phrase: str, most: int = 16) -> tuple[str, ...]:
    """The folded phrase with its words apart and joined: "pour mohammadi", "pourmohammadi".

    Only for names; at most `most` forms (a phrase of five words or more is not joined).
    """
    words = fold(phrase).split(" ")
    forms = [words[0]]
    for word in words[1:]:
        forms = [form + glue + word for form in forms for glue in (" ", "")]
        if len(forms) > most:
            return (" ".join(words), "".join(words))
    return tuple(dict.fromkeys(forms))


# ---------------------------------------------------------------- entities


class _Decoded(NamedTuple):
    """A text without entities; `places` says where each character was, if there were any."""

    text: str
    places: Sequence[int] = ()  # and, last, the length of the original

    def place(self, index: int) -> int:
        """Where the character was, or where the one before it ended."""
        return self.places[index] if self.places else index


def _decoded(text: str) -> _Decoded:
    if "&" not in text:  # nearly all
        return _Decoded(text)
    parts: list[str] = []
    places: list[int] = []
    end = 0
    for entity in _ENTITY.finditer(text):
        character = _character(entity.group(1))
        if character:
            parts += (text[end : entity.start()], character)
            places += range(end, entity.start())
            places.append(entity.start())
            end = entity.end()
    places += range(end, len(text) + 1)
    return _Decoded("".join((*parts, text[end:])), places if parts else ())


def _character(name: str) -> str:
    """The one character of an entity; empty if there is none of that name."""
    found = html.unescape(f"&{name};") if name[0] == "#" else html5.get(f"{name};", "")
    return found if len(found) == 1 else ""


# ---------------------------------------------------------------- short texts, and long ones


def _in_context(text: str) -> str:
    """Resolve what depends on neighbours, one character for one character."""
    signs = [sign.start() for sign in CONTEXTUAL.finditer(text)]
    if not signs:
        return text
    characters = list(text)
    for at in signs:
        characters[at] = resolved(text, at)
    return "".join(characters)


def _folded(text: str) -> str:
    return _short(text) if len(text) <= _SHORT else _long(text)


@lru_cache(maxsize=16_384)  # the watchlist's forms are folded three times until all is checked
def _short(text: str) -> str:
    return _SPACES.sub(" ", f" {_in_context(text).translate(LETTERS)} ")


def _short_origins(text: str) -> list[int]:
    origins = [0]
    space = True  # a space was the last thing written: further ones fold into it
    for index, character in enumerate(_in_context(text)):
        for letter in LETTERS[ord(character)]:
            if letter != " " or not space:
                origins.append(index)
            space = letter == " "
    if not space:
        origins.append(len(text))
    return origins


@lru_cache(maxsize=8)  # matching and fingerprints fold the same text one after the other
def _long(text: str) -> str:
    from watchers import folding_tables

    folded = folding_tables.folded(text)
    return _short(text) if folded is None else folded


def _long_origins(text: str) -> list[int]:
    from watchers import folding_tables

    origins = folding_tables.origins(text)
    return _short_origins(text) if origins is None else origins
