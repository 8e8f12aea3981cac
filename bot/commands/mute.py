"""`/mute`, `/unmute`, `/mutes`: stories and feeds that are known, and told in no channel."""

from __future__ import annotations

from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import Command, Order, Press
from bot.wording import count, isolated, short
from watchers.errors import StoryUnknown
from watchers.feed_addresses import feed_ref
from watchers.ports import Store
from watchers.stories import story_ref

_FEED = "feed"
_SHOWN = 20
_TITLE = 120
_WHERE = "STORY is an id, or the address or number of an article; /feeds shows the feeds."
_STORY_MEANS = (
    "No digest and no alert tells it from now on, in no channel. What was posted stays: /withdraw "
    "takes it back. It is still stored, searched and exported."
)
_FEED_MEANS = (
    "What this feed alone brings is told nowhere from now on; what other feeds bring too is told "
    "by theirs. It is polled and stored as before; /pausefeed stops that."
)


async def mute(program: Program, order: Order) -> str:
    """/mute STORY, or feed NUMBER"""
    return await _change(program, order, muted=True)


async def unmute(program: Program, order: Order) -> str:
    """/unmute STORY, or feed NUMBER"""
    return await _change(program, order, muted=False)


async def _change(program: Program, order: Order, *, muted: bool) -> str:
    words = order.words
    if len(words) == 2 and words[0].lower() == _FEED:
        return await program.database(lambda s: _feed(s, words[1], order.actor, muted=muted))
    if len(words) != 1 or words[0].lower() == _FEED:
        name = "mute" if muted else "unmute"
        return f"Usage: /{name} STORY, or /{name} feed NUMBER\n{_WHERE} Nothing was changed."
    ref = story_ref(words[0])
    return await program.database(lambda s: _story(s, ref, order.actor, muted=muted))


def _story(store: Store, ref: str, actor: str, *, muted: bool) -> str:
    try:
        subject = store.subject(ref)
    except StoryUnknown:
        if muted or ref not in store.mutes().subjects:
            raise
        subject = ref  # its articles are kept no more; the list still names it
    changed = store.mute_subject(subject, muted=muted, at=utc_now(), actor=actor)
    title = _titled(store, subject)
    if muted:
        head = "Muted" if changed else "It is muted already"
        return f"{head}: {title}\n{_STORY_MEANS}\n/unmute {subject} tells it again."
    if not changed:
        return f"It was not muted: {title}\n/mutes lists what is. Nothing was changed."
    return f"It may be told again: {title}\nWhere it was not told yet, the next digest tells it."


def _feed(store: Store, ref: str, actor: str, *, muted: bool) -> str:
    feed = store.feed(feed_ref(ref))
    changed = store.mute_feed(feed.id, muted=muted, at=utc_now(), actor=actor)
    name = f"feed {feed.id}, {isolated(short(feed.name, _TITLE))}"
    if muted:
        head = "Muted" if changed else "It is muted already"
        return f"{head}: {name}\n{_FEED_MEANS}\n/unmute feed {feed.id} tells it again."
    if not changed:
        return f"It was not muted: {name}\n/mutes lists what is. Nothing was changed."
    return f"What it brings may be told again: {name}"


def _titled(store: Store, subject: str) -> str:
    known = store.reasons(subject, 1)
    title = f"“{isolated(short(known[0].article.title, _TITLE))}” " if known else ""
    return f"{title}({subject})"


async def mutes(program: Program, order: Order) -> str:
    """/mutes"""
    if order.words:
        return "Usage: /mutes\nIt takes no words; /mute and /unmute change the list."
    return await program.database(_list)


def _list(store: Store) -> str:
    found = store.mutes()
    if not found.subjects and not found.feeds:
        return "Nothing is muted. /mute STORY or /mute feed NUMBER does it."
    names = {feed.id: feed.name for feed in store.feeds()}
    lines = []
    if found.subjects:
        lines.append(f"{count(len(found.subjects), 'story', 'stories')} muted:")
        lines += [_titled(store, subject) for subject in sorted(found.subjects)[:_SHOWN]]
    if len(found.subjects) > _SHOWN:
        lines.append(f"and {len(found.subjects) - _SHOWN} more")
    if found.feeds:
        lines.append(f"{count(len(found.feeds), 'feed')} muted:")
        numbers = sorted(found.feeds)[:_SHOWN]
        lines += [f"{n}. {isolated(short(names.get(n, 'removed'), _TITLE))}" for n in numbers]
    if len(found.feeds) > _SHOWN:
        lines.append(f"and {len(found.feeds) - _SHOWN} more")
    return "\n".join((*lines, "/unmute STORY or /unmute feed NUMBER tells one again."))


COMMANDS = {
    "mute": Command(mute, "tell a story or a feed no more: /mute STORY, or feed NUMBER"),
    "unmute": Command(unmute, "tell it again: /unmute STORY or feed NUMBER"),
    "mutes": Command(mutes, "what is muted"),
}
PRESSES: dict[str, Press] = {}
