"""What the beginning of a line says: is it furniture, of which kind, does it head more? Pure.

The words are data (`watchers.furniture_words`); what they are worth is decided here by how the
line goes on: alone ("Related articles"), before a colon ("Read also: ..."), or on and on.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product

from watchers import furniture_words as words

LEAST_TITLE = 12  # code points: a shorter title may well be said again

_HEADING = 80  # code points of a heading that says more than its words
_TEASER = 200  # of a line that begins "Read also" and goes on
_NOTICE = 300  # of "Subscribe to ..."
_CONSENT = 600
_BYLINE = 60
_HEADLINE = 160
_PHRASE = 100  # code points in which a phrase stands
_MOST_WORDS = 8
_LABEL_WORDS = 4

WORD = re.compile("[\\w\u0300-\u036f\u064b-\u065f\u0670]+")
_LETTERS = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "ـ": None, "ø": "o", "ß": "ss", "æ": "ae"}
)
_VARIANTS = {
    "ی": "یيى", "ک": "کك", "ا": "اأإآ", "ه": "هة", "ي": "يی", "ك": "كک", "أ": "أا", "إ": "إا",
}  # fmt: skip
_STOP = re.compile("[.!?…؟۔。！？][\"'”’»)\\]]{0,3}(?=\\s|$)")
_STOP_OR_LINE = re.compile(f"{_STOP.pattern}|\n")
SENTENCE_ENDS = frozenset(".!?…؟۔。！？")
_SEPARATORS = frozenset(":：|»›>→–—")
# What may stand before a heading's first word, and after its last.
MARKS = frozenset("•·▪■□►▶»›>*-–—|[({#©→↓↑_~=+✅🔹🔸🔴🔗📌👉📍📷📸📰🎥▫◾◽★☆\ufe0f\u200c")
_TRIM = "".join(MARKS) + " \t\u00a0:：.…!()[]{}0123456789۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩,;'\"”“»«|"
_NEWS = frozenset(words.NEWS.split())


class Kind(Enum):
    """What furniture a line is; the value is the reason that is told."""

    TEASER = "teaser"
    LIST = "related"
    TAGS = "tags"
    ENDS = "comments"
    ABOUT = "about"
    SHARE = "share"
    ASKS = "newsletter"
    CONSENT = "consent"
    COPYRIGHT = "copyright"
    CAPTION = "caption"
    BYLINE = "byline"
    LABEL = "label"
    FEED_TAIL = "feed tail"

    @property
    def takes_lists(self) -> bool:
        """Whether a long line goes as a whole."""
        return self in (Kind.LIST, Kind.TAGS, Kind.ABOUT, Kind.CONSENT, Kind.FEED_TAIL)


@dataclass(frozen=True, slots=True)
class Head:
    """How a line begins."""

    kind: Kind
    end: int  # where the phrase ends in the line
    alone: bool = False  # the line says nothing else: what follows belongs to it
    names: bool = False  # "About NAME": only a notice if NAME speaks next
    late: bool = False  # only at a text's end: "Author: I was not there." may be an interview's

    @property
    def ends_block(self) -> bool:
        """Whether headlines under an earlier heading end before this line."""
        heading = (Kind.TEASER, Kind.LIST, Kind.TAGS, Kind.ENDS, Kind.ABOUT, Kind.ASKS)
        return self.alone and self.kind in heading


_TABLES = (
    (Kind.TEASER, words.TEASERS),
    (Kind.LIST, words.LISTS),
    (Kind.TAGS, words.TAGS),
    (Kind.ENDS, words.ENDS),
    (Kind.ABOUT, words.ABOUT),
    (Kind.SHARE, words.SHARE),
    (Kind.ASKS, words.ASKS),
    (Kind.CONSENT, words.CONSENT),
    (Kind.COPYRIGHT, words.COPYRIGHT),
    (Kind.CAPTION, words.CAPTIONS),
    (Kind.BYLINE, words.BYLINES),
    (Kind.LABEL, words.LABELS),
)
_Phrase = tuple[str, ...]


def plain_word(word: str) -> str:
    """A word without case, accents and the differences of Persian and Arabic letters."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word).casefold().translate(_LETTERS)
    return "".join(part for part in parts if not unicodedata.combining(part))


