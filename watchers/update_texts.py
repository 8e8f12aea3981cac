"""A text in sentences of folded words, as two versions of an article are compared. Pure.

Everything is one scan: texts come from strangers, and may be 200,000 letters without a stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from zlib import crc32

from watchers import update_words as said
from watchers.figures import Figure, figures
from watchers.folding import fold
from watchers.owntext import own_text

MOST = 80_000  # characters of a text that are compared; the store keeps 60,000
_ENDS = ".!?؟。…"
_CLOSERS = "\"'”’»)]}"
_LONG = 60  # words: a longer sentence is parted, at words that both versions choose alike
_PART = 16  # one word in so many ends a part
_LEAST = 8  # words of a part
_LONGEST = 180
_ABBREVIATED = 4  # letters with its stop, of a word whose stop ends nothing: "Dr."
_COUNTED = 14  # words of a line that counts time or readers
TITLE = 1_000  # characters of a title that are compared
_CUT = ("…", "...", "[…]", "[...]", "[…")


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a part of a long one."""

    original: str
    words: tuple[str, ...]  # folded
    key: str  # the words, wherever they are joined or parted

    @cached_property
    def content(self) -> frozenset[str]:
        """Its words that carry weight: no articles, no figures."""
        small = small_words()
        return frozenset(w for w in self.words if len(w) > 1 and w not in small and w.isalpha())

    @cached_property
    def capitals(self) -> frozenset[str]:
        """Folded words of it that are written as names, its first word left out."""
        return _capitals(self.original)

    def figures(self, language: str | None) -> list[Figure]:
        """Its figures, in digits or in words."""
        return figures(self.words, language)

    @property
    def is_empty(self) -> bool:
        """It says nothing of the matter: "Read more", who edited it, when it was published."""
        words = self.words
        if not words:
            return True
        beginnings = phrases(said.EMPTY_BEGINNINGS)
        if any(" ".join(words[:count]) in beginnings for count in range(1, 6)):
            return True
        counters = word_set(said.COUNTERS)
        if len(words) > _COUNTED or not (words[0] in counters or words[-1] in counters):
            return False
        plain = sum(w in counters or not w.isalpha() or class_of("day", w) != "" for w in words)
        return plain == len(words)


@dataclass(frozen=True)
class Version:
    """What an article said at one time."""

    title: str
    text: str
    language: str | None = None
    people: frozenset[str] = frozenset()  # ids of officials and others whom it names
    is_full: bool = False  # the text is the whole article's, not a summary

    @cached_property
    def head(self) -> Sentence:
        """The title."""
        return sentence(self.title[:TITLE])

    @cached_property
    def body(self) -> tuple[Sentence, ...]:
        """The text's own sentences."""
        return tuple(sentences(self.text, self.title))

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of title and text, folded."""
        return frozenset(w for one in (self.head, *self.body) for w in one.words)

    @cached_property
    def names(self) -> frozenset[str]:
        """All words of title and text that are written as names, folded."""
        return frozenset(w for one in (self.head, *self.body) for w in one.capitals)

    @cached_property
    def values(self) -> frozenset[str]:
        """All figures of title and text."""
        found = (one.figures(self.language) for one in (self.head, *self.body))
        return frozenset(figure.value for some in found for figure in some)

    @cached_property
    def size(self) -> int:
        """Words of the text's own sentences."""
        return sum(len(one.words) for one in self.body)


def sentences(text: str, title: str) -> list[Sentence]:
    """The sentences of a text's own part, furniture and lines without substance left out."""
    own = own_text(text[:MOST], title).text
    if not own.strip():
        own = text[:MOST]
    return [one for one in raw_sentences(own) if not one.is_empty]


def raw_sentences(text: str) -> list[Sentence]:
    """All sentences of a text, each once, a long one in parts."""
    printed = (" ".join(words) for line in text.split("\n") for words in _parted(line))
    made = (sentence(original) for original in dict.fromkeys(printed))
    return [one for one in made if one.words]


def sentence(original: str) -> Sentence:
    """A sentence from its words as printed."""
    words = tuple(fold(original).split())
    return Sentence(original, words, joined(words))


def joined(words: Iterable[str]) -> str:
    """The words without what parts them, but between figures: "می شود" is "میشود"."""
    made: list[str] = []
    was_figure = False
    for word in words:
        if was_figure and word[0].isdigit():
            made.append(" ")
        made.append(word)
        was_figure = word[-1].isdigit()
    return "".join(made)


def is_cut(text: str) -> bool:
    """It ends in the middle, as summaries do."""
    return text.rstrip().endswith(_CUT)


def _parted(line: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in line.split():
        words.append(word)
        if _ends(word):
            yield from _chunks(words)
            words = []
    yield from _chunks(words)


def _chunks(words: list[str]) -> Iterator[list[str]]:
    """The words; many of them in parts that do not move when a word is put in before."""
    if len(words) <= _LONG:
        yield words
        return
    part: list[str] = []
    for word in words:
        part.append(word)
        chosen = len(part) >= _LEAST and crc32(word.encode("utf-8", "replace")) % _PART == 0
        if chosen or len(part) >= _LONGEST:
            yield part
            part = []
    yield part


def _ends(word: str) -> bool:
    bare = word.rstrip(_CLOSERS) if word[-1] in _CLOSERS else word
    if not bare or bare[-1] not in _ENDS:
        return False
    if bare[-1] != "." or len(bare) > _ABBREVIATED:
        return True
    return not (bare[0].isupper() or bare[:-1].isdigit())  # "Dr. Sandberg", "am 5. Mai"


def _capitals(original: str) -> frozenset[str]:
    words = original.split()
    if not words or not any(map(str.isupper, original)):
        return frozenset()
    found: set[str] = set()
    before_nouns = word_set(said.GERMAN_BEFORE_NOUNS)
    capital = 0
    for number, word in enumerate(words):
        bare = word.lstrip("\"'“„«‘([{-–—")
        if not bare[:1].isupper():
            continue
        capital += 1
        if number and not _is_noun(words, number, before_nouns):
            found.update(part for part in fold(bare).split() if part.isalpha())
    # A headline In Such Letters tells nothing.
    return frozenset(found) if capital < 0.6 * len(words) or len(words) < 4 else frozenset()


def _is_noun(words: list[str], number: int, before_nouns: frozenset[str]) -> bool:
    """A German noun behind its article, perhaps with an adjective between."""
    before = words[number - 1].lower()
    if before in before_nouns:
        return True
    return number > 1 and words[number - 2].lower() in before_nouns and words[number - 1].islower()


# ---------------------------------------------------------------- words


def class_of(kind: str, word: str) -> str:
    """The class of a folded word among the "denial", "deed" or "day" words; "" if it has none."""
    return _classes(kind).get(word, "")


@cache
def _classes(kind: str) -> dict[str, str]:
    table = {"denial": said.DENIALS, "deed": said.DEEDS, "day": said.DAYS}[kind]
    found: dict[str, str] = {}
    for name, words in table.items():
        for word in words.split():
            folded = fold(word)
            if " " not in folded:
                found.setdefault(folded, name)
    return found


@cache
def small_words() -> frozenset[str]:
    """Words without weight of their own, folded."""
    return frozenset(part for word in said.SMALL.split() for part in fold(word).split())


@cache
def word_set(text: str) -> frozenset[str]:
    """The words of a table, folded."""
    return frozenset(part for word in text.split() for part in fold(word).split())


@cache
def phrases(text: str) -> frozenset[str]:
    """The phrases of a table, folded; ";" parts them."""
    return frozenset(fold(phrase) for phrase in text.split(";"))
