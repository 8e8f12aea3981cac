"""Stage 7: digest. What one channel is told: stories by weight, then officials in other news.

Pure. Wording is the outlets' own: headlines with their sources; nothing in our own voice.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from watchers.model import require_utc
from watchers.outlets import Outlet
from watchers.telling import Channel, Coverage, Digest, Line, Tellable

MOST_STORIES = 40  # lines a section; more are counted, and told in the next digest
MOST_NAMED = 10

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

    def preference(member: Tellable) -> tuple[bool, bool, bool, int, bool, datetime, int]:
        rank = _RANK.get(outlets[member.id].kind, 2)
        return (
            not member.relevant,
            rank > 2,
            member.language != language,
            rank,
            member.duplicate_of is not None,
            member.published or member.first_seen,
            member.id,
        )

    head = min(members, key=preference)
    families = {outlets[member.id].family: outlets[member.id] for member in members}
    families.pop(outlets[head.id].family, None)
    officials = [o for member in members for o in member.officials if showable(o)]
    times = [member.published for member in members if member.published is not None]
    return Line(
        subject=subject,
        title=head.title,
        url=head.url,
        outlet=outlets[head.id].name,
        outlet_kind=outlets[head.id].kind,
        language=head.language,
        published=min(times, default=None),
        officials=tuple(dict.fromkeys(officials)),
        others=dict(sorted(Counter(outlet.kind for outlet in families.values()).items())),
        updated=any(member.updated for member in members),
        weight=_weight(head, outlets[head.id], families.values()),
    )


def _weight(head: Tellable, outlet: Outlet, others: Iterable[Outlet]) -> float:
    """Independent outlets count most, then how strongly the text speaks of the subject."""
    spread = sum(_WEIGHT.get(other.kind, 1.0) for other in (outlet, *others))
    return spread + math.log1p(max(0.0, head.score))
