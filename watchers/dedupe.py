"""Stage 5: dedupe. Is this article one that we have, printed again? Pure.

Which error is worse: a copy told twice is a nuisance, an article folded away is lost to the
reader. So two articles are copies only if one says in the same words what the other says, and
nothing that they say in different words is a fact: yearly statements and weekly counts repeat
every word but the figures. Copies are grouped, never deleted. docs/dedupe.md has the theory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from itertools import pairwise

import rensa

from watchers.editions import Wording, one_form, same_facts, same_headline
from watchers.folding import fold
from watchers.model import Fingerprint, Grouped
from watchers.text import key
from watchers.urls import host

# rensa's signatures differ between its algorithms: bands of another one find nothing.
VERSION = f"m63-2w-{rensa.RMinHash.ALGORITHM_VERSION}"

_HASHES = 63
_BAND = 3  # 21 bands of 3: of pairs with a tenth of the words changed 99.9 % share one
_SEED = 1367
_SHINGLE = 3  # words
_HEAD = 12  # words of the beginning that a shortened copy keeps
_LIMIT = 1_500  # words looked at
_LONG = 60  # words: nobody writes as many twice
_NOTE = 5  # words of a text that says nothing ("Video. Watch here.")
_HEADLINE = 3  # words of a headline that many have
_OUTLET = 6  # words of an outlet's name
_FEW = 12  # shingles: fewer decide nothing by themselves
_SAME = 0.97  # of the shingles: whatever stands above it
_KEPT = 0.9  # of the longer text's words
# How agencies mark a text that replaces an earlier one.
_CORRECTED = re.compile(
    r"^\W*(?:corrected|correction|update(?:d|\s*\d+)?\b|refile|rectificati|korrig|korrektur|"
    r"rättelse|corrección|actualiza|mise à jour|اصلاح|به‌?روزرسانی|تصحيح|تحديث)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When two texts are one article, as docs/dedupe.md derives it.

    Shares are of the shorter text's shingles that stand in the longer one. What a second desk
    has edited keeps 60 % to 80 % of them, another report of the same event 5 %.
    """

    near: float = 0.42  # of a text that is nearly as long as the other
    middling: float = 0.55
    shortened: float = 0.75  # of a short one: some sentences of a wire stand in many texts
    whole: float = 0.6  # of the longer one's words are "nearly as long"
    part: float = 0.3  # of them, and more, "middling"
    apart: timedelta = timedelta(days=30)
    edition: timedelta = timedelta(hours=18)  # one outlet uses a form again: daily, weekly

    def need(self, ratio: float) -> float:
        """The share that makes a copy of a text that is so long beside the other."""
        if ratio >= self.whole:
            return self.near
        return self.middling if ratio >= self.part else self.shortened


THRESHOLDS = Thresholds()


