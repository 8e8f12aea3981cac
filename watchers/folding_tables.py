"""Folding of texts in one script: the rules of `watchers.letters` on bytes. Pure.

Nearly every article is written in fewer than 256 different characters that are known beforehand.
A byte for each, and folding is a few passes of the C library, none with a branch at each word:
a fifth of what `str.translate` takes. A text in other characters is left to that.

    text -> codes -> kinds -> what depends on neighbours put right -> folds -> single spaces -> text
"""

from __future__ import annotations

import codecs
import re
from itertools import chain, compress, repeat
from typing import NamedTuple

from watchers.letters import APOSTROPHES, GONE, LAST, LETTERS, SEPARATORS, YEH_HAMZA, resolved

LONGEST = 1 << 16  # characters: the mask of spaces is made beforehand
_STRANGE = 4  # unknown characters of a text that known ones stand in for: each begins it anew
_SIZE = 256
_NONE = "\ufffe"  # says that a code means nothing
_FEW = 5  # letters beyond ASCII of a folded alphabet: so few are put in afterwards
_BLANK = 0x80  # the fold that is a space; all others are less
_BLANKS = int.from_bytes(bytes((_BLANK,)) * (LONGEST + 2), "little")

_AS_SPACES = bytes(range(_BLANK)) + b" " * (_SIZE - _BLANK)

# Kinds: what a character is to an apostrophe, a separator or a hamza beside it.
_LETTER, _LAST, _WORDS, _YEH, _WAW, _DIGIT, _MARK, _OTHER = b"auvywdmx"
_HAMZA, _SPACE, _APOSTROPHE, _SEPARATOR = b"h ',"
_THOUSAND = b"d,ddd"
# An apostrophe inside a word. It vanishes (group 1) behind two letters whose last ends no elision;
# behind one (l', d') it is a space, as it is alone; and else it is `resolved`.
_INSIDE = re.compile(
    rb"'(?=[auvywdhm])(?:((?<=[auywdh][aywdh]'))|(?<=[auvywdhm]')(?<![ ',][auywh]'))"
)
_CARRIED = re.compile(rb"h(?:(?=[wm])|(?<=[yhm]h))")  # a hamza that may be alef or waw

_TYPED = "“”„‚‹›‘’′–—…•€™\u2009\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u202f\ufeff"
_SIGNS = f"{''.join(map(chr, range(32, 127)))}\t\n\r\u00a0\u00ad«»°§©®·{_TYPED}"
_BEYOND_LATIN_1 = "’“–ıł"  # most texts beyond it have one of these: it need not be tried
_CENTRAL = "ąĄęĘłŁńŃśŚźŹżŻďĎěĚňŇřŘťŤůŮľĽĺĹŕŔőŐűŰăĂșȘțȚţŢ"
_WESTERN = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœğĞıİşŞāĀīĪūŪšŠžŽčČćĆ"
    "¡¿ªº£²`´ʼʻʿʾ\u2028\u2060\ufe0f\u0300\u0301\u0302\u0303\u0308\u0327"
)
_BESIDE_CENTRAL = "ÁÂÄÇÉËÍÎÓÔÖÚÜÝßáâäçéëíîóôöúüýčČćĆšŠžŽđĐşŞàèêïùûñãåøæÀÈÅØ"
_ARABIC = (
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغـفقكلمنهوىيپچژکگیەۀۆێڕڵھۇۋېۍےۓہۃۂٹڈڑںٱٰڤڭ"
    "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0653\u0654\u0655"
    "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹،؛؟٪٫٬۔\ufd3e\ufd3f\u2066\u2067\u2068\u2069"
)
_CYRILLIC = f"{''.join(map(chr, range(0x400, 0x460)))}ґҐ№"


def folded(text: str) -> str | None:
    """The folded form between two spaces; None if the text is of no alphabet, or too long."""
    coded = _coded(text)
    return coded.alphabet.folded(coded.codes) if coded else None


