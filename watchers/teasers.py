"""Teasers and tags inside a paragraph: "... he said. (Read also: Who is ...)". Pure.

Found from their colons, of which a text has few, and from their verbs, "Read our profile of
...", in texts that say "our": linear.
"""

from __future__ import annotations

from collections.abc import Iterator

from watchers import headings
from watchers.heading_words import calls, is_call
from watchers.headings import Kind

_WINDOW = 50  # code points before a colon in which a label stands
_LAST = 20  # of its last word
_LONGEST = 5  # words of it
_TEASER = 200  # code points after it at most
_CALL = 100  # of a call's beginning
_CALLED = 400  # of a call at most
_LINE = 600  # of tags and of a list
_INSIDE = (Kind.TEASER, Kind.LIST, Kind.TAGS)


def inline(text: str) -> Iterator[tuple[int, int, str]]:
    """Teasers and tags inside paragraphs, "... (Read also: ...)": start, end and why.

    A label counts after a sentence, in brackets, and at the beginning of a line.
    """
    found = [*_labelled(text), *(_called(text) if calls(text) else ())]
    yield from sorted(found)


def _called(text: str) -> Iterator[tuple[int, int, str]]:
    """Sentences that call to a piece of the outlet's own: "Read our profile of ..."."""
    start = 0
    for stop in headings.stops(text):
        if is_call(text[start : start + _CALL].lstrip()):
            begin = start + len(text[start:stop]) - len(text[start:stop].lstrip())
            yield begin, min(stop, begin + _CALLED), Kind.TEASER.value
        start = stop


def _labelled(text: str) -> Iterator[tuple[int, int, str]]:
    colon, done = text.find(":"), 0
    while colon >= 0:
        last = text[max(done, colon - _LAST) : colon].split()
        if last and last[-1].lower().lstrip("([") in headings.LAST_WORDS:
            begin = max(done, colon - _WINDOW)
            found = _inline_label(text, begin, text[begin:colon], colon)
            if found:
                yield found
                done = found[1]
        colon = text.find(":", max(colon + 1, done))


def _inline_label(text: str, begin: int, window: str, colon: int) -> tuple[int, int, str] | None:
    found = list(headings.WORD.finditer(window))[-_LONGEST:]
    said = [headings.plain_word(match.group()) for match in found]
    for first, match in enumerate(found):
        kind = headings.KINDS.get(tuple(said[first:]))
        if kind is None:
            continue
        start = begin + match.start()
        before = text[max(0, start - 8) : start].rstrip(" \t\u00a0\"'”’»*_")
        opened = before[-1:] in ("(", "[", "{", "（")
        inside = opened or before[-1:] in headings.SENTENCE_ENDS
        if (inside and kind in _INSIDE) or not before or before[-1] == "\n":
            return start, _inline_end(text, colon, kind, opened=opened), kind.value
    return None


def _inline_end(text: str, colon: int, kind: Kind, *, opened: bool) -> int:
    limit = min(len(text), colon + _LINE)
    line_end = text.find("\n", colon, limit)
    stop = limit if line_end < 0 else line_end
    if opened:
        closing = [at for mark in ")]}）" if (at := text.find(mark, colon, stop)) > 0]
        if closing:
            return min(closing)
    if kind is not Kind.TEASER:
        return stop
    return headings.sentence_end(text, colon + 1, min(_TEASER, stop - colon - 1))
