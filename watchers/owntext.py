"""What of an article's text is its own: the furniture in it is blanked, offsets stay. Pure.

Feeds and pages print teasers, lists of headlines, tags, comments and notices on themselves among
an article's paragraphs, as lines of plain text. Whom they name, the article does not name.

    lines -> any sign of furniture? (nearly always: no) -> what each line is -> what goes with it

Which error is worse: a teaser kept names a person wrongly and makes an article relevant that is
not; a line lost is one that the article mostly says again. So in doubt at a text's end: out.
In its middle a line has to say what it is, by a label or a heading: in doubt there, in.

A line is looked at once from before and once from behind, in a few rounds: linear. The words
by which furniture is known are `watchers.furniture_words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter

from watchers import headings
from watchers.heading_words import calls, is_call, is_heading
from watchers.headings import Head, Kind
from watchers.teasers import inline
from watchers.textlines import (
    ENDS,
    LINE,
    SHORT,
    Line,
    begins_list_of_people,
    head,
    is_list_of_people,
    is_sentence,
    unwrapped,
)

_ROUNDS = 5  # what is gone may bring other lines to the end: then once more
_EXCERPT = 300  # of an excerpt under a headline
_SENTENCES = 2  # of it
_LABELLED = 400  # of "Photo: ..." at most: in a longer line its first sentence goes
_LISTED = 2_000  # of "Tags: ..." or "About us: ..." at most
_NOTICE = 1_500  # of what an outlet or an author says of itself, at most
_BODY = 300  # of the article's own before "Comments" or an author's note ends it
_PARAGRAPH = 280  # a line as long after "Comments" is none: it stood in a menu
_OFFER = 200  # of the line under "Newsletter"
_RUN = 3  # headlines in a row
_MENU = 3  # lines of a menu in a row, two of them well known
_CLOSING = 200  # code points of the sentences that may stand under the last headlines
_CLOSINGS = 2
_LEAST = 3  # words of the headlines under a heading: fewer are a menu's
_WORDY = 4  # words of a headline: fewer are names, places, entries of a list


@dataclass(frozen=True, slots=True)
class Furniture:
    """A stretch of a text that is not the article's own: `text[start:end]`, and why."""

    start: int
    end: int
    why: str  # related, tags, share, newsletter, consent, comments, about, byline, ...


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text with its furniture blanked, and what was blanked: in order, never overlapping."""

    text: str
    furniture: tuple[Furniture, ...] = ()


def own_text(text: str, title: str = "") -> OwnText:
    r"""The article's own text, of the same length: furniture is spaces, line ends stay.

    `title` is the article's, to know it when it is repeated. Lines are parted by "\n".
    Idempotent, and linear in the text's length; a text without a sign of furniture comes
    back itself.
    """
    own = text
    found: tuple[Furniture, ...] = ()
    for _ in range(_ROUNDS):
        joined = unwrapped(own)
        lines = joined.split("\n")
        if not _has_signs(joined, lines, title):
            break
        gone = tuple(_joined(_Reader(lines, title).furniture(), own))
        if not gone:
            break
        own, found = _blanked(own, gone), (*found, *gone)
    if not found:
        return OwnText(text)
    return OwnText(own, tuple(_joined(sorted(found, key=attrgetter("start")), text)))


def _has_signs(text: str, lines: list[str], title: str) -> bool:
    """The cheap test: in a text that is all paragraphs nothing can be furniture."""
    run = 0
    for line in lines:
        if not line:
            continue
        if line[-1] in ENDS or len(line) >= LINE:
            run = 0
            if headings.may_begin(line):
                return True
        else:
            run += 1
            if run == _RUN or headings.may_head(line):
                return True
    return (
        ((":" in text or calls(text)) and any(inline(text)))
        or text.count("|") > 1
        or (len(title) >= headings.LEAST_TITLE and title in text)
    )


def _blanked(text: str, found: tuple[Furniture, ...]) -> str:
    pieces, at = [], 0
    for piece in found:
        pieces.append(text[at : piece.start])
        gone = text[piece.start : piece.end].split("\n")
        pieces.append("\n".join(" " * len(line) for line in gone))
        at = piece.end
    return "".join((*pieces, text[at:]))


def _joined(found: Iterable[Furniture], text: str) -> Iterator[Furniture]:
    """Neighbours of one kind as one, those that hold nothing left out."""
    last: Furniture | None = None
    for piece in found:
        if not text[piece.start : piece.end].strip():
            continue
        if last and piece.start < last.end:  # a later round took what stood around it
            last = Furniture(last.start, max(last.end, piece.end), last.why)
            continue
        if last and last.why == piece.why and not text[last.end : piece.start].strip():
            last = Furniture(last.start, piece.end, last.why)
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last


class _Reader:
    """Reads the lines of one text."""

    def __init__(self, lines: list[str], title: str) -> None:
        self._lines: list[Line] = []
        start = 0
        for raw in lines:
            text = raw.strip()
            if text:
                at = start + raw.index(text[0])
                self._lines.append(Line(at, text, head(text)))
            start += len(raw) + 1
        self._title = headings.plain(title) if len(title) >= headings.LEAST_TITLE else ""
        # For each line: code points of all lines after it, and of the longest of them.
        sizes = [len(line.text) for line in self._lines]
        self._after = [0, *accumulate(reversed(sizes))][-2::-1]
        self._longest = [0, *accumulate(reversed(sizes), max)][-2::-1]

    def furniture(self) -> Iterator[Furniture]:
        """What is furniture, in order."""
        self._from_before()
        self._menus()
        self._authors()
        self._from_behind()
        for line in self._lines:
            end = line.start + len(line.text)
            if line.why:
                yield Furniture(line.start, line.start + (line.upto or len(line.text)), line.why)
            if not line.why or line.upto:
                for start, stop, why in inline(line.text[line.upto :]):
                    if not start and not is_call(line.text[line.upto :]):
                        continue  # a line's beginning was looked at
                    begin = line.start + line.upto + start
                    yield Furniture(begin, min(end, line.start + line.upto + stop), why)

    # ------------------------------------------------------------ by what a line says

    def _from_before(self) -> None:
        own = 0  # code points of the article's own sentences so far
        for index, line in enumerate(self._lines):
            if not line.why and line.head:
                self._headed(index, line, line.head, own)
            elif not line.why and self._heads_headlines(index, line):
                line.why = Kind.LIST.value
                self._block(index, Kind.LIST)
            if not line.why and self._repeats_title(line.text):
                line.why = "title"
                if not own and self._longest[index] >= LINE:
                    self._before(index)
            if not line.why and line.is_paragraph:
                own += len(line.text)

    def _heads_headlines(self, index: int, line: Line) -> bool:
        """A heading known by its words, if headlines stand under it."""
        below = self._lines[index + 1 : index + 3]
        return (
            line.is_headline
            and len(below) > 1
            and all(each.is_headline or each.is_question for each in below)
            and all(len(each.text.split()) >= _LEAST for each in below)
            and is_heading(line.text)
            and not begins_list_of_people(below)
        )

    def _before(self, index: int) -> None:
        """A menu before the title, no paragraph among it; a feed's summary may begin it."""
        lines = self._lines[:index]
        if sum(not line.why for line in lines) < _MENU:
            return
        begin = 1 if len(lines[0].text.split()) > _WORDY else 0
        for line in lines[begin:]:
            line.why, line.upto = line.why or "navigation", 0

    def _repeats_title(self, text: str) -> bool:
        near = abs(len(text) - len(self._title)) <= headings.LEAST_TITLE
        return bool(self._title) and near and headings.plain(text) == self._title

    def _headed(self, index: int, line: Line, head: Head, own: int) -> None:
        """A line that begins as furniture does: it goes, and what it heads goes with it."""
        if head.kind is Kind.LABEL and not own:
            return  # "Video: ..." in a text's first line is its own lead
        if head.late:
            return  # later
        if head.names and not self._on_itself(index, line, head):
            return
        line.why = head.kind.value
        line.upto = _upto(line.text, head)
        if not head.alone:
            return
        if head.kind is Kind.ENDS:
            self._end(index, own)
        elif head.kind is Kind.ABOUT:
            self._notice(index, own)
        elif head.kind is Kind.ASKS:
            self._offer(index)
        elif head.kind in (Kind.TEASER, Kind.LIST, Kind.TAGS):
            self._block(index, head.kind)

    def _on_itself(self, index: int, line: Line, head: Head) -> bool:
        """Whether "About NAME" heads a notice: then the next line begins with NAME."""
        name = headings.plain(line.text[head.end :])
        after = self._lines[index + 1].text if index + 1 < len(self._lines) else ""
        begins = headings.plain(after[: 2 * LINE])
        return bool(name) and begins.removeprefix("the ").startswith(name.removeprefix("the "))

    def _end(self, index: int, own: int) -> None:
        """Comments: nothing of the article's own comes after, unless it stood in a menu."""
        if own >= _BODY or (own and self._longest[index] < _PARAGRAPH):
            self._rest(index, "comments")

    def _notice(self, index: int, own: int) -> None:
        """What the outlet or the author says of itself, to the end of the text."""
        if own and self._after[index] <= max(_NOTICE, own // 2):
            self._rest(index, "about")

    def _rest(self, index: int, why: str) -> None:
        for line in self._lines[index + 1 :]:
            line.why, line.upto = line.why or why, 0

    def _offer(self, index: int) -> None:
        """The line under "Newsletter" is still about it."""
        if index + 1 < len(self._lines) and len(self._lines[index + 1].text) <= _OFFER:
            self._lines[index + 1].why = Kind.ASKS.value

    def _block(self, index: int, kind: Kind) -> None:
        """The headlines under a heading, up to the next paragraph; a list's excerpts too."""
        under_headline = False
        for at in range(index + 1, len(self._lines)):
            line = self._lines[at]
            if line.head and line.head.ends_block:
                return
            if line.head:
                continue  # "Video: ..." among them has a reason of its own
            if kind is not Kind.TAGS and begins_list_of_people(self._lines[at : at + 2]):
                return
            if line.is_headline or line.is_question or (kind is Kind.TAGS and _is_tag(line.text)):
                under_headline = True
            elif kind is Kind.LIST and under_headline and self._is_excerpt(at):
                under_headline = False
            else:
                return
            line.why, line.upto = kind.value, 0

    def _is_excerpt(self, at: int) -> bool:
        """A sentence or two between two headlines, or between one and the end."""
        text = self._lines[at].text
        if len(text) > _EXCERPT or text[-1] in ":：" or headings.sentences(text) > _SENTENCES:
            return False
        after = self._lines[at + 1] if at + 1 < len(self._lines) else None
        return after is None or after.is_headline or after.head is not None

    # ------------------------------------------------------------ by where it stands

    def _menus(self) -> None:
        """Rows of short lines with well-known words of menus among them."""
        row: list[Line] = []
        for line in [*(line for line in self._lines if not line.why), None]:
            if line is not None and len(line.text) <= SHORT and line.is_headline:
                row.append(line)
                continue
            if len(row) >= _MENU and sum(headings.is_menu(each.text) for each in row) > 1:
                for each in row:
                    each.why = "navigation"
            row = []

    def _authors(self) -> None:
        """Notes on the author, after the last long paragraph."""
        own = sum(len(line.text) for line in self._lines if not line.why and line.is_paragraph)
        for line in reversed(self._lines):
            if line.why:
                continue
            own -= len(line.text) if line.is_paragraph else 0
            if line.head and line.head.late and own >= _BODY:
                line.why, line.upto = line.head.kind.value, _upto(line.text, line.head)
            elif len(line.text) >= LINE:
                return

    def _from_behind(self) -> None:
        """Headlines at the end of a text, after its last paragraph."""
        at, run = self._run_before(len(self._lines))
        if run and self._follows_own(at):
            count = sum(1 + line.text.count("|") for line in run)
            plain = any(not line.is_question for line in run)
            is_list = count >= _RUN and plain and not is_list_of_people(run)
            for line in run if is_list else self._after_furniture(at):
                line.why = "headlines"
        elif not run:
            self._before_closing(at)

    def _run_before(self, at: int) -> tuple[int, list[Line]]:
        """Where the headlines and the furniture before a line begin, and the headlines."""
        run: list[Line] = []
        while at and (self._lines[at - 1].why or self._may_end(self._lines[at - 1])):
            at -= 1
            if not self._lines[at].why:
                run.append(self._lines[at])
        return at, run

    def _follows_own(self, at: int) -> bool:
        """Whether a paragraph stands before a line, and what stands there leads in no list."""
        before = next((line for line in reversed(self._lines[:at]) if not line.why), None)
        if before is None or headings.leads_in(before.text):
            return False
        return any(line.is_paragraph and not line.why for line in self._lines[:at])

    def _before_closing(self, at: int) -> None:
        """Headlines that a notice or two close, "Unsubscribe at any time."."""
        size = 0
        for _ in range(_CLOSINGS):
            if not at:
                return
            size += len(self._lines[at - 1].text)
            if size > _CLOSING:
                return
            begin, run = self._run_before(at - 1)
            if run:
                wordy = sum(len(line.text.split()) >= _WORDY for line in run)
                listed = len(run) >= _RUN and 3 * wordy >= 2 * len(run)
                enough = sum(len(line.text) for line in self._lines[:begin] if line.is_paragraph)
                if (
                    listed
                    and enough >= _BODY
                    and self._follows_own(begin)
                    and not is_list_of_people(run)
                ):
                    for line in run:
                        line.why = "headlines"
                return
            at = begin

    def _after_furniture(self, at: int) -> list[Line]:
        """The lines at the end that follow upon furniture."""
        rest = self._lines[at:]
        first = next((i for i, line in enumerate(rest) if line.why), len(rest))
        return [line for line in rest[first:] if not line.why]

    @staticmethod
    def _may_end(line: Line) -> bool:
        return line.is_headline or line.is_question or line.text.count("|") > 1


def _upto(text: str, head: Head) -> int:
    """How much of a line a label takes with it; 0 is all."""
    most = _LISTED if head.kind.takes_lists else _LABELLED
    if len(text) <= most or head.alone:
        return 0
    return headings.sentence_end(text, head.end, most)


def _is_tag(line: str) -> bool:
    return len(line) <= SHORT or (not is_sentence(line) and len(line) < _EXCERPT)