def origins(text: str) -> list[int] | None:
    """For each character of the folded form the index of the original one; None as above."""
    coded = _coded(text)
    return coded.alphabet.origins(coded.codes) if coded else None


def _kind(character: str) -> int:
    letters = LETTERS[ord(character)]
    signs = ((APOSTROPHES, _APOSTROPHE), (YEH_HAMZA, _HAMZA), (SEPARATORS, _SEPARATOR))
    for those, kind in signs:
        if character in those:
            return kind
    if not letters:
        return _MARK
    if not character.isalnum():
        return _OTHER if letters.strip(" ") else _SPACE
    if character.isdecimal():
        return _DIGIT
    if " " in letters:
        return _WORDS
    return {"ی": _YEH, "و": _WAW}.get(letters, _LAST if letters[-1] in LAST else _LETTER)


class _Alphabet:
    """Characters, each with a code, and what each code folds to: codes and folds are bytes.

    Folded ASCII is itself. Other letters take the place of signs that no folded text has; where
    they are few, or several at once, they are put in for these at the end.
    """

    def __init__(self, characters: str, *, codec: str = "", others: str = "") -> None:
        """`codec` has these codes; without it they are counted. `others`: of another alphabet."""
        # Only a map that begins with NUL is a quick one.
        known = characters if codec else "\0" + "".join(dict.fromkeys(characters))
        if len(known) > _SIZE:
            raise ValueError(f"{len(known)} characters, {_SIZE} are possible")
        self._codec, self._others = codec, frozenset(others)
        self._map = codecs.charmap_build(known.ljust(_SIZE, _NONE))
        self._codes = {character: code for code, character in enumerate(known)}
        self._kinds = bytes(map(_kind, known)).ljust(_SIZE, b"x")
        letters = [LETTERS[ord(character)] for character in known]
        self._gone = bytes(code for code, form in enumerate(letters) if not form)
        forms = [form.strip(" ") for form in letters]  # spaces alone are one
        free = [fold for fold in range(1, _BLANK) if chr(fold) not in forms]
        several = sorted({form for form in forms if len(form) > 1})
        beyond = sorted({form for form in forms if len(form) == 1 and not form.isascii()})
        if len(beyond) <= _FEW:
            several, beyond = several + beyond, []
        self._several = {chr(fold): form for fold, form in zip(free, several, strict=False)}
        rest = dict(zip(free[len(several) :], beyond, strict=False))
        self._letters = "".join(rest.get(fold, chr(fold)) for fold in range(_BLANK)) + " "
        self._is_ascii = not beyond
        folds = {form: fold for fold, form in enumerate(self._letters)}
        folds |= {form: ord(sign) for sign, form in self._several.items()} | {"": _BLANK}
        self._folds = bytes(folds[form] for form in forms).ljust(_SIZE, b" ")
        self._stays = bytes(code not in self._gone for code in range(_SIZE))
        self._signs = "".join(self._several).encode("ascii")
        self._lengths = bytes(len(self._several.get(chr(fold), " ")) for fold in range(_SIZE))

    def codes(self, text: str) -> bytes | None:
        """A code for each character, what depends on neighbours put right; None if not known."""
        codes = self._encoded(text)
        if codes is None:
            return None
        kinds = codes.translate(self._kinds)
        if b"'" in kinds or b"h" in kinds or _THOUSAND in kinds:
            return self._in_context(text, codes, kinds)
        return codes

    def _in_context(self, text: str, codes: bytes, kinds: bytes) -> bytes:
        changed = bytearray(codes)
        for sign in _INSIDE.finditer(kinds):
            at = sign.start()
            if sign.lastindex or resolved(text, at) == GONE:
                changed[at] = 0
        for sign in _CARRIED.finditer(kinds):
            at = sign.start()
            if (character := resolved(text, at)) != text[at]:
                changed[at] = self._codes[character]
        at = kinds.find(_THOUSAND)
        while at >= 0:
            after = at + len(_THOUSAND)
            if kinds[after : after + 1] != b"d":  # three digits and no more
                changed[at + 1] = 0
            at = kinds.find(_THOUSAND, after - 1)
        return bytes(changed)

    def _encoded(self, text: str) -> bytes | None:
        for _ in range(_STRANGE + 1):
            try:
                if self._codec:
                    return text.encode(self._codec)
                return codecs.charmap_encode(text, "strict", self._map)[0]
            except UnicodeEncodeError as error:
                strange = text[error.start]
            if self._codec or strange in self._others or not (known := self._stand_in(strange)):
                break
            text = text.replace(strange, known)
        return None

    def _stand_in(self, strange: str) -> str:
        """A character that folds to the same and is the same to its neighbours; empty if none."""
        letters = LETTERS[ord(strange)]
        known = (letters if letters.strip(" ") else " ") if letters else GONE
        return known if known in self._codes and _kind(known) == _kind(strange) else ""

    def folded(self, codes: bytes) -> str:
        """The folded form between two spaces."""
        folds = self._single(codes.translate(self._folds, self._gone))
        if self._is_ascii:
            folded = folds.translate(_AS_SPACES, b"\0").decode("ascii")
        else:
            folds = folds.translate(None, b"\0")
            folded = codecs.charmap_decode(folds, "strict", self._letters)[0]
        for sign, letters in self._several.items():
            if sign in folded:
                folded = folded.replace(sign, letters)
        return folded

    def _single(self, folds: bytes) -> bytes:
        """The folds between two spaces, and NUL for each space behind a space.

        On one large number: no branches to guess wrongly, so it takes half of `bytes.replace`.
        """
        size = len(folds) + 2
        number = int.from_bytes(b"\x80%b\x80" % folds, "little")
        blanks = number & _BLANKS
        return (number ^ (blanks & (blanks << 8))).to_bytes(size, "little")

    def origins(self, codes: bytes) -> list[int]:
        """For each character of `folded` the index of the code."""
        places = compress(range(len(codes)), codes.translate(self._stays))
        folds = self._single(codes.translate(self._folds, self._gone))
        came = [*compress((0, *places, len(codes)), folds)]
        if not any(sign in folds for sign in self._signs):
            return came
        lengths = folds.translate(self._lengths, b"\0")
        return [*chain.from_iterable(map(repeat, came, lengths))]