def _shingles(words: Sequence[str]) -> frozenset[str]:
    if len(words) <= _SHINGLE:
        return frozenset((" ".join(words),))
    return frozenset(" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1))


@dataclass(frozen=True)
class _Text:
    """An article in the forms in which it is compared."""

    title: Wording
    body: Wording

    @cached_property
    def shingles(self) -> frozenset[str]:
        return _shingles(self.body.words)

    @property
    def size(self) -> int:
        return len(self.title.words) + len(self.body.words)


# Neighbours are compared again and again while a batch is settled.
@lru_cache(maxsize=512)
def _text_of(title: str, text: str, language: str | None) -> _Text:
    headline, body = (Wording(part, language, _LIMIT) for part in (title, text))
    if len(body.words) <= len(headline.words) + _OUTLET and headline.present <= body.present:
        body = Wording("", language, _LIMIT)  # an aggregator's summary: the headline and the outlet
    return _Text(headline, body)


def _band(*parts: str) -> int:
    """A signed 64-bit hash, as databases keep integers."""
    return int.from_bytes(key(*parts)[:8], "big", signed=True)


def title_core(title: str) -> str:
    """The folded title without an outlet's name hung on by " - ", " | " or ": ... »"."""
    parts = [fold(part) for part in re.split(r"\s[-–—|»:]\s", title)]
    return max(parts, key=len, default="")


def fingerprint(title: str, text: str, *, close: bool) -> Fingerprint:
    """What copies of an article are found by; near copies only of those `close` to the subject."""
    words = f"{fold(title)} {fold(text)}".strip(" ").split(" ")[:_LIMIT]
    exact = key(" ".join(words))
    if not close:
        return Fingerprint(VERSION, exact)
    hasher = rensa.RMinHash(num_perm=_HASHES, seed=_SEED)
    hasher.update(sorted({" ".join(pair) for pair in pairwise(words)} or set(words)))
    signature = tuple(hasher.digest())
    bands = {_band(str(i), *map(str, signature[i : i + _BAND])) for i in range(0, _HASHES, _BAND)}
    bands.add(_band("title", title_core(title)))
    head = fold(text).split(" ")[:_HEAD]
    if len(head) == _HEAD:
        bands.add(_band("head", *head))
    return Fingerprint(VERSION, exact, signature, tuple(sorted(bands)))


def copy_reason(a: Grouped, b: Grouped, limits: Thresholds = THRESHOLDS) -> str | None:
    """Why `a` is a copy of `b`, or None if it is another article. Symmetric."""
    return _judged(a, b, limits)[1]


def _judged(a: Grouped, b: Grouped, limits: Thresholds) -> tuple[float, str | None]:
    """How alike the texts are, in words and in length; and why they are copies, if they are."""
    if abs(a.time - b.time) > limits.apart:
        return 0.0, None
    one, other = (_text_of(article.title, article.text, article.language) for article in (a, b))
    short, long = sorted((one, other), key=lambda text: (len(text.body.words), text.body.words))
    shared = _Shared(short, long) if short.body.words else None
    if a.fingerprint.text_key == b.fingerprint.text_key:
        return 1.0, _reason(a, b, short, long, shared, limits)
    # A text that was cut before a fact is in both of two that differ in it: it must not decide.
    likeness = shared.share * shared.ratio if shared else 0.0
    return likeness, _reason(a, b, short, long, shared, limits)


def _reason(
    a: Grouped, b: Grouped, short: _Text, long: _Text, shared: _Shared | None, limits: Thresholds
) -> str | None:
    apart = abs(a.time - b.time)
    at_home = host(a.canonical_url) == host(b.canonical_url)
    if at_home and apart > limits.edition and short.size < _LONG:
        return None
    if a.fingerprint.text_key == b.fingerprint.text_key:
        return "same text" if long.size > _NOTE else None
    if bool(_CORRECTED.search(a.title)) != bool(_CORRECTED.search(b.title)):
        return None
    same_title = title_core(a.title) == title_core(b.title)
    if shared is None:
        return "same title" if same_title and len(short.title.words) > _HEADLINE else None
    same_issue = same_title and apart <= limits.edition
    if not shared.is_enough(limits, same_title=same_title):
        return None
    if at_home and not (same_issue or shared.is_whole):
        return None  # an outlet that says more under another headline, or the next day, has news
    if not shared.states_the_same(strict=at_home):
        return None
    return f"{'near' if shared.ratio >= limits.whole else 'shortened'} text ({shared.share:.2f})"


class _Shared:
    """What the shorter of two texts has in common with the longer one."""

    def __init__(self, short: _Text, long: _Text) -> None:
        self._short, self._long = short, long
        self.share = len(short.shingles & long.shingles) / len(short.shingles)
        self.ratio = len(short.body.words) / len(long.body.words)
        self.is_whole = self.ratio >= _KEPT

    def is_enough(self, limits: Thresholds, *, same_title: bool) -> bool:
        """Enough words in a row are the same; a line or two, which many texts may have, all."""
        if len(self._short.shingles) < _FEW:
            return same_title and self.share == 1
        return self.share >= limits.need(self.ratio)

    def states_the_same(self, *, strict: bool) -> bool:
        """No fact of the one is another in the other."""
        headlines = self._short.title, self._long.title
        texts = self._short.body, self._long.body
        if self.share < _SAME and not same_headline(*headlines):
            return False
        return same_facts(*texts, strict=strict) and not one_form(headlines, texts)


def first_of_copies(
    article: Grouped, candidates: Iterable[Grouped], limits: Thresholds = THRESHOLDS
) -> tuple[Grouped, str] | None:
    """The settled article that this one copies, and why; None if it copies none.

    It may be a copy itself: then both are copies of its `duplicate_of`. Of a group of copies the
    one that is most alike decides: whoever states other facts than that is no copy of the
    group, though a text of it that was edited more hides the difference. For a relevant article
    one that has a story goes before one that has none.
    """
    decides: dict[int, tuple[float, Grouped, str | None]] = {}
    for candidate in sorted(candidates, key=lambda c: (c.time, c.canonical_url)):
        if candidate.id == article.id:
            continue
        likeness, reason = _judged(article, candidate, limits)
        group = candidate.duplicate_of or candidate.id
        if group not in decides or likeness > decides[group][0]:
            decides[group] = likeness, candidate, reason
    found = [
        (article.relevant and candidate.story is None, -likeness, number, candidate, reason)
        for number, (likeness, candidate, reason) in enumerate(decides.values())
        if reason is not None
    ]
    if not found:
        return None
    *_, candidate, reason = min(found, key=lambda one: one[:3])
    return candidate, reason
