"""Stage 7: digest. What one channel is told: stories by weight, then officials in other news.

Pure. Wording is the outlets' own: headlines with their sources; nothing in our own voice.

A story's headline is an independent outlet's if there is one, then in the channel's language,
then of the outlet kind that comes first in `_RANK`; among equals a first's before a copy's, a
whole one before a fragment, of an article with text, and with more of the words that the
story's headlines share; then the earlier. It stands with its own outlet and that one's date;
whoever published sooner, of another publisher family, is named as the first.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from watchers.headlines import common_words, is_fragment, shared
from watchers.model import require_utc
from watchers.outlets import Outlet
from watchers.telling import Channel, Coverage, Digest, Line, Tellable

MOST_STORIES = 40  # lines a section; more are counted, and told in the next digest
MOST_NAMED = 10
_SHARED = 3  # words in common with other headlines that are enough: more are only longer

# Which headline speaks for a story: independent outlets before parties and states.
_RANK = {
    "human-rights": 0, "un": 0, "court-law": 0, "world-media": 1, "persian-media": 1,
    "query": 2, "state": 3, "advocacy": 4,
}  # fmt: skip
# A source's weight: four copies on one party's sites are not four reports.
_WEIGHT = {"state": 0.5, "advocacy": 0.5, "query": 0.5}

OutletOf = Callable[[Tellable], Outlet]


def subject_of(article: Tellable) -> str:
    """What is told once: the story, or the article (the first of its copies) without one."""
    return article.story or f"article:{article.duplicate_of or article.id}"


def build(
    channel: Channel,
    articles: Sequence[Tellable],
    *,
    since: datetime,
    until: datetime,
    coverage: Coverage,
    outlet_of: OutletOf,
    showable: Callable[[str], bool],
) -> Digest:
    """The digest of untold articles; `showable` says whether an official may be a hashtag."""
    require_utc(since, until)
    subjects: Mapping[str, list[Tellable]] = defaultdict(list)
    for article in articles:
        subjects[subject_of(article)].append(article)
    stories, named = [], []
    for subject, members in subjects.items():
        line = _line(subject, members, channel.language, outlet_of, showable)
        if any(member.relevant for member in members):
            stories.append(line)
        elif line.officials:  # nobody who may be shown: counted, not told
            named.append(line)
    told = _heaviest(stories, MOST_STORIES), _heaviest(named, MOST_NAMED)
    return Digest(
        channel=channel,
        since=since,
        until=until,
        stories=told[0],
        named=told[1],
        coverage=coverage,
        left=len(stories) + len(named) - len(told[0]) - len(told[1]),
    )


def _heaviest(lines: Iterable[Line], most: int) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.weight, line.subject))[:most])


def _line(
    subject: str,
    members: Sequence[Tellable],
    language: str,
    outlet_of: OutletOf,
    showable: Callable[[str], bool],
) -> Line:
    outlets = {member.id: outlet_of(member) for member in members}
    head = _head(members, language, {number: _rank(one) for number, one in outlets.items()})
    own = outlets[head.id]
    families: dict[str, Outlet] = {}
    for outlet in sorted(outlets.values(), key=lambda outlet: (_rank(outlet), outlet.name)):
        families.setdefault(outlet.family, outlet)
    families.pop(own.family, None)
    first = _first(head, members, outlets)
    officials = [o for member in members for o in member.officials if showable(o)]
    return Line(
        subject=subject,
        title=head.title,
        url=head.url,
        outlet=own.name,
        outlet_kind=own.kind,
        language=head.language,
        published=head.published,
        officials=tuple(dict.fromkeys(officials)),
        others=dict(sorted(Counter(outlet.kind for outlet in families.values()).items())),
        updated=any(member.updated for member in members),
        weight=_weight(head, own, families.values()),
        first=first.name if first else "",
        first_kind=first.kind if first else "",
    )


def _rank(outlet: Outlet) -> int:
    return _RANK.get(outlet.kind, 2)


def _head(members: Sequence[Tellable], language: str, ranks: Mapping[int, int]) -> Tellable:
    """The article whose headline speaks for the story: see the top of this module."""
    common = common_words([member.title for member in members])
    by_id = {member.id: member for member in members}

    def preference(member: Tellable) -> tuple[object, ...]:
        rank = ranks[member.id]
        return (
            not member.relevant,
            rank > 2,
            member.language != language,
            rank,
            member.duplicate_of is not None,
            is_fragment(member.title),
            not member.has_text,
            -min(_SHARED, shared(member.title, common)),
            member.published or member.first_seen,
            member.id,
        )

    def is_behind_its_first(member: Tellable) -> bool:
        first = by_id.get(member.duplicate_of or 0)
        return (
            first is not None
            and ranks[first.id] == ranks[member.id]
            and first.relevant >= member.relevant
        )

    return min((m for m in members if not is_behind_its_first(m)), key=preference)


def _first(
    head: Tellable, members: Iterable[Tellable], outlets: Mapping[int, Outlet]
) -> Outlet | None:
    """Who published sooner than the headline's outlet; None if that was the first, or unknown."""
    dated = [(m.came_out, m.id) for m in members if m.came_out is not None]
    own = outlets[head.id].family
    began = min((time for time, number in dated if outlets[number].family == own), default=None)
    time, number = min(dated, default=(None, 0))
    if time is None or began is None or time >= began:
        return None
    return outlets[number]


def _weight(head: Tellable, outlet: Outlet, others: Iterable[Outlet]) -> float:
    """Independent outlets count most, then how strongly the text speaks of the subject."""
    spread = sum(_WEIGHT.get(other.kind, 1.0) for other in (outlet, *others))
    return spread + math.log1p(max(0.0, head.score))
