"""Whether a changed article says something else: facts, or only its wording. Pure.

    two versions -> sentences that only one of them has -> pairs that say the same in other words
    -> figures, days, names, denials, deeds of a pair; sentences without a pair

Which error is worse: an update told in vain is a nuisance, a correction that vanishes misinforms.
So in doubt it is an update. Cosmetic are: spelling, case, punctuation, spaces, a slip of a letter,
another word or two in a sentence, paragraphs in another order, an outlet's name on the title,
furniture; and a summary that becomes the whole text, or the reverse, where neither contradicts
the other.

Time is linear in the texts but for pairing, which looks at a bounded number of candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watchers import update_words as said
from watchers.update_pairs import classes_of, differences, excerpt, figures_of, likeness, paired
from watchers.update_texts import (
    MOST,
    TITLE,
    Sentence,
    Version,
    class_of,
    is_cut,
    phrases,
    raw_sentences,
    sentence,
)

__all__ = ["COSMETIC", "FACTS", "Change", "Version", "compare", "contradiction"]

FACTS, COSMETIC = "facts", "cosmetic"
MOST_REASONS = 6
LONGEST = 300  # characters of all reasons together

_CLOSE = 0.7  # likewise, of a summary's sentence and one of the whole text
_KNOWN = 0.8  # of a sentence's weighty words: it was only joined to another, or parted
_REWORDED = 2  # weighty words of a sentence that may give way to others
_RETITLED = 1  # of a title
_SUMMARY = 90  # words of a summary at most
_TOLD = 0.35  # of a summary's weighty words that the whole text has
_SOFT = ("title changed", "reworded")  # what two tellings may do without contradicting
_TIMES = 2  # a whole text is so many times as long as its summary
_TAG = 4  # words of an outlet's name on a title
_SAME_TITLE = 0.5
_MARKED = 3  # words of a title, at either end, in which a mark stands
_MOST_LEFT = 400  # sentences of one version without their like: beyond that it is another text
_SEPARATED = re.compile(r"\s[-–—|»·]\s|\s?\|\s?")


@dataclass(frozen=True, slots=True)
class Change:
    """How an article was changed."""

    kind: str  # FACTS or COSMETIC
    fields: tuple[str, ...]  # of ("title", "text"): those that differ
    reasons: tuple[str, ...]  # what became of the facts, in words; none if cosmetic

    @property
    def reason(self) -> str:
        """The reasons on one line, at most LONGEST characters."""
        line = "; ".join(self.reasons)
        return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def compare(old: Version, new: Version) -> Change | None:
    """What the new version changed; None if title and text are the same to the letter."""
    fields = tuple(
        name
        for name, was, now in (("title", old.title, new.title), ("text", old.text, new.text))
        if was != now
    )
    if not fields:
        return None
    found = dict.fromkeys(_reasons(old, new))
    reasons = tuple(list(found)[:MOST_REASONS])
    return Change(FACTS if reasons else COSMETIC, fields, reasons)


def contradiction(old: Version, new: Version) -> Change | None:
    """As `compare`, where the two are different tellings: only what contradicts counts.

    One may be a summary of the other, or another summary of the same article.
    """
    change = compare(old, new)
    if change is None or change.kind == COSMETIC:
        return change
    left, right = _left(old, new)
    found = [*_marked(old, new), *_against(old, new, left, right)]
    found += [reason for reason in _retitled(old, new) if not reason.startswith(_SOFT)]
    reasons = tuple(dict.fromkeys(found))[:MOST_REASONS]
    return Change(FACTS if reasons else COSMETIC, change.fields, reasons)


def _reasons(old: Version, new: Version) -> Iterator[str]:
    changed = old.head.key != new.head.key
    if changed:
        yield from _retitled(old, new)
    left, right = _left(old, new)
    yield from _marked(old, new)
    if left or right:
        changed = True
        if _is_summary(old, new):
            yield from _contradicted(old, new, left, right)
        else:
            yield from _rewritten(old, new, left, right)
    if changed and not _is_summary(old, new):
        yield from (f"name withdrawn: {person}" for person in sorted(old.people - new.people))
        yield from (f"name added: {person}" for person in sorted(new.people - old.people))


def _left(old: Version, new: Version) -> tuple[list[Sentence], list[Sentence]]:
    """The sentences that only one version has, in whatever order they stand."""
    was = {one.key for one in old.body} | {old.head.key}
    now = {one.key for one in new.body} | {new.head.key}
    left = {one.key: one for one in old.body if one.key not in now}
    right = {one.key: one for one in new.body if one.key not in was}
    return list(left.values()), list(right.values())


# ---------------------------------------------------------------- marks


def _marked(old: Version, new: Version) -> Iterator[str]:
    """The new version says that it is one."""
    before, now = _title_mark(old.head), _title_mark(new.head)
    if now and now != before:
        yield f"marked: {now}"
    if old.text == new.text:
        return
    known = {one.key for one in raw_sentences(old.text[:MOST])}
    for one in raw_sentences(new.text[:MOST]):
        if one.key not in known and not one.is_empty and _says_corrected(one):
            yield f"marked: {excerpt(one)}"
            return


def _title_mark(title: Sentence) -> str:
    """The mark at a title's beginning or end, with its number: "update 2"."""
    return " ".join(title.words[slice(*_mark_place(title))])


