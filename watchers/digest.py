"""Stage 7: digest. What one channel is told: stories by weight, then officials in other news.

Pure. Wording is the outlets' own: headlines with their sources; nothing in our own voice.

A story's headline is an independent outlet's if there is one, then in the channel's language,
then of the outlet kind that comes first in `_RANK`; among equals a first's before a copy's, a
whole one before a fragment, of an article with text, and with more of the words that the
story's headlines share; then the earlier. It stands with its own outlet and that one's date;
whoever published sooner, of another publisher family, is named as the first.

A channel's scope chooses articles (language, outlet kind) and then subjects (the massacre,
chosen officials, admins' own topics): a line is made of the articles in scope alone.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from watchers.headlines import common_words, is_fragment, shared
from watchers.model import require_utc
from watchers.muting import Mutes
from watchers.outlets import Outlet
from watchers.rules import TOPIC
from watchers.scope import Scope
from watchers.telling import Channel, Coverage, Digest, DigestKind, Line, Tellable, Withdrawal

MOST_STORIES = 40  # lines a section; more are counted, and told in the next digest
MOST_NAMED = 10
NOTHING_MUTED = Mutes()
_STORIES, _NAMED = "stories", "named"
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


def build(  # noqa: PLR0913 - what a digest is made of, by name
    channel: Channel,
    articles: Sequence[Tellable],
    *,
    since: datetime,
    until: datetime,
    coverage: Coverage,
    outlet_of: OutletOf,
    showable: Callable[[str], bool],
    mutes: Mutes = NOTHING_MUTED,
    alerted: Collection[str] = (),
    withdrawn: Sequence[Withdrawal] = (),
    only: Collection[str] | None = None,
    kind: DigestKind = DigestKind.DIGEST,
) -> Digest:
    """The digest of untold articles that are in the channel's scope.

    `showable` says whether an official may be a hashtag; one who may not be makes no subject
    told either, even where the scope chooses them. A muted subject is not told, and a muted
    feed's articles count nothing. `alerted`: subjects that the channel was alerted of.
    `only`: tell no other subjects than these (an admin's approval, an alert); None: all.
    """
    require_utc(since, until)
    stories: list[Line] = []
    named: list[Line] = []
    for subject, members in in_scope(channel.scope, articles, outlet_of, mutes).items():
        if subject in mutes.subjects or (only is not None and subject not in only):
            continue
        section = _section(channel.scope, members, showable)
        if section:
            line = _line(subject, members, channel, outlet_of, showable, subject in alerted)
            (stories if section == _STORIES else named).append(line)
    told = _heaviest(stories, MOST_STORIES), _heaviest(named, MOST_NAMED)
    return Digest(
        channel=channel,
        since=since,
        until=until,
        stories=told[0],
        named=told[1],
        coverage=coverage,
        left=len(stories) + len(named) - len(told[0]) - len(told[1]),
        kind=kind,
        withdrawn=tuple(withdrawn),
    )


def in_scope(
    scope: Scope, articles: Iterable[Tellable], outlet_of: OutletOf, mutes: Mutes
) -> Mapping[str, list[Tellable]]:
    """The articles in scope by subject. One without a language is in that of every channel."""
    subjects: Mapping[str, list[Tellable]] = defaultdict(list)
    for article in articles:
        # What was muted before it came into a story says nothing in that story either.
        alone = f"article:{article.duplicate_of or article.id}"
        if article.feed_id in mutes.feeds or alone in mutes.subjects:
            continue
        if scope.languages and (article.language or scope.languages[0]) not in scope.languages:
            continue
        if scope.kinds and outlet_of(article).kind not in scope.kinds:
            continue
        subjects[subject_of(article)].append(article)
    return subjects


def _section(
    scope: Scope, members: Sequence[Tellable], showable: Callable[[str], bool]
) -> str | None:
    """Where a subject is told; None if it is not what the channel asked for."""
    if _topics(scope, members):
        return _STORIES
    officials = {official for member in members for official in member.officials}
    chosen = officials.intersection(scope.officials) if scope.officials else officials
    is_shown = any(showable(official) for official in chosen)
    if any(member.relevant for member in members):
        return _STORIES if scope.relevant and (is_shown or not scope.officials) else None
    return _NAMED if scope.named and is_shown else None  # nobody who may be shown: not told


def _topics(scope: Scope, members: Iterable[Tellable]) -> tuple[str, ...]:
    """The admins' own topics that the channel asks for and the subject is of."""
    if not scope.topics:
        return ()
    found = (topic for member in members for topic in member.topics)
    return tuple(dict.fromkeys(t for t in found if t in scope.topics and t != TOPIC))


def _heaviest(lines: Iterable[Line], most: int) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.weight, line.subject))[:most])


def _line(
    subject: str,
    members: Sequence[Tellable],
    channel: Channel,
    outlet_of: OutletOf,
    showable: Callable[[str], bool],
    alerted: bool,
) -> Line:
    outlets = {member.id: outlet_of(member) for member in members}
    ranks = {number: _rank(outlet) for number, outlet in outlets.items()}
    head = _head(members, channel.language, ranks)
    own = outlets[head.id]
    families: dict[str, Outlet] = {}
    for outlet in sorted(outlets.values(), key=lambda outlet: (_rank(outlet), outlet.name)):
        families.setdefault(outlet.family, outlet)
    families.pop(own.family, None)
    first = _first(head, members, outlets)
    named = dict.fromkeys(official for member in members for official in member.officials)
    return Line(
        subject=subject,
        title=head.title,
        url=head.url,
        outlet=own.name,
        outlet_kind=own.kind,
        language=head.language,
        published=head.published,
        officials=tuple(official for official in named if showable(official)),
        named=tuple(named),
        others=dict(sorted(Counter(outlet.kind for outlet in families.values()).items())),
        updated=any(member.updated for member in members),
        weight=_weight(head, own, families.values()),
        first=first.name if first else "",
        first_kind=first.kind if first else "",
        topics=_topics(channel.scope, members),
        alerted=alerted,
    )


def _rank(outlet: Outlet) -> int:
    return _RANK.get(outlet.kind, 2)


def _head(members: Sequence[Tellable], language: str, ranks: Mapping[int, int]) -> Tellable:
    """The article whose headline speaks for the story: see the top of this module."""
    if len(members) == 1:
        return members[0]
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
