"""What a channel is told at once, before its next digest: by its rules (`AlertRules`). Pure.

- *First report*: an article of an independent outlet about the subject, whose text speaks of it
  strongly; not a copy of what a party, a state or somebody unknown published.
- *Many outlets*: so many independent publisher families tell one story within so many hours.
- *Official*: a headline names one whom the channel chose.

Only what is new counts: published within two days before it was seen. In quiet hours nothing is
told; what happens in them waits for their end, if no digest told it until then. What had to wait
longer than six hours beyond that (no room for the day, the program was off) is left to the next
digest. A headline that names somebody who may not be shown is never an alert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from watchers.digest import NOTHING_MUTED, build, in_scope
from watchers.muting import Mutes
from watchers.outlets import Outlet
from watchers.scope import AlertRules
from watchers.telling import Channel, Coverage, Digest, DigestKind, Tellable

DEPENDENT = frozenset({"advocacy", "state", "query"})  # kinds whose word alone is no report
NEW = timedelta(hours=48)  # between an article's date and our first sight of it
LATE = timedelta(hours=6)
LEAST = 24  # hours that are looked back at

OutletOf = Callable[[Tellable], Outlet]
Named = Callable[[Tellable], Collection[str]]  # the officials in an article's title


# ---------------------------------------------------------------- the clock


def is_quiet(channel: Channel, now: datetime) -> bool:
    """Whether the channel's clock shows quiet hours; they may go over midnight."""
    quiet = channel.alerts.quiet
    if quiet is None:
        return False
    clock = now.astimezone(ZoneInfo(channel.timezone)).strftime("%H:%M")
    begin, end = quiet
    if begin <= end:
        return begin <= clock < end
    return clock >= begin or clock < end


def loud_at(channel: Channel, moment: datetime) -> datetime:
    """The first time from `moment` on that is not in quiet hours, in UTC."""
    if channel.alerts.quiet is None or not is_quiet(channel, moment):
        return moment
    zone = ZoneInfo(channel.timezone)
    local = moment.astimezone(zone)
    end = time.fromisoformat(channel.alerts.quiet[1])
    for days in (0, 1):
        day = local.date() + timedelta(days=days)
        found = datetime.combine(day, end, tzinfo=zone).astimezone(UTC)
        if found > moment:
            return found
    return moment


def day_began(channel: Channel, now: datetime) -> datetime:
    """Midnight of the channel's day, in UTC: a day has room for so many alerts."""
    zone = ZoneInfo(channel.timezone)
    today = now.astimezone(zone).date()
    return datetime.combine(today, time(), tzinfo=zone).astimezone(UTC)


def looks_back(rules: AlertRules) -> timedelta:
    """How far back articles are looked at: what began before quiet hours counts after them."""
    return timedelta(hours=max(rules.hours, LEAST) + (24 if rules.quiet else 0))


# ---------------------------------------------------------------- what is due


@dataclass(frozen=True, slots=True)
class Untold:
    """What was not told yet to a channel, and what is known about telling it."""

    channel: Channel
    articles: Sequence[Tellable]  # not told yet, first seen since `looks_back`
    outlet_of: OutletOf
    showable: Callable[[str], bool]
    mutes: Mutes = NOTHING_MUTED
    alerted: Collection[str] = ()  # subjects that it was alerted of

    def subjects(self) -> Iterator[tuple[str, tuple[Tellable, ...]]]:
        """What may be an alert: subjects in scope with something new, not muted, not alerted."""
        found = in_scope(self.channel.scope, self.articles, self.outlet_of, self.mutes)
        gone = self.mutes.subjects.union(self.alerted)
        for subject, members in found.items():
            if subject not in gone and any(map(_is_new, members)):
                yield subject, tuple(members)


def to_look_up(untold: Untold) -> tuple[tuple[str, Tellable], ...]:
    """Articles whose title has to be looked at, with their subjects.

    The store knows what was found in the title, which a `Tellable` does not carry.
    """
    chosen = untold.channel.alerts.officials
    return tuple(
        (subject, member)
        for subject, members in untold.subjects()
        for member in members
        if any(one in chosen or not untold.showable(one) for one in member.officials)
    )