def _mark_place(title: Sentence) -> tuple[int, int]:
    """The words of it, from the first to the one after the last; (0, 0) if there is none."""
    words = title.words
    for start in (0, *range(max(0, len(words) - _MARKED), len(words))):
        for count in (3, 2, 1):
            end = start + count
            if " ".join(words[start:end]) in phrases(said.MARKS):
                return start, end + (end < len(words) and words[end].isdigit())
    return 0, 0


def _unmarked(title: Sentence) -> Sentence:
    start, end = _mark_place(title)
    words = title.words
    whole = start == 0 and end == len(words)
    return sentence(" ".join((*words[:start], *words[end:]))) if end and not whole else title


def _says_corrected(one: Sentence) -> bool:
    whole = f" {' '.join(one.words)} "
    if any(f" {phrase} " in whole for phrase in phrases(said.SAYS_CORRECTED)):
        return True
    first = " ".join(one.words[:1]), " ".join(one.words[:2]), " ".join(one.words[:3])
    return any(part in phrases(said.MARKS) for part in first)


# ---------------------------------------------------------------- titles


def _retitled(old: Version, new: Version) -> Iterator[str]:
    one, other = old.title[:TITLE], new.title[:TITLE]
    was, now = _core(one, other), _core(other, one)
    if was.key == now.key:
        return
    if is_cut(one) or is_cut(other):
        short, long = sorted((was.key, now.key), key=len)
        if long.startswith(short):
            return
    found = list(differences(was, now, old, new, _RETITLED))
    yield from found
    if not found and likeness(was, now) < _SAME_TITLE:
        yield "title changed"


def _core(title: str, other: str) -> Sentence:
    """The title without an outlet's name or a kicker that the other one lacks."""
    parts = _SEPARATED.split(title)
    if len(parts) > 1:
        there = {sentence(part).key for part in _SEPARATED.split(other)} | {sentence(other).key}
        kept = [part for part in parts if sentence(part).key in there or not _is_tag(part)]
        title = " ".join(kept) or title
    kicker, colon, rest = title.partition(":")
    if colon and sentence(rest).words:
        is_name = sentence(rest).key == sentence(other).key and _is_tag(kicker)
        if is_name or " ".join(sentence(kicker).words) in phrases(said.KICKERS):
            title = rest
    return _unmarked(sentence(title))


def _is_tag(part: str) -> bool:
    one = sentence(part)
    weighty = any(class_of("deed", w) or class_of("denial", w) for w in one.words)
    return len(one.words) <= _TAG and not one.figures(None) and not weighty


# ---------------------------------------------------------------- texts


