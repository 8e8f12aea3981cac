"""`/test` and `/preview`: what a text is about, what a channel would be told, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import WHY, Button, Order, Reply
from bot.commands.reasons import reason_lines, verdict_lines
from bot.commands.which import find
from bot.wording import count, isolated, short
from watchers.match import Matcher
from watchers.model import Verdict
from watchers.outlets import Outlet
from watchers.telling import CONSOLE, Channel, Reasoned
from watchers.text import clean

_BUTTONS = 20
_ACROSS = 5  # buttons in a row
_ARTICLES = 5  # of a story
_HEAD = 300  # characters: a longer first line is no title
_TITLE = 200


async def test(program: Program, order: Order) -> str:
    """/test TEXT, or as a reply to a message with the text"""
    given = clean(order.text) or clean(order.replied)
    if not given:
        return (
            "Usage: /test TEXT\nThe first line is taken for the title. Or send /test as a reply "
            "to a message."
        )
    await program.knowing.refresh()
    title, _, text = given.partition("\n")
    if len(title) > _HEAD:
        title, text = "", given
    watchlist = program.knowing.joint.watchlist

    def judge() -> Verdict:
        return Matcher(watchlist).judge(title, text)

    verdict = await asyncio.to_thread(judge)
    names = program.knowledge.names
    lines = verdict_lines(verdict, names)
    if verdict.matches:
        lines += ["", *reason_lines(verdict.matches, title, text, names)]
    return "\n".join((*lines, "", f"Watchlist {verdict.watchlist}. Nothing was stored."))


# ---------------------------------------------------------------- the next digest


@dataclass(frozen=True, slots=True)
class _Shown:
    """The stories of a preview, in reading order: subject and title."""

    stories: tuple[tuple[str, str], ...]


async def preview(program: Program, order: Order) -> str | Reply:
    """/preview [CHANNEL]"""
    if len(order.words) > 1:
        return "Usage: /preview [CHANNEL]"
    now = utc_now()
    if order.words:
        channel = await program.database(lambda store: find(store, order.words[0]))
    else:
        found = await program.database(lambda store: store.channels())
        real = [one for one in found if not one.is_console]
        if len(real) > 1:
            return "\n".join(("Which channel?", *(f"/preview {one.chat}" for one in real)))
        channel = real[0] if real else _nobody(program, now)
    built = await jobs.build(program, channel, now)
    told = (*built.digest.stories, *built.digest.named)
    where = "a channel" if channel.is_console else channel.chat
    if not told:
        return f"There is nothing new to tell in {where}."
    shown = _Shown(tuple((line.subject, line.title) for line in told[:_BUTTONS]))
    token = order.kept.keep(shown)
    buttons = tuple(
        Button(f"Why {number}", f"{WHY}:{token}:{number}")
        for number in range(1, len(shown.stories) + 1)
    )
    first = f" (the first {_BUTTONS})" if len(told) > _BUTTONS else ""
    text = (
        f"So {where} would be told now: {count(len(told), 'story', 'stories')}, "
        f"{count(len(built.pages), 'page')}. Nothing was queued, nothing counts as told.\n"
        f"Why is a story there? Count from the top{first}:"
    )
    return Reply(text, buttons, across=_ACROSS, pages=built.pages)


def _nobody(program: Program, now: datetime) -> Channel:
    """A channel as the settings would make one, never told anything; it is not stored."""
    settings = program.settings
    return Channel(
        0, CONSOLE, settings.timezone, settings.schedule, settings.language, now - jobs.LOOK_BACK
    )


async def pressed(program: Program, order: Order) -> str | Reply:
    """Why a story is told."""
    _, _, data = (order.words[0] if order.words else "").partition(":")
    token, _, number = data.partition(":")
    shown = order.kept.get(token)
    place = int(number[:3]) if number.isascii() and number.isdecimal() else 0
    if not isinstance(shown, _Shown) or not 1 <= place <= len(shown.stories):
        return "This button is old. Send /preview again."
    subject, title = shown.stories[place - 1]
    return await why_told(program, subject, title, place)


async def why_told(program: Program, subject: str, title: str, place: int) -> str:
    """Why a subject, the so manieth of a list, is told: its articles with their reasons."""
    found, feeds = await program.database(
        lambda store: (store.reasons(subject, _ARTICLES + 1), store.feeds())
    )
    outlet_of = jobs.outlet_of(program, feeds)
    lines = [f"{place}. {isolated(short(title, _TITLE))}"]
    if not subject.startswith("article:"):
        lines.append(f"Story {subject}; /story {subject} shows all of it.")
    if not found:
        lines.append("Its articles were grouped anew since. Send /preview again.")
    for one in found[:_ARTICLES]:
        lines += ["", *_article(program, one, outlet_of(one.article))]
    if len(found) > _ARTICLES:
        lines += ["", "and more articles of this story"]
    return "\n".join(lines)


def _article(program: Program, one: Reasoned, outlet: Outlet) -> Iterator[str]:
    article = one.article
    day = article.published or article.first_seen
    verdict = "relevant" if article.relevant else "named only" if article.officials else "neither"
    copy = ", a copy" if article.duplicate_of else ""
    yield f"{isolated(outlet.name)}, {day:%Y-%m-%d}: {verdict}{copy}"
    lines = reason_lines(one.reasons, article.title, one.text, program.knowledge.names)
    yield from lines or ["No reasons were kept."]
    yield f"Watchlist {one.watchlist}"
