"""Folding: the one form in which texts, rules and searches are compared.

What becomes the same: Unicode compatibility forms, case, Latin diacritics; Arabic and
Persian yeh, kaf, heh and hamza forms; harakat, tatweel, soft hyphens and zero-width
characters; Persian, Arabic and Latin digits; hyphens, dashes, underscores, ZWNJ and all
punctuation, which become one space; apostrophes inside words, which vanish ("Ra'isi"), but
part a French or Italian elision ("d'Ebrahim"); separators inside numbers ("30,000").

Folding is done character by character in one C call (`str.translate`); the map back to the
original is only built when something was found.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache

_LETTERS = {
    "ي": "ی", "ى": "ی", "ې": "ی", "ے": "ی", "ك": "ک", "ڪ": "ک", "ة": "ه", "ە": "ه", "ھ": "ه",
    "ہ": "ه", "ۃ": "ه", "ء": "", "ـ": "", "ٱ": "ا",
    "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d",
}  # fmt: skip
_APOSTROPHES = "'’‘ʼʻʿʾ`´′＇\u2032"
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
# l', d', qu' ... before a word: two words. Elsewhere inside a word the apostrophe vanishes.
_ELISION = re.compile(rf"(?<!\w)(\w|[Qq]u|[Dd]ell|[Nn]ell|[Aa]ll|[Ss]ull)[{_APOSTROPHES}](?=\w)")
_INNER = re.compile(rf"(?<=\w)[{_APOSTROPHES}](?=\w)")
# The mark first: a scan for it is quicker than looking back from every character.
_THOUSANDS = re.compile(r"[.,٬\u00a0\u202f'’](?<=\d.)(?=\d{3}(?!\d))")
_GONE = "\u00ad"  # maps to nothing; stands in for what vanishes in context
_SPACES = re.compile("  +")


def _fold_character(character: str) -> str:
    """One character's folded form: "", " ", or letters and digits."""
    if character in "\u200b\u200d\u200e\u200f\u2060\ufeff\u00ad":
        return ""
    out = []
    for part in unicodedata.normalize("NFKD", character).casefold():
        category = unicodedata.category(part)
        if category in ("Mn", "Me", "Cf", "Cc", "Cs") and part not in "\u200c\t\n\r":
            continue
        if part in _LETTERS:
            out.append(_LETTERS[part])
        elif category == "Nd":
            out.append(str(unicodedata.decimal(part)))
        elif part in _APOSTROPHES:
            out.append(" ")  # before a word ("ʿAlī") it is punctuation, though Unicode says letter
        elif category[0] in "LN" or category == "Mc":
            out.append(part)
        else:
            out.append(" ")
    return "".join(out)


class _Table(dict[int, str]):
    """A translation table that learns each character at its first use."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


_TABLE = _Table()


def _in_context(text: str) -> str:
    """Resolve what depends on neighbours, one character for one character."""
    if _APOSTROPHE.search(text):
        text = _ELISION.sub(lambda m: m.group(1) + " ", text)
        text = _INNER.sub(_GONE, text)
    return _THOUSANDS.sub(_GONE, text)


@lru_cache(maxsize=8)  # matching and fingerprints fold the same text one after the other
def fold(text: str) -> str:
    """The folded form: words of letters and digits between single spaces. Idempotent."""
    return _SPACES.sub(" ", _in_context(text).translate(_TABLE)).strip(" ")


@dataclass(frozen=True)
class Folded:
    """A text with its folded form, padded with one space on each side (word boundaries)."""

    original: str

    @cached_property
    def text(self) -> str:
        """The folded form between two spaces."""
        return f" {fold(self.original)} "

    @cached_property
    def _origins(self) -> list[int]:
        """For each character of `text` the index of the original character it came from."""
        origins = [0]
        space = True  # a space was the last thing written: further ones fold into it
        for index, character in enumerate(_in_context(self.original)):
            for letter in _TABLE[ord(character)]:
                if letter != " " or not space:
                    origins.append(index)
                space = letter == " "
        if not space or len(origins) == 1:
            origins.append(len(self.original))
        return origins

    @cached_property
    def _word_starts(self) -> list[int]:
        return [space.start() for space in re.finditer(" ", self.text)]

    def word(self, position: int) -> int:
        """The number of the word at this place of `text`: distances count words."""
        return bisect_right(self._word_starts, position)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that folded to `text[start:end]` (no spaces at its ends)."""
        origins = self._origins
        return origins[start], origins[end - 1] + 1


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