def _is_summary(old: Version, new: Version) -> bool:
    """One is a summary, or a beginning, of the other."""
    short, long = sorted((old, new), key=lambda version: version.size)
    if not short.text.strip():
        return True
    begins = _begins(short, long)
    if is_cut(short.text) and begins:
        return True
    begins = begins and short is new  # what grows by paragraphs of its own tells more
    if short.size * _TIMES > long.size:
        return False
    is_whole = long.is_full and not short.is_full
    return begins or short.size <= _SUMMARY or is_cut(short.text) or is_whole


def _begins(short: Version, long: Version) -> bool:
    """The longer text goes on where the shorter one ends, perhaps in the middle of a sentence."""
    keys = [one.key for one in short.body]
    if is_cut(short.text):
        del keys[-1:]
    return bool(keys) and keys == [one.key for one in long.body[: len(keys)]]


def _contradicted(
    old: Version, new: Version, left: Sequence[Sentence], right: Sequence[Sentence]
) -> Iterator[str]:
    """What a summary says that the whole text does not, or says otherwise."""
    short, long = (old, new) if old.size <= new.size else (new, old)
    weighty = frozenset(word for one in short.body for word in one.content)
    if len(weighty & long.words) < _TOLD * len(weighty):
        yield "the text is another"
    lost = "name withdrawn" if short is old else "name added"
    yield from (f"{lost}: {person}" for person in sorted(short.people - long.people))
    yield from _against(old, new, left, right)


def _against(
    old: Version, new: Version, left: Sequence[Sentence], right: Sequence[Sentence]
) -> Iterator[str]:
    """Figures and denials of the shorter version that the longer one has not, or has otherwise."""
    short_is_old = old.size <= new.size
    is_summary = _is_summary(old, new)  # else it may well tell of other figures
    short, long = (old, new) if short_is_old else (new, old)
    mine, others = (left, right) if short_is_old else (right, left)
    pairs = dict(paired(mine[:_MOST_LEFT], others[:_MOST_LEFT]))
    for number, one in enumerate(mine[:_MOST_LEFT]):
        if is_cut(one.original):
            continue
        pair = pairs.get(number)
        other = others[pair] if pair is not None else None
        was, now = (one, other) if short_is_old else (other, one)
        values = (f.value for f in one.figures(short.language) if not f.is_word)
        strange = [value for value in values if value not in long.values]
        if strange and (other is not None or is_summary):
            yield from figures_of(was, now, old, new) or (f"figure {strange[0]} is not in both",)
        elif was is not None and now is not None and likeness(was, now) >= _CLOSE:
            yield from classes_of("denial", was, now)
            yield from classes_of("deed", was, now)


def _rewritten(
    old: Version, new: Version, left: Sequence[Sentence], right: Sequence[Sentence]
) -> Iterator[str]:
    if min(len(left), len(right)) > _MOST_LEFT:
        yield "most of the text is another"
        return
    pairs = dict(paired(left, right))
    for number, other in pairs.items():
        yield from differences(left[number], right[other], old, new, _REWORDED)
    taken = set(pairs.values())
    was = _words_of(left)
    now = _words_of(right)
    for number, one in enumerate(left):
        if number not in pairs and not _is_in(one, now, new):
            yield f"taken out: {excerpt(one)}"
    for number, one in enumerate(right):
        if number not in taken and not _is_in(one, was, old):
            yield f"added: {excerpt(one)}"


def _words_of(some: Iterable[Sentence]) -> frozenset[str]:
    return frozenset(word for one in some for word in one.words)


def _is_in(one: Sentence, words: frozenset[str], other: Version) -> bool:
    """A sentence that says nothing beyond the other version's changed sentences."""
    content = one.content
    if not content and not one.figures(None):
        return True
    strange = [f for f in one.figures(other.language) if f.value not in other.values]
    names = {word for word in one.capitals if word not in other.words}
    if strange or names:
        return False
    return len(content & words) >= _KNOWN * len(content)
