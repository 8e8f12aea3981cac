"""A channel's settings by buttons: each press says what is to be, so that pressing it twice
does no harm, changes it, and shows the new state in the same message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bot import channel_wording as wording
from bot.alert_words import STRENGTHS, rule_lines
from bot.app import Program
from bot.clock import utc_now
from bot.commands import confirming
from bot.commands.orders import OWNER, Button, Order, Reply
from bot.wording import short
from watchers.channel_checks import LANGUAGES, channel_changes
from watchers.feedlist import FEED_KINDS
from watchers.ports import Store
from watchers.scope import NO_ALERTS, AlertRules, Scope
from watchers.telling import Channel
from watchers.watchlist import Watchlist

CHANNEL = "ch"  # how the data of these buttons begin
REMOVE = "chx"  # ... and of removing a channel: for owners
ALL = "all"
_ON = {"0": False, "1": True}
_LABEL = 40  # characters of a button
_OFFERED = 60  # choices in one message: Telegram has room for 100 buttons
_OUTLETS = (3, 5, 8)  # offered numbers; /alerts takes any
_TICK = "✓ "

Changes = Mapping[str, object]


async def shown(program: Program, channel: Channel, *, owner: bool, instead: bool = True) -> Reply:
    """A channel in full, with buttons for what may be changed."""
    text = "\n".join((
        *wording.full(channel, utc_now(), _namer(program)),
        "",
        f"/schedule {channel.chat} WORDS changes when, /alerts {channel.chat} WORDS the alerts.",
    ))  # fmt: skip
    buttons, rows = _main_buttons(channel, owner=owner)
    return Reply(text, buttons, across=rows, instead=instead)


def _namer(program: Program) -> Callable[[str], str]:
    names = program.knowledge.names
    return lambda number: names.of(number, "en")


def _main_buttons(channel: Channel, *, owner: bool) -> tuple[tuple[Button, ...], tuple[int, ...]]:
    def to(label: str, *data: str) -> Button:
        return Button(label, ":".join((CHANNEL, str(channel.id), *data)))

    def switch(label: str, name: str, is_on: bool) -> Button:
        return to(f"{label}: turn {'off' if is_on else 'on'}", name, "0" if is_on else "1")

    rows = [
        [to("Language", "language"), to("Alerts", "alerts")],
        [switch("Second section", "named", channel.scope.named)],
        [switch("“Nothing new” note", "nothing", channel.tells_nothing_new)],
        [switch("Approval", "approval", channel.needs_approval)],
        [to("Articles in…", "languages"), to("Outlets…", "kinds"), to("Own topics…", "topics")],
        [to("Resume", "paused", "0") if channel.paused else to("Pause", "paused", "1")],
        [Button("‹ All channels", f"{CHANNEL}:page:1")],
    ]
    if owner:
        rows[-1].append(Button("Remove…", f"{REMOVE}:ask:{channel.id}"))
    return tuple(button for row in rows for button in row), tuple(len(row) for row in rows)


# ---------------------------------------------------------------- presses


async def pressed(program: Program, order: Order, channel: Channel, words: Sequence[str]) -> Reply:
    """What a button of this channel does: `words` are its data after the number."""
    owner = order.role == OWNER
    match list(words):
        case []:
            return await shown(program, channel, owner=owner)
        case [name] if name in _VIEWS:
            return await _VIEWS[name](program, channel)
        case [what, *values]:
            changes = await _wanted(program, channel, what, values)
        case _:
            changes = None
    if changes is None:
        return confirming.old()
    changed = await change(program, channel, changes, order.actor)
    view = _VIEWS.get(words[0])
    if view is not None:
        return await view(program, changed)
    return await shown(program, changed, owner=owner)


async def change(program: Program, channel: Channel, changes: Changes, actor: str) -> Channel:
    """Checked, stored and audited. ChannelInvalid, ChannelUnknown."""
    watchlist = program.knowledge.watchlist
    checked = channel_changes(changes, watchlist)

    def work(store: Store) -> Channel:
        return store.change_channel(channel.id, checked, at=utc_now(), actor=actor)

    return await program.database(work)


async def _wanted(
    program: Program, channel: Channel, what: str, values: list[str]
) -> Changes | None:
    """The change that a press asks for; None if it is none of our buttons."""
    scope = channel.scope
    match [what, *values]:
        case ["language", code] if code in LANGUAGES:
            return {"language": code}
        case ["named", on] if on in _ON:
            return {"scope": replace(_pruned(scope, program.knowledge.watchlist), named=_ON[on])}
        case ["nothing", on] if on in _ON:
            return {"tells_nothing_new": _ON[on]}
        case ["approval", on] if on in _ON:
            return {"needs_approval": _ON[on]}
        case ["paused", on] if on in _ON:
            return {"paused": _ON[on], "pause_reason": None}
        case ["languages" | "kinds" | "topics", *choice]:
            return _chosen(channel, what, choice, program.knowledge.watchlist)
        case ["alerts", *choice]:
            rules = _rules(channel.alerts, choice, program.knowledge.watchlist)
            return None if rules is None else {"alerts": rules}
    return None


def _pruned(scope: Scope, watchlist: Watchlist) -> Scope:
    """Without what is on the watchlist no more: it would find nothing, and fail the checks."""
    own = {topic.id for topic in watchlist.own_topics}
    people = {person.id for person in watchlist.officials}
    return replace(
        scope,
        topics=tuple(topic for topic in scope.topics if topic in own),
        officials=tuple(person for person in scope.officials if person in people),
    )


def _chosen(channel: Channel, what: str, choice: list[str], watchlist: Watchlist) -> Changes | None:
    """One value more or less in a list of the scope; without any left, all count again."""
    scope = _pruned(channel.scope, watchlist)
    now: tuple[str, ...] = getattr(scope, what)
    if choice == [ALL]:
        return {"scope": _with(scope, what, ())}
    if len(choice) != 2 or choice[1] not in _ON:
        return None
    value = choice[0]
    if what == "topics":
        marks = {_mark(topic.id): topic.id for topic in watchlist.own_topics}
        if value not in marks:
            return None
        value = marks[value]
    left = tuple(one for one in now if one != value)
    return {"scope": _with(scope, what, (*left, value) if _ON[choice[1]] else left)}


def _with(scope: Scope, what: str, values: tuple[str, ...]) -> Scope:
    if what == "languages":
        return replace(scope, languages=values)
    return replace(scope, kinds=values) if what == "kinds" else replace(scope, topics=values)


def _mark(topic: str) -> str:
    """A topic's id in a button, whose data have no room for long ones."""
    return hashlib.blake2b(topic.encode(), digest_size=6).hexdigest()


