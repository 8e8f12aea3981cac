"""Alerts: what a channel is told at once. A tick looks whether there is something new.

    settled articles -> rules of the channel (watchers.alerts) -> rendered -> queue_digests

A tick costs one small read while nothing was settled since the last. Safe to kill at any
moment: an alert is queued in one transaction with the record that its subject was told so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from bot.i18n import catalogue
from bot.render import render
from config import logs
from watchers import alerts
from watchers.alerts import Untold
from watchers.ports import Store
from watchers.telling import Channel, Digest, DigestKind, DigestOrder, Reasoned, Tellable

log = logs.get(__name__)

_TITLES = 5_000  # headlines whose officials are remembered
_REFUSED = 1_000  # alerts that the store would not have: told in a digest meanwhile
_ARTICLES = 200  # of a subject whose reasons are looked at


@dataclass(slots=True)
class Seen:
    """What a process knows of its last looks. Lost with it: then one look is made too many."""

    looks: dict[int, tuple[object, ...]] = field(default_factory=dict)  # by channel
    titles: OrderedDict[tuple[int, str], frozenset[str]] = field(default_factory=OrderedDict)
    refused: OrderedDict[tuple[int, str], None] = field(default_factory=OrderedDict)


async def alert_due(
    program: Program, channels: Iterable[Channel], seen: Seen, now: datetime | None = None
) -> int:
    """Queue the alerts that these channels are to get now; how many.

    Channels without rules, paused ones, and those whose posts an admin approves get none; nor
    does anybody while posting is stopped. `seen` is kept by the caller between ticks.
    """
    now = now or utc_now()
    asking = [
        channel
        for channel in channels
        if channel.alerts.is_on and not channel.paused and not channel.needs_approval
    ]
    if not asking:
        return 0
    turn, stopped = await program.database(
        lambda store: (store.progress().turn, store.posting_stopped())
    )
    queued = 0
    for channel in () if stopped else asking:
        quiet, day = alerts.is_quiet(channel, now), alerts.day_began(channel, now)
        look = (turn, day, channel.alerts, channel.scope, program.knowing.joint.watchlist.version)
        if quiet or seen.looks.get(channel.id) == look:
            continue
        queued += await _alert(program, channel, seen, now)
        seen.looks[channel.id] = look
    return queued


async def _alert(program: Program, channel: Channel, seen: Seen, now: datetime) -> int:
    """Look at what the channel was not told yet, if it may still be told something today."""
    since = now - alerts.looks_back(channel.alerts)
    began = alerts.day_began(channel, now)
    alerted = await program.database(
        lambda store: store.alerted(channel.id, since - timedelta(days=1))
    )
    sent = sum(at >= began for at in alerted.values())
    if sent >= channel.alerts.most:
        return 0
    articles, mutes, feeds = await program.database(
        lambda store: (
            store.untold(channel.id, max(since, channel.added_at)),
            store.mutes(),
            store.feeds(),
        )
    )
    if not articles:
        return 0
    refused = {subject for number, subject in seen.refused if number == channel.id}
    untold = Untold(
        channel,
        articles,
        jobs.outlet_of(program, feeds),
        program.knowledge.names.showable,
        mutes,
        refused.union(alerted),
    )
    await _look_up(program, untold, seen)

    def named(article: Tellable) -> Collection[str]:
        known = seen.titles.get((article.id, article.title))
        if known is None:  # it changed just now: whoever may not be shown is not
            return [one for one in article.officials if not untold.showable(one)]
        return known.intersection(article.officials)

    found = alerts.due(untold, now=now, sent_today=sent, named=named)
    return await _queue(program, channel, found, seen, now) if found else 0


async def _look_up(program: Program, untold: Untold, seen: Seen) -> None:
    """Learn which officials the titles name that the rules ask about."""
    wanted = [
        (subject, article)
        for subject, article in alerts.to_look_up(untold)
        if (article.id, article.title) not in seen.titles
    ]
    for subject in dict.fromkeys(subject for subject, _ in wanted):
        found: Mapping[int, Reasoned] = await program.database(
            lambda store, subject=subject: _by_article(store, subject)  # type: ignore[misc]
        )
        for _, article in (pair for pair in wanted if pair[0] == subject):
            known = found.get(article.id)
            if known is not None and known.article.title == article.title:
                named = (match.subject for match in known.reasons if match.field == "title")
                seen.titles[article.id, article.title] = frozenset(named)
    while len(seen.titles) > _TITLES:
        seen.titles.popitem(last=False)


def _by_article(store: Store, subject: str) -> dict[int, Reasoned]:
    return {one.article.id: one for one in store.reasons(subject, _ARTICLES)}


async def _queue(
    program: Program, channel: Channel, found: Iterable[Digest], seen: Seen, now: datetime
) -> int:
    """Queue them, each a digest of its own; how many the store took."""
    names = program.knowledge.names
    orders = tuple(
        DigestOrder(
            channel.id,
            slot=now + timedelta(microseconds=number),  # one digest a slot
            built_at=now,
            since=alert.since,
            subjects=tuple(line.subject for line in alert.lines),
            pages=render(alert, catalogue(channel.language), names.of),
            scheduled=False,
            kind=DigestKind.ALERT,
        )
        for number, alert in enumerate(found)
    )
    taken = await program.database(lambda store: store.queue_digests(orders))
    for order, digest_id in zip(orders, taken, strict=True):
        if digest_id is None:
            seen.refused.update(dict.fromkeys((channel.id, subject) for subject in order.subjects))
    while len(seen.refused) > _REFUSED:
        seen.refused.popitem(last=False)
    queued = sum(digest_id is not None for digest_id in taken)
    if queued:
        where = channel.id if channel.private else channel.chat
        log.info("alerts_queued", channel=where, alerts=queued)
    return queued