_PLAIN = _Alphabet("".join(map(chr, range(128))), codec="ascii")
_LATIN = _Alphabet("".join(map(chr, range(_SIZE))), codec="latin-1")
_WEST = _Alphabet(_SIGNS + _WESTERN, others=_CENTRAL)
_CENTRE = _Alphabet(_SIGNS + _CENTRAL + _BESIDE_CENTRAL)
_PERSO_ARABIC = _Alphabet(_SIGNS + _ARABIC)
_SLAVIC = _Alphabet(_SIGNS + _CYRILLIC)


class _Coded(NamedTuple):
    alphabet: _Alphabet
    codes: bytes


def _coded(text: str) -> _Coded | None:
    """The text in codes of the first alphabet that has all of it, or nearly so."""
    if len(text) > LONGEST:
        return None
    for alphabet in _alphabets(text):
        if (codes := alphabet.codes(text)) is not None:
            return _Coded(alphabet, codes)
    return None


def _alphabets(text: str) -> tuple[_Alphabet, ...]:
    """Those that may serve, by a letter that hardly any text in a script goes without."""
    if text.isascii():
        return (_PLAIN,)
    if "ا" in text:
        return (_PERSO_ARABIC,)
    if "о" in text:
        return (_SLAVIC,)
    if any(sign in text for sign in _BEYOND_LATIN_1):
        return (_WEST, _CENTRE)
    return (_LATIN, _WEST, _CENTRE)