def _rules(rules: AlertRules, choice: list[str], watchlist: Watchlist) -> AlertRules | None:
    people = {person.id for person in watchlist.officials}
    rules = replace(rules, officials=tuple(one for one in rules.officials if one in people))
    match choice:
        case ["off"]:
            return NO_ALERTS
        case ["first", "off"]:
            return replace(rules, score=0.0)
        case ["first", word] if word in _FIRST:
            return replace(rules, score=STRENGTHS[_FIRST[word]])
        case ["outlets", number] if number in ("0", *map(str, _OUTLETS)):
            return replace(rules, outlets=int(number))
    return None


_FIRST = {"strong": "strong", "very": "very strong"}


# ---------------------------------------------------------------- choices


def _choices(
    channel: Channel, head: str, offered: Iterable[tuple[str, str, bool]], clear: str = ""
) -> Reply:
    """Values to tick, each with what a press of it sets."""
    base = f"{CHANNEL}:{channel.id}"
    what, _, text = head.partition("\n")
    buttons = [
        Button(short(f"{_TICK if on else ''}{label}", _LABEL),
               f"{base}:{what}:{value}:{'0' if on else '1'}")
        for value, label, on in list(offered)[:_OFFERED]
    ]  # fmt: skip
    rows = [2] * (len(buttons) // 2) + [1] * (len(buttons) % 2)
    if clear:
        buttons.append(Button(clear, f"{base}:{what}:{ALL}"))
        rows.append(1)
    buttons.append(Button("‹ Back", base))
    return Reply(f"#{channel.id} {channel.chat}\n{text}", tuple(buttons), (*rows, 1), instead=True)


async def _language(program: Program, channel: Channel) -> Reply:  # noqa: ARG001 - a view
    base = f"{CHANNEL}:{channel.id}"
    buttons = [
        Button(f"{_TICK if code == channel.language else ''}{wording.language_name(code)}",
               f"{base}:language:{code}")
        for code in LANGUAGES
    ]  # fmt: skip
    text = f"#{channel.id} {channel.chat}\nThe language of its digests; headlines stay as they are."
    return Reply(text, (*buttons, Button("‹ Back", base)), across=1, instead=True)


async def _languages(program: Program, channel: Channel) -> Reply:
    feeds = await program.database(lambda store: store.feeds())
    chosen = channel.scope.languages
    codes = sorted({feed.language for feed in feeds if feed.language} | {*LANGUAGES, *chosen})
    now = ", ".join(map(wording.language_name, chosen)) or "all languages"
    head = (
        f"languages\nArticles in: {now}. An article whose language is unknown is always told. "
        "Ticked ones count; with none ticked, all do."
    )
    offered = [(code, wording.language_name(code), code in chosen) for code in codes]
    return _choices(channel, head, offered, "All languages" if chosen else "")


async def _kinds(program: Program, channel: Channel) -> Reply:  # noqa: ARG001 - a view
    chosen = channel.scope.kinds
    now = ", ".join(map(wording.kind_name, chosen)) or "all kinds"
    head = f"kinds\nOutlets: {now}. Ticked kinds count; with none ticked, all do."
    offered = [(kind, wording.kind_name(kind), kind in chosen) for kind in FEED_KINDS]
    return _choices(channel, head, offered, "All kinds" if chosen else "")


async def _topics(program: Program, channel: Channel) -> Reply:
    topics, chosen = program.knowledge.watchlist.own_topics, channel.scope.topics
    if not topics:
        head = "topics\nThere is no topic of your own yet: /watch topic ID NAME = QUERY makes one."
    else:
        head = "topics\nTopics of your own that this channel is told besides; tick them."
    offered = [(_mark(topic.id), topic.name, topic.id in chosen) for topic in topics]
    return _choices(channel, head, offered, "None of them" if chosen else "")


async def _alerts(program: Program, channel: Channel) -> Reply:
    rules, base = channel.alerts, f"{CHANNEL}:{channel.id}:alerts"
    lines = [
        f"#{channel.id} {channel.chat}",
        *rule_lines(rules, _namer(program)),
        f"/alerts {channel.chat} WORDS sets officials, hours, quiet hours and the cap.",
    ]
    first = [
        Button(f"{_TICK if rules.score == STRENGTHS[name] else ''}First report, {name}",
               f"{base}:first:{'off' if rules.score == STRENGTHS[name] else word}")
        for word, name in _FIRST.items()
    ]  # fmt: skip
    many = [
        Button(f"{_TICK if rules.outlets == number else ''}{number} outlets",
               f"{base}:outlets:{0 if rules.outlets == number else number}")
        for number in _OUTLETS
    ]  # fmt: skip
    last = [Button("All off", f"{base}:off")] if rules.is_on else []
    last.append(Button("‹ Back", f"{CHANNEL}:{channel.id}"))
    rows = (2, len(many), len(last))
    return Reply("\n".join(lines), (*first, *many, *last), across=rows, instead=True)


_VIEWS = {
    "language": _language,
    "languages": _languages,
    "kinds": _kinds,
    "topics": _topics,
    "alerts": _alerts,
}