def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text, plain."""
    return tuple(filter(None, map(plain_word, WORD.findall(text))))


def plain(text: str) -> str:
    """Words without case, accents and punctuation, for comparing lines."""
    return " ".join(plain_words(text))


def _spellings(said: str) -> Iterator[str]:
    """Phrases as tables have them, and with their joiners left out."""
    for phrase in words.phrases(said):
        yield phrase
        if "\u200c" in phrase:
            yield phrase.replace("\u200c", "")


def _phrase_table() -> dict[_Phrase, Kind]:
    table: dict[_Phrase, Kind] = {}
    for kind, said in _TABLES:
        for phrase in _spellings(said):
            table.setdefault(plain_words(phrase), kind)
    return table


KINDS = _phrase_table()
_ALONE = {plain_words(phrase) for phrase in _spellings(words.ALONE)}
_OPEN = {plain_words(phrase) for phrase in _spellings(words.OPEN)}
_NAMES = {plain_words(phrase) for phrase in _spellings(words.ABOUT_NAME)}
_BY = {plain_words(phrase) for phrase in _spellings(words.BY)}
_MENU = {plain_words(phrase) for phrase in _spellings(words.MENU)}
_SOCIAL = frozenset(plain_words(words.SOCIAL))
_LEADS_IN = frozenset(plain_words(words.LEADS_IN))
_SEE_ALSO = {("see", "also"), ("siehe", "auch")}
_COUNTED = {("thoughts", "on"), ("thought", "on"), ("responses", "to"), ("response", "to")}


def _by_first_word() -> dict[str, tuple[_Phrase, ...]]:
    found: dict[str, list[_Phrase]] = defaultdict(list)
    for phrase in {*KINDS, *_ALONE, *_OPEN, *_NAMES, *_BY}:
        found[phrase[0]].append(phrase)
    return {word: tuple(sorted(all_, key=len, reverse=True)) for word, all_ in found.items()}


_STARTING = _by_first_word()


def _as_printed(beginning: str) -> Iterator[str]:
    """A few letters as they may be printed: without accents, in Persian or Arabic letters."""
    bare = unicodedata.normalize("NFKD", beginning)
    bare = "".join(part for part in bare if not unicodedata.combining(part))
    for form in {beginning, bare[: len(beginning)]}:
        yield from map("".join, product(*(_VARIANTS.get(letter, letter) for letter in form)))


_TESTED = 8  # letters of a line that is tested cheaply


def _beginnings(length: int, phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(
        form
        for phrase in phrases
        if len(phrase) >= length
        for form in _as_printed(phrase[:length].lower())
    )


def _all_phrases() -> Iterator[str]:
    others = (words.ALONE, words.OPEN, words.ABOUT_NAME)
    for said in (*(said for _, said in _TABLES), *others):
        yield from _spellings(said)
    yield from words.SOCIAL.split()
    yield from (f"{phrase} " for phrase in words.phrases(words.BY))


_TAILS = [beginning for beginning, _ in words.FEED_TAILS]
_BEGINNINGS = _beginnings(_TESTED, (*_all_phrases(), *_TAILS))
_TAIL_BEGINNINGS = frozenset(tail[:4] for tail in _TAILS)
_BRIEF_TAILS = frozenset(tail[:4] for tail in _TAILS if len(tail) < _TESTED)
_SHORT_BEGINNINGS = _beginnings(3, _all_phrases()) | {
    form for phrase in _all_phrases() if len(phrase) < 3 for form in (phrase, f"{phrase}:")
}
LAST_WORDS = frozenset(
    form
    for kind, said in _TABLES
    if kind is not Kind.CONSENT
    for phrase in _spellings(said)
    for form in _as_printed(phrase.lower().split()[-1])
)


# ---------------------------------------------------------------- how a line begins


def may_begin(line: str) -> bool:
    """The cheap test of a sentence: `head` says None of it if false, or knows it by a colon."""
    return line[:_TESTED].lower() in _BEGINNINGS or line[:4] in _BRIEF_TAILS


def may_head(line: str) -> bool:
    """The cheap test of a short line that is no sentence: `head` says None of it if false."""
    return (
        line[0] in MARKS
        or line[:3].lower() in _SHORT_BEGINNINGS
        or line[0].isdigit()
        or (":" in line and line[:2].isupper())
    )


def head(line: str) -> Head | None:
    """What the line's beginning says of it; None for a line that may be the article's own."""
    at = next((i for i, character in enumerate(line[:12]) if character not in MARKS | {" "}), 0)
    if line[0] == "©":
        return Head(Kind.COPYRIGHT, 1)
    if line[0] == "#" and all(word[0] == "#" for word in line[:_NOTICE].split()):
        return Head(Kind.TAGS, 1)
    if is_feed_tail(line):
        return Head(Kind.FEED_TAIL, 1)
    found = list(WORD.finditer(line, at, at + _PHRASE))[:_MOST_WORDS]
    if not found:
        return None
    said = [plain_word(match.group()) for match in found]
    if len(said) > 1 and len(line) < _HEADLINE and _SOCIAL.issuperset(said):
        return Head(Kind.SHARE, 1)
    lead = 1 if said[0].isdigit() and len(said) > 1 else 0
    for phrase in _STARTING.get(said[lead], ()):
        if tuple(said[lead : lead + len(phrase)]) == phrase:
            end = found[lead + len(phrase) - 1].end()
            head = _worth(phrase, line, end, counted=bool(lead))
            if head:
                return head
    return _loud_label(line)


def _worth(phrase: _Phrase, line: str, end: int, *, counted: bool) -> Head | None:
    """What a phrase at a line's beginning is worth, by how the line goes on."""
    rest = line[end:]
    kind = KINDS.get(phrase)
    if not rest.strip(_TRIM):
        if phrase in _ALONE:
            return Head(Kind.LIST, end, alone=True)
        alone = kind is not None and kind is not Kind.LABEL and phrase not in _COUNTED
        return Head(kind, end, alone=True) if kind and alone else None
    short = len(line) <= _HEADING and not _is_sentence(line)
    if phrase in _OPEN and short:
        return Head(Kind.LIST, end, alone=_mark(rest) == "")
    if phrase in _BY:
        return Head(Kind.BYLINE, end) if _is_name(rest) else None
    if phrase in _NAMES and kind is None:
        mark = _mark(rest)
        if mark == ":" and len(line) > _HEADING:
            return _on_itself(line, end)
        return Head(Kind.ABOUT, end, alone=True, names=True) if short and not mark else None
    if kind is None:
        return None
    if _mark(rest):
        return _labelled(kind, line, end)
    goes = _goes_on(kind, phrase, line, counted=counted) or _is_long_label(kind, phrase, rest)
    return Head(kind, end, alone=kind is Kind.ENDS) if goes else None


