"""What is shown of a match: the sentence in which it stands. Pure, linear, never fails."""

from __future__ import annotations

import re
import unicodedata

_ELLIPSIS = "…"
_WORD = 24  # code points by which a cut may move to the next blank
# What ends a sentence: a line's end, or a mark with what closes after it.
_END = re.compile("\n|[.!?…؟۔](?=[\"'”’»)\\]]{0,3}(?:\\s|$))[\"'”’»)\\]]{0,3}|[。！？][」』”]{0,2}")
# "Dr. Nayyeri", "S. Azizi", "Art. 5": no end.
_SHORT_FORM = re.compile(
    r"(?<!\w)(?:\w|mr|mrs|ms|dr|st|prof|gen|col|lt|sen|rep|gov|hon|jr|vs|nr|mme|mlle|bzw|ca|"
    r"sra|dott|avv)$",
    re.IGNORECASE,
)
_BEFORE = 8  # code points in which a short form stands


def sentence(text: str, start: int, end: int, most: int = 300) -> str:
    """The sentence around `text[start:end]`, in any script, at most `most` code points.

    A longer one is cut around the match, with an ellipsis for what is left out. Offsets that
    point nowhere are moved to where the text is.
    """
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    begin, cut_before = _begin(text, start, most)
    finish, cut_after = _finish(text, end, most)
    if finish - begin <= most and not (cut_before or cut_after):
        return text[begin:finish].strip()
    first, last = _cut(text, (begin, finish), (start, end), most)
    head = _ELLIPSIS if cut_before or first > begin else ""
    tail = _ELLIPSIS if cut_after or last < finish else ""
    return (head + text[first:last].strip() + tail)[: max(0, most)]


def _begin(text: str, start: int, most: int) -> tuple[int, bool]:
    """Where the sentence begins, at most so far before; and whether it began earlier."""
    low = max(0, start - most)
    begin = low
    for mark in _END.finditer(text, low, start):
        if not _is_short_form(text, mark):
            begin = mark.end()
    return begin, begin == low > 0


def _finish(text: str, end: int, most: int) -> tuple[int, bool]:
    """Where the sentence ends, at most so far on; and whether it goes on."""
    high = min(len(text), end + most)
    for mark in _END.finditer(text, end, high):
        if not _is_short_form(text, mark):
            return mark.end(), False
    return high, high < len(text)


def _is_short_form(text: str, mark: re.Match[str]) -> bool:
    if mark.group()[0] != ".":
        return False
    return bool(_SHORT_FORM.search(text[max(0, mark.start() - _BEFORE) : mark.start()]))


def _cut(text: str, whole: tuple[int, int], match: tuple[int, int], most: int) -> tuple[int, int]:
    """As much of a sentence around the match as there is room for, at blanks if they are near."""
    room = max(0, most - 2 * len(_ELLIPSIS))
    start, end = match[0], min(match[1], match[0] + room)
    left, right = start - whole[0], whole[1] - end
    spare = room - (end - start)
    take = min(left, max(spare // 2, spare - right))
    first, last = start - take, end + min(right, spare - take)
    if first > whole[0]:
        first = _to_blank(text, first, start)
    if last < whole[1]:
        last = _back_to_blank(text, last, end)
    return first, last


def _to_blank(text: str, at: int, limit: int) -> int:
    """The next word's beginning if it is near, else no place between a letter and its marks."""
    blank = text.find(" ", at, min(limit, at + _WORD))
    if blank >= 0:
        return blank + 1
    while at < limit and unicodedata.combining(text[at]):
        at += 1
    return at


def _back_to_blank(text: str, at: int, limit: int) -> int:
    blank = text.rfind(" ", max(limit, at - _WORD), at)
    return blank if blank >= 0 else at
