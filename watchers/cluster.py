"""Stage 6: cluster. Which event is an article about? Articles on one event are a story. Pure.

Which error is worse: two events under one headline hide one of them; one event in two lines
is a nuisance. So joining needs words, people or figures in common beyond what every article
of this subject shares, within a few days.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from watchers.folding import fold
from watchers.model import Grouped

WINDOW = timedelta(days=4)  # either side: reports on one event trail off within days
_LEAD = 60  # words looked at beside the title
_JOIN = 1.0

# What every article of this subject says: it tells no event from another. Folded stems.
_COMMON = re.compile(
    r"^(?:iran|teher|tehr|1988|1367|67|massac|masac|massak|execu|exec|hinricht|avratt|ejecu|"
    r"politi|prison|gefang|fang|preso|event|summer|ete|sommer|verano|says?|said|after|over|"
    r"about|their|with|from|were|have|that|this|than|they|which|into|been|une|des|les|dans|"
    r"pour|avec|eine?[rnms]?|nach|wegen|uber|nicht|sich|auch|para|como|sobre|desde|contra|"
    r"اعدام|زندانی|زندانیان|سیاسی|ایران|تابستان|سال|های|برای|است|این|کشتار|قتل|عام|"
    r"السجناء|السیاسیین|ایران|صیف|مجزره|عام|التی|علی|الی)"
)


@dataclass(frozen=True, slots=True)
class _Features:
    words: frozenset[str]
    title: frozenset[str]
    figures: frozenset[str]
    officials: frozenset[str]


def _telling(words: Iterable[str]) -> frozenset[str]:
    return frozenset(w for w in words if len(w) > 3 and not w.isdigit() and not _COMMON.match(w))


def _features(article: Grouped) -> _Features:
    title = fold(article.title).split(" ")
    lead = fold(article.text).split(" ")[:_LEAD]
    both = [*title, *lead]
    figures = {w for w in both if w.isdigit() and w not in ("1988", "1367", "67", "88")}
    return _Features(
        _telling(both), _telling(title), frozenset(figures), frozenset(article.officials)
    )


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def closeness(a: Grouped, b: Grouped) -> float:
    """How much two articles share beyond the subject; from 1.0 on they tell one event."""
    one, other = _features(a), _features(b)
    score = 2.0 * _overlap(one.words, other.words) + 1.0 * _overlap(one.title, other.title)
    if len(one.words & other.words) < 3:
        score *= 0.5
    if one.officials and one.officials == other.officials:
        score += 0.25 * min(3, len(one.officials))
    elif one.officials & other.officials:
        score += 0.15
    score += 0.25 * min(2, len(one.figures & other.figures))
    apart = abs(a.time - b.time) / WINDOW
    return score * (1.0 - 0.4 * min(1.0, apart))


def story_id(article: Grouped) -> str:
    """The name of the story that this article begins: stable, whatever came in which order."""
    return "s" + base64.b32encode(article.fingerprint.text_key)[:10].decode("ascii").lower()


def story_of(article: Grouped, candidates: Iterable[Grouped]) -> tuple[str, str]:
    """The story of a relevant article and why: the closest one, or a new one."""
    best = max(
        ((closeness(article, c), c.story) for c in candidates if c.story and c.id != article.id),
        default=(0.0, None),
        key=lambda pair: (pair[0], pair[1] or ""),
    )
    if best[1] is not None and best[0] >= _JOIN:
        return best[1], f"close to {best[1]} ({best[0]:.2f})"
    return story_id(article), "first of its story"