def _labelled(kind: Kind, line: str, end: int) -> Head | None:
    """What "Video: ..." and the like before a headline is worth."""
    if kind is Kind.LABEL and (len(line) > _HEADLINE or _is_statement(line)):
        return None
    if kind is Kind.BYLINE and (len(line) > _HEADING or _is_sentence(line)):
        return Head(kind, end, late=True)
    if kind is Kind.SHARE and len(line) > _TEASER:
        return None
    return Head(kind, end)


def _goes_on(kind: Kind, phrase: _Phrase, line: str, *, counted: bool) -> bool:
    """A line that goes on without a colon: only phrases that no paragraph begins with."""
    several = len(phrase) > 1
    sentence = _is_sentence(line)
    if kind is Kind.TEASER:
        return several and len(line) <= _TEASER and not _is_statement(line)
    if kind is Kind.ENDS:
        return (len(phrase) > 2 or counted) and len(line) <= _TEASER
    if kind is Kind.SHARE:
        return several and len(line) <= _HEADING and not sentence
    if kind is Kind.ASKS:
        return several and len(line) <= _NOTICE
    if kind is Kind.CONSENT:
        return len(line) <= _CONSENT
    if kind is Kind.COPYRIGHT:
        dated = "©" in line or any(character.isdigit() for character in line[:_PHRASE])
        return (several or dated) and len(line) <= _NOTICE
    if kind is Kind.BYLINE:
        return several and len(line) <= _HEADING
    return kind is Kind.CAPTION and several and len(line) <= _TEASER and not sentence