def due(untold: Untold, *, now: datetime, sent_today: int, named: Named) -> tuple[Digest, ...]:
    """The alerts that the channel is to get now, each a digest of one line, the earliest first.

    `sent_today`: how many it had since `day_began`. `named`: the officials in the title of an
    article, asked only of those that `to_look_up` gives.
    """
    channel = untold.channel
    room = channel.alerts.most - sent_today
    if not channel.alerts.is_on or room <= 0 or is_quiet(channel, now):
        return ()
    met = []
    for subject, members in untold.subjects():
        since = min(_met(untold, members, named), default=None)
        if since is not None and now - loud_at(channel, since) <= LATE:
            met.append((since, subject, members))
    found = (
        (_alert(untold, subject, some, now), some)
        for _, subject, some in sorted(met, key=lambda one: one[:2])
    )
    may = (alert for alert, some in found if alert.lines and _is_fit(untold, alert, some, named))
    return tuple(islice(may, room))


def _alert(untold: Untold, subject: str, members: Sequence[Tellable], now: datetime) -> Digest:
    """The subject as a digest tells it; without a line if the channel did not ask for it."""
    return build(
        untold.channel,
        members,
        since=now - looks_back(untold.channel.alerts),
        until=now,
        coverage=Coverage(0, 0),
        outlet_of=untold.outlet_of,
        showable=untold.showable,
        mutes=untold.mutes,
        only=(subject,),
        kind=DigestKind.ALERT,
    )


def _is_fit(untold: Untold, alert: Digest, members: Sequence[Tellable], named: Named) -> bool:
    """Whether the headline names nobody who may not be shown."""
    (line,) = alert.lines
    heads = (member for member in members if member.url == line.url and member.officials)
    return all(untold.showable(one) for head in heads for one in named(head))


def _is_new(article: Tellable) -> bool:
    return article.published is None or article.first_seen - article.published <= NEW


# ---------------------------------------------------------------- the rules


def _met(untold: Untold, members: Sequence[Tellable], named: Named) -> Iterator[datetime]:
    """When each rule was first met, if it was."""
    rules = untold.channel.alerts
    new = [member for member in members if _is_new(member)]
    told = {member.id: untold.outlet_of(member) for member in members}
    reports = [one for one in new if one.relevant and _is_independent(one, told)]
    if rules.score:
        yield from (one.first_seen for one in reports if one.score >= rules.score)
    if rules.outlets:
        families = [(one, told[one.id].family) for one in reports]
        yield from _spread(families, rules.outlets, timedelta(hours=rules.hours))
    chosen = {one for one in rules.officials if untold.showable(one)}
    for member in new if chosen else ():
        if chosen.intersection(member.officials) and chosen.intersection(named(member)):
            yield member.first_seen


def _is_independent(article: Tellable, outlets: Mapping[int, Outlet]) -> bool:
    """Neither published by a party, a state or nobody knows whom, nor copied from one of them."""
    first = outlets.get(article.duplicate_of or 0)
    own = outlets[article.id]
    return own.kind not in DEPENDENT and (first is None or first.kind not in DEPENDENT)


def _spread(
    reports: Sequence[tuple[Tellable, str]], enough: int, within: timedelta
) -> Iterator[datetime]:
    """When the first so many publisher families had told it within that time."""
    ordered = sorted(reports, key=lambda pair: (_time(pair[0]), pair[0].id))
    families: Counter[str] = Counter()
    begin = 0
    for end, (article, family) in enumerate(ordered):
        families[family] += 1
        while _time(article) - _time(ordered[begin][0]) > within:
            families[ordered[begin][1]] -= 1
            begin += 1
        if sum(number > 0 for number in families.values()) >= enough:
            yield max(one.first_seen for one, _ in ordered[begin : end + 1])
            return


def _time(article: Tellable) -> datetime:
    """When it came out; a date in the future is none."""
    return min(article.published or article.first_seen, article.first_seen)
