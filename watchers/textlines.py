"""The lines of a text: headline, question, paragraph, list of people, wrapped by hand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import add

from watchers import headings
from watchers.headings import Head

LINE = 160  # code points of a headline at most
SHORT = 40  # code points of a line of a menu
ENDS = frozenset(".!?…؟۔。！？:;؛,،-–—：")
_QUOTES = "\"'”’»›“)]} \t"
# The number of a paper in a list of them, before its title.
_NUMBER = re.compile(r"(?:(?:no|nr|n°|nº|№)\.? ?)?[0-9۰-۹]{1,4}[.):]? +", re.IGNORECASE)
_NAME_WORDS = 4
_OFFICE_WORDS = 5

# Hard-wrapped text, as mail and old archives have it.
_WIDTHS = (45, 120)  # code points of a full line
_WORD = 20  # of a word that did not fit, mostly
_PROOF = 4  # full lines that lead to a sentence's end
_MOST = 0.95  # of the lines are as short as a full one
_ABOUT = 4  # code points by which full lines differ
_PART = 0.4  # of a text's lines


@dataclass(slots=True)
class Line:
    """A line that says something, and what became of it."""

    start: int
    text: str
    head: Head | None
    why: str = ""  # furniture, all of it
    upto: int = 0  # furniture from the beginning to here

    @property
    def is_headline(self) -> bool:
        """Short, and no sentence; wrapped lines of a paragraph begin small."""
        text = self.text
        if len(text) >= LINE or is_sentence(text):
            return False
        return not text[0].islower() or not without_number(text)[0].islower()

    @property
    def is_question(self) -> bool:
        """Short, and it asks or calls: a headline among headlines."""
        return len(self.text) < LINE and self.text.rstrip(_QUOTES)[-1:] in ("?", "؟", "!", "？")

    @property
    def is_paragraph(self) -> bool:
        """A sentence of the article, or a line too long for a headline."""
        return len(self.text) >= LINE or (is_sentence(self.text) and len(self.text) >= SHORT)


def head(line: str) -> Head | None:
    """What heads a line, asked only where the cheap tests do not say no."""
    if line[-1] in ENDS or len(line) >= LINE:
        may = line[0] in headings.MARKS or ":" in line[:LINE] or headings.may_begin(line)
    else:
        may = headings.may_head(line)
    return headings.head(line) if may else None


def is_sentence(line: str) -> bool:
    """Whether a line ends as a sentence does, or as a part of one."""
    return line[-1] in ENDS or line.rstrip(_QUOTES)[-1:] in ENDS


def without_number(line: str) -> str:
    """A line without "no. 3" before its title; as it is if it says nothing else."""
    found = _NUMBER.match(line)
    return line[found.end() :] or line if found else line


# ---------------------------------------------------------------- lists of people


def is_list_of_people(run: Sequence[Line]) -> bool:
    """Whether "Name Surname, office" stands on most of the lines: no headlines."""
    return 3 * sum(_name_length(line.text) > 0 for line in run) >= 2 * len(run)


def begins_list_of_people(lines: Sequence[Line]) -> bool:
    """Whether lines are "Name Surname, office" and no more: headlines say what somebody did."""
    return len(lines) > 1 and all(map(_is_person, (line.text for line in lines)))


def _is_person(line: str) -> bool:
    length = _name_length(line)
    rest = line[length:].split()
    return length > 0 and len(rest) <= _OFFICE_WORDS + _NAME_WORDS


def _name_length(line: str) -> int:
    """Where the name ends in "Name Surname, office": two to four words, none of them small."""
    body = line.lstrip("".join(headings.MARKS) + "0123456789۰۱۲۳۴۵۶۷۸۹.) ")[:LINE]
    cuts = [at for mark in (",", "،", "(", " – ", " - ") if (at := body.find(mark)) > 0]
    name = body[: min(cuts)].split() if cuts else []
    is_name = 1 < len(name) <= _NAME_WORDS and not any(word[0].islower() for word in name)
    return len(line) - len(body) + min(cuts) if is_name else 0


# ---------------------------------------------------------------- hard-wrapped text


def unwrapped(text: str) -> str:
    """A hard-wrapped text with each paragraph on one line, of the same length; others as is.

    A line is full if the next one's first word would not have fitted. Full lines that lead to
    a sentence's end prove the wrapping; headlines of about one length lead to none.
    """
    if text.count("\n") < _PROOF:
        return text
    lines = text.split("\n")
    short = [len(line) for line in lines if 0 < len(line) <= _WIDTHS[1]]
    if len(short) <= _PROOF or 2 * len(short) < len(lines):
        return text
    width = sorted(short)[int(_MOST * len(short))]  # a notice or two may be longer
    near = sum(size > width - _WORD for size in short)
    if width < _WIDTHS[0] or near < max(_PROOF, _PART * len(short)):
        return text
    chains = [run for run in _chains(_full(lines, width)) if _goes_on(lines, run)]
    proof = sum(len(run) for run in chains if _is_proof(lines, run))
    if proof < _PROOF or proof < _PART * len(short):
        return text
    joined = {at for run in chains for at in run}
    ends = (" " if at in joined else "\n" for at in range(len(lines)))
    return "".join(map(add, lines, ends))[:-1]


def _full(lines: list[str], width: int) -> Iterator[bool]:
    """For each line, whether the next one goes on: its first word would not have fitted."""
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        first = after[: width + 1].split(" ", 1)[0]
        full = bool(first) and len(line) - _ABOUT <= width < len(line) + len(first) + _ABOUT
        goes = full and line[-1:] not in headings.SENTENCE_ENDS
        yield goes and not _heads(before) and (first[0].islower() or head(after) is None)


def _heads(line: str) -> bool:
    """Whether what stands under a line is a headline."""
    said = head(line) if line else None
    return said is not None and said.ends_block


def _chains(full: Iterable[bool]) -> Iterator[range]:
    begin = at = 0
    for at, goes in enumerate(chain(full, (False,))):
        if not goes:
            if at > begin:
                yield range(begin, at)
            begin = at + 1


def _goes_on(lines: list[str], joined: range) -> bool:
    """Whether a line of those that go on a sentence begins small, if the script has small letters.

    One is enough: a sentence may hold many names, headlines in a row begin large each.
    """
    begins = [lines[at + 1][0] for at in joined]
    cased = [letter for letter in begins if letter.lower() != letter.upper()]
    return not cased or any(map(str.islower, cased))


def _is_proof(lines: list[str], joined: range) -> bool:
    last = lines[joined.stop] if joined.stop < len(lines) else ""
    return last.rstrip(_QUOTES)[-1:] in headings.SENTENCE_ENDS