def _is_long_label(kind: Kind, phrase: _Phrase, rest: str) -> bool:
    """A label of more words before its colon: "See also in this series: ..."."""
    label, colon, _ = rest[:_HEADING].partition(":")
    calls = kind is Kind.TEASER or phrase in _SEE_ALSO
    return bool(colon) and calls and len(phrase) > 1 and len(label.split()) <= _LABEL_WORDS


def _on_itself(line: str, end: int) -> Head | None:
    """A notice in one line, "About NAME: NAME is ..."."""
    name, _, rest = line[end : end + _HEADING].partition(":")
    said = plain(name).removeprefix("the ")
    if said and plain(rest).removeprefix("the ").startswith(said):
        return Head(Kind.ABOUT, end)
    return None


def _loud_label(line: str) -> Head | None:
    """A label in capitals before a headline: "OUR SERIES: ..."."""
    label, colon, _ = line[:_HEADING].partition(":")
    said = plain_words(label)
    if not colon or not label.isupper() or not 0 < len(said) <= _LABEL_WORDS:
        return None
    loud = len(label) > 3 and len(line) < _HEADLINE and not _is_statement(line)
    return Head(Kind.LABEL, len(label)) if loud and not _NEWS & set(said) else None


def _mark(rest: str) -> str:
    """The separator between a label and what it labels, or nothing."""
    stripped = rest.lstrip(" \t\u00a0\u200c)]*_")
    first = stripped[:1]
    if first in _SEPARATORS:
        return first
    return "-" if first == "-" and stripped[1:2].isspace() and rest[:1].isspace() else ""


def _is_sentence(line: str) -> bool:
    return line.rstrip("\"'”’»)] ")[-1:] in SENTENCE_ENDS


def _is_statement(line: str) -> bool:
    """A sentence that neither asks nor calls."""
    return line.rstrip("\"'”’»)] ")[-1:] in (".", "۔", "。")


def _is_name(rest: str) -> bool:
    """One name or two, and nothing else."""
    said = rest.split()
    small = ("and", "et", "und", "och", "og", "y", "e", "en", "von", "de", "van", "der", "a", "&")
    names = [word for word in said if word.lower() not in small]
    return (
        bool(names)
        and len(rest) <= _BYLINE
        and len(said) <= _MOST_WORDS
        and not _is_sentence(rest)
        and all(word[0].isupper() and not any(map(str.isdigit, word)) for word in names)
    )


def sentence_end(text: str, at: int, most: int) -> int:
    """Where the sentence that begins at a place ends, at most so far on."""
    found = _STOP.search(text, at, at + most)
    return found.end() if found else min(len(text), at + most)


def stops(text: str) -> Iterator[int]:
    """Where sentences and lines end, and the text."""
    yield from (found.end() for found in _STOP_OR_LINE.finditer(text))
    yield len(text)


def sentences(line: str) -> int:
    """How many sentences a line holds, roughly."""
    return sum(1 for _ in _STOP.finditer(line))


def is_feed_tail(line: str) -> bool:
    """The line that publishing systems hang on every entry of their feeds."""
    return line[:4] in _TAIL_BEGINNINGS and any(
        line.startswith(beginning) and between in line[:_CONSENT]
        for beginning, between in words.FEED_TAILS
    )


def is_menu(line: str) -> bool:
    """A line that is an entry of a site's menu."""
    return plain_words(line) in _MENU


def leads_in(line: str) -> bool:
    """A line that leads in a list of the article's own."""
    last = line.rstrip("\"'”’»)] ")[-1:]
    return last in (":", "：") or not _LEADS_IN.isdisjoint(plain_words(line[-_HEADING:]))
