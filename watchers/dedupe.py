"""Stage 5: dedupe. Is this article one that we have, printed again? Pure.

Which error is worse: a copy told twice is a nuisance, an article folded away is lost to the
reader. So each rule needs agreement in words *and* in figures: yearly statements and weekly
counts repeat every word but the numbers. Copies are grouped, never deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache

import rensa

from watchers.folding import fold
from watchers.model import Fingerprint, Grouped
from watchers.text import key

# rensa's signatures differ between its algorithms: stored ones are compared only within one.
VERSION = f"m64-3w-{rensa.RMinHash.ALGORITHM_VERSION}"

_HASHES = 64
_BAND = 4  # 16 bands of 4: 99.9 % of pairs with 3 of 45 words changed share one
_SEED = 1367
_SHINGLE = 3  # words
_HEAD = 12  # words of the beginning that a shortened copy keeps
_LIMIT = 1_500  # words looked at
_NEAR = 0.5  # estimated Jaccard; 10 % of the words edited leave about 0.57
_CONTAINED = 0.75
_WHOLE = 0.8  # of the longer text's words: not shortened, but another version
_APART = timedelta(days=30)
_NUMBER = re.compile(r"\d+")
# How agencies mark a text that replaces an earlier one.
_CORRECTED = re.compile(
    r"^\W*(?:corrected|correction|update(?:d|\s*\d+)?\b|refile|rectificati|korrig|korrektur|"
    r"rättelse|corrección|actualiza|mise à jour|اصلاح|به‌?روزرسانی|تصحيح|تحديث)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Words:
    """A text in the forms in which it is compared."""

    words: tuple[str, ...]

    @cached_property
    def figures(self) -> frozenset[str]:
        return frozenset(_NUMBER.findall(" ".join(self.words)))

    @property
    def shingles(self) -> set[str]:
        return _shingles(self.words)


def _words_of(title: str, text: str) -> _Words:
    return _Words(tuple(f"{fold(title)} {fold(text)}".strip(" ").split(" ")[:_LIMIT]))


# Neighbours are compared again and again while a batch is settled.
_words = lru_cache(maxsize=512)(_words_of)


def _shingles(words: Sequence[str]) -> set[str]:
    if len(words) <= _SHINGLE:
        return {" ".join(words)}
    return {" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)}


def _band(*parts: str) -> int:
    """A signed 64-bit hash, as databases keep integers."""
    return int.from_bytes(key(*parts)[:8], "big", signed=True)


def title_core(title: str) -> str:
    """The folded title without an outlet's name hung on by " - ", " | " or ": ... »"."""
    parts = [fold(part) for part in re.split(r"\s[-–—|»:]\s", title)]
    return max(parts, key=len, default="")


def fingerprint(title: str, text: str, *, close: bool) -> Fingerprint:
    """What copies of an article are found by; near copies only of those `close` to the subject."""
    words = _words_of(title, text).words
    exact = key(" ".join(words))
    if not close:
        return Fingerprint(VERSION, exact)
    hasher = rensa.RMinHash(num_perm=_HASHES, seed=_SEED)
    hasher.update(sorted(_shingles(words)))
    signature = tuple(hasher.digest())
    bands = {_band(str(i), *map(str, signature[i : i + _BAND])) for i in range(0, _HASHES, _BAND)}
    bands.add(_band("title", title_core(title)))
    head = fold(text).split(" ")[:_HEAD]
    if len(head) == _HEAD:
        bands.add(_band("head", *head))
    return Fingerprint(VERSION, exact, signature, tuple(sorted(bands)))


def similarity(a: Fingerprint, b: Fingerprint) -> float:
    """Estimated Jaccard similarity of two texts' shingles; 0 where it is not known."""
    if a.version != b.version or not a.signature or len(a.signature) != len(b.signature):
        return 0.0
    return sum(x == y for x, y in zip(a.signature, b.signature, strict=True)) / len(a.signature)


def copy_reason(a: Grouped, b: Grouped) -> str | None:
    """Why `a` is a copy of `b`, or None if it is another article."""
    if abs(a.time - b.time) > _APART:
        return None
    both = one, other = _words(a.title, a.text), _words(b.title, b.text)
    if a.fingerprint.text_key == b.fingerprint.text_key and len(one.words) > 5:
        return "same text"
    if _other_edition(a.title, b.title):
        return None
    alike = (
        similarity(a.fingerprint, b.fingerprint) >= _NEAR and min(len(t.words) for t in both) > 5
    )
    if alike and one.figures == other.figures:
        return "near text"
    short, long = sorted(both, key=lambda t: len(t.words))
    # A shortened text may lack figures of the whole one; texts of one length may not differ.
    whole = len(short.words) > _WHOLE * len(long.words)
    if not short.figures <= long.figures or (whole and short.figures != long.figures):
        return None
    return _shortened(a, b, short, long)


def _other_edition(one: str, other: str) -> bool:
    """A correction of the other, or the same template filled in with another name or place."""
    if bool(_CORRECTED.search(one)) != bool(_CORRECTED.search(other)):
        return True
    a, b = set(title_core(one).split(" ")), set(title_core(other).split(" "))
    alike = len(a & b) / max(1, min(len(a), len(b)))
    return bool(a - b) and bool(b - a) and alike >= 0.75  # one or two words changed places


def _shortened(a: Grouped, b: Grouped, short: _Words, long: _Words) -> str | None:
    """One is the other cut short, perhaps retitled: most of its shingles stand in the longer."""
    core_a, core_b = title_core(a.title), title_core(b.title)
    same_title = core_a == core_b and len(core_a.split(" ")) > 3
    if same_title and not (a.text and b.text):
        return "same title"
    of_short = short.shingles
    shared = len(of_short & long.shingles) / len(of_short)
    if shared >= _CONTAINED and len(of_short) > 12:
        return "shortened text"
    if same_title and shared >= 0.5:
        return "same title and much of the text"
    return None


def first_of_copies(article: Grouped, candidates: Iterable[Grouped]) -> tuple[Grouped, str] | None:
    """The settled article that this one copies, and why; None if it copies none.

    It may be a copy itself: then both are copies of its `duplicate_of`. For a relevant
    article one that has a story goes before an earlier one that has none.
    """
    ordered = sorted(candidates, key=lambda c: (c.time, c.canonical_url))
    if article.relevant:
        ordered.sort(key=lambda c: c.story is None)
    for candidate in ordered:
        if candidate.id == article.id:
            continue
        reason = copy_reason(article, candidate)
        if reason is not None:
            return candidate, reason
    return None
