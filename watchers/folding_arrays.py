"""Folding of long texts: the rules of `watchers.letters` on arrays of code points. Pure.

For the few texts that `watchers.folding_tables` has no alphabet for: numpy takes 0.1 s and 15 MB
to load, so this is imported with the first of them. A text costs the same in every script, about
an eighth of `str.translate` for Persian, and the map back to the original is a by-product.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watchers.letters import APOSTROPHES, LETTERS, RESOLVED, SEPARATORS, YEH_HAMZA, resolved

_Entries = NDArray[np.uint32]
_Flags = NDArray[np.uint8]
_CODE_POINTS = 0x110000
_UTF_32 = f"utf-32-{sys.byteorder[0]}e"
_HIGH = 3 if sys.byteorder == "little" else 0  # the byte of an entry that has its flags

# An entry of the table: the code point that a character folds to, and in its highest byte:
_GONE = 1  # folds to nothing: left out
_SEVERAL = 2  # folds to several characters: a code point of its own that they are put in for
_SPACE = 4
_DIGIT = 8
_SEPARATOR = 16  # one bit above _DIGIT
_APOSTROPHE = 32
_HAMZA = 64  # on yeh
_SIGNS = _APOSTROPHE | _HAMZA
_BESIDE = 128  # what a hamza looks for, or looks through: yeh, waw, marks
_POINT = np.uint32(0xFFFFFF)

_TABLE: _Entries = np.zeros(_CODE_POINTS, np.uint32)  # pages never touched take no memory
_PRIVATE = 0xF0000  # what folds to several characters stands here, with 65,534 more
_SEVERAL_IN_TEXT = re.compile("[\U000f0000-\U000fffff]")
_several: list[str] = []  # what they fold to


class Folds(NamedTuple):
    """The folded form between two spaces, and what leads back to the original."""

    text: str
    entries: _Entries  # of the original between two spaces

    def origins(self) -> list[int]:
        """For each character of `text` the index of the original character."""
        points = self.entries & _POINT
        counts = np.ones(len(points), np.intp)
        counts[points == 0] = 0
        private = points >= _PRIVATE
        several = [_several[point - _PRIVATE] for point in points[private].tolist()]
        counts[private] = [len(letters) for letters in several]
        came = np.arange(len(points)).repeat(counts)
        letters = points.take(came)
        letters[private.take(came)] = np.frombuffer("".join(several).encode(_UTF_32), np.uint32)
        single = letters != ord(" ")
        single[1:] |= single[:-1].copy()
        single[0] = True
        origins: list[int] = (came[single] - 1).tolist()
        return [0, *origins[1:]]


def folded(text: str) -> Folds:
    """Fold a text of any length."""
    padded = f" {text} "
    entries = _entries(np.frombuffer(padded.encode(_UTF_32, "surrogatepass"), np.uint32))
    flags = entries.view(np.uint8)[_HIGH::4].copy()
    seen = int(np.bitwise_or.reduce(flags))
    if seen & _SIGNS or (seen & _SEPARATOR and seen & _DIGIT):
        _resolve(padded, entries, flags)
    letters = _squeezed(entries, flags)
    if seen & _SEVERAL:
        letters = _SEVERAL_IN_TEXT.sub(lambda m: _several[ord(m.group()) - _PRIVATE], letters)
    while "  " in letters:  # rare: something that vanished, or became several, parted two
        letters = letters.replace("  ", " ")
    return Folds(letters, entries)


def _squeezed(entries: _Entries, flags: _Flags) -> str:
    """What stays: not what vanishes, nor a space behind a space."""
    dropped = flags & _SPACE
    dropped |= _GONE
    kept = np.empty(len(flags), np.bool_)
    kept[0] = True
    np.equal(dropped[:-1] & flags[1:], 0, out=kept[1:])
    letters = entries[kept]
    letters &= _POINT
    return letters.tobytes().decode(_UTF_32)


def _entries(points: _Entries) -> _Entries:
    """What each character folds to; characters never seen before are looked up first."""
    entries = _TABLE.take(points)
    if np.count_nonzero(entries) < len(entries):
        for point in np.unique(points[entries == 0]).tolist():
            _TABLE[point] = _entry(point)
        entries = _TABLE.take(points)
    return entries


def _entry(point: int) -> int:
    letters, character = LETTERS[point], chr(point)
    flags = (
        _SPACE * (letters == " ")
        | _DIGIT * character.isdecimal()
        | _SEPARATOR * (character in SEPARATORS)
        | _APOSTROPHE * (character in APOSTROPHES)
        | _HAMZA * (character in YEH_HAMZA)
        | _BESIDE * (letters[:1] in ("ی", "و", ""))
    )
    if not letters:
        return (flags | _GONE) << 24
    if len(letters) == 1:
        return flags << 24 | ord(letters)
    _several.append(letters)
    return (flags | _SEVERAL) << 24 | (_PRIVATE + len(_several) - 1)


def _resolve(text: str, entries: _Entries, flags: _Flags) -> None:
    """Put in what signs fold to beside their neighbours."""
    wanted = flags + flags  # of the next character: each flag a bit higher
    wanted &= _SEPARATOR
    wanted |= _SIGNS
    before = flags.tobytes()
    for place in (wanted[:-1] & flags[1:]).astype(np.bool_).nonzero()[0].tolist():
        at = place + 1
        if _stays(before, at):
            continue
        character = resolved(text, at)
        if character != text[at]:
            entry = int(_TABLE[ord(character)])
            entries[at], flags[at] = entry, entry >> 24


def _stays(flags: bytes, at: int) -> bool:
    """The cheap test: nearly all signs are what they are."""
    sign = flags[at]
    if sign & _HAMZA:
        return not (flags[at - 1] | flags[at + 1]) & _BESIDE
    if sign & _SEPARATOR and flags[at - 1] & flags[at + 1] & _DIGIT:
        return False
    # An apostrophe is a space already, and so it is behind one letter (l', d').
    return not sign & _APOSTROPHE or flags[at - 2] & _SPACE != 0


for _character in RESOLVED:
    _TABLE[ord(_character)] = _entry(ord(_character))
