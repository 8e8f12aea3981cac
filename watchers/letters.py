"""What each character folds to, alone and beside its neighbours. Pure; the rules of folding.

Alone: Unicode compatibility forms, case and diacritics go (NFKD, casefold); Arabic and Persian
yeh, kaf, heh and hamza forms become one letter; digits become Latin ones; harakat, tatweel, soft
hyphens and zero-width characters vanish; everything that is no letter or digit is a space, the
joiner of Persian (ZWNJ) too.

Beside its neighbours (`resolved`): apostrophes, separators inside numbers, hamza on yeh.

Hamza keeps its carrier and goes itself: "رئیسی" is also typed "رییسی". Two carriers follow
the Academy of Persian or the press, for the same word: "هیئت" and "هیأت" ("هیات"), "مسئول"
and "مسؤول" ("مسوول"). So hamza on yeh is alef after a yeh and waw before a waw. It is not
dropped everywhere: after alef it is a yeh ("جزائر", "جزایر"), and elsewhere other words would
become the same.
"""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = "'’‘ʼʻʿʾ`´′＇\u2032"
SEPARATORS = ".,٬\u00a0\u202f'’"
YEH_HAMZA = "ئﺉﺊﺋﺌ"
GONE = "\u00ad"  # folds to nothing: stands in for what vanishes in context
RESOLVED = GONE + " او"  # what signs fold to beside their neighbours, if not as they do alone
CONTEXTUAL = re.compile(f"[{APOSTROPHES}{SEPARATORS}{YEH_HAMZA}]")

_LETTERS = {
    "ي": "ی", "ى": "ی", "ې": "ی", "ے": "ی", "ك": "ک", "ڪ": "ک", "ة": "ه", "ە": "ه", "ھ": "ه",
    "ہ": "ه", "ۃ": "ه", "ء": "", "ـ": "", "ٱ": "ا",
    "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d",
}  # fmt: skip
# Before an apostrophe and a word: l', d' (any one letter), qu', dell' ... Two words.
_ELIDED = frozenset(
    (
        "qu",
        "jusqu",
        "lorsqu",
        "puisqu",
        "quoiqu",
        "dell",
        "nell",
        "all",
        "sull",
        "dall",
        "quell",
        "un",
    )
)
LAST = frozenset(word[-1] for word in _ELIDED)
_MARKS = 4  # characters looked at beside a hamza: a letter and its marks
_LONGEST = 10  # characters looked at before an apostrophe: the longest of these, and marks


def folded_character(character: str) -> str:
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
        elif part in APOSTROPHES:
            out.append(" ")  # before a word ("ʿAlī") it is punctuation, though Unicode says letter
        elif category[0] in "LN" or category == "Mc":
            out.append(part)
        else:
            out.append(" ")
    return "".join(out)


class Letters(dict[int, str]):
    """A translation table that learns each character at its first use."""

    def __missing__(self, code: int) -> str:
        folded = folded_character(chr(code))
        self[code] = folded
        return folded


LETTERS = Letters()


def resolved(text: str, at: int) -> str:
    """The character to fold instead of `text[at]`, one of CONTEXTUAL.

    Mostly it is the same, else one of RESOLVED. Looks at a few characters on each side, so that
    a text takes linear time.
    """
    character = text[at]
    if character in YEH_HAMZA:
        return _hamza(text, at)
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if before.isalpha() and after.isalpha():  # nearly every apostrophe; no separator in a number
        if character not in APOSTROPHES or before in APOSTROPHES or after in APOSTROPHES:
            return character
    elif character in SEPARATORS and before.isdecimal() and _is_thousand(text[at + 1 : at + 5]):
        return GONE
    elif character not in APOSTROPHES or not (_joins(before) and _joins(after)):
        return character
    return " " if _is_elision(text, at) else GONE


def _is_thousand(after: str) -> bool:
    """Three digits and no more."""
    return len(after) >= 3 and after[:3].isdecimal() and not after[3:].isdecimal()


def _joins(neighbour: str) -> bool:
    """Whether an apostrophe beside it may stand inside a word: a letter, a digit, a mark."""
    if neighbour.isalnum():
        return neighbour not in APOSTROPHES
    return neighbour != "" and LETTERS[ord(neighbour)] == ""


def _is_elision(text: str, at: int) -> bool:
    """Whether what stands before the apostrophe is one letter (l', d') or one of _ELIDED."""
    near = text[max(0, at - _LONGEST) : at]
    _, space, word = near.rpartition(" ")
    if space and word.isascii() and word.isalpha():  # nearly always
        return len(word) == 1 or word.lower() in _ELIDED
    before = LETTERS[ord(text[at - 1])]
    if before and before[-1] not in LAST and len(near) > 1 and LETTERS[ord(near[-2])].isalnum():
        return " " in before
    shown = [letters for character in near if (letters := LETTERS[ord(character)])]
    if len(shown) < 2 or shown[-2][-1] == " " or " " in shown[-1]:
        return True
    return "".join(shown).rpartition(" ")[2] in _ELIDED


def _hamza(text: str, at: int) -> str:
    """Hamza on yeh: alef after a yeh, waw before a waw, else a yeh."""
    if _letter(text[max(0, at - _MARKS) : at][::-1]) == "ی":
        return "ا"
    return "و" if _letter(text[at + 1 : at + 1 + _MARKS]) == "و" else text[at]


def _letter(beside: str) -> str:
    """The folded form of the first character that does not vanish."""
    return next((letter for character in beside if (letter := LETTERS[ord(character)])), "")
