"""Orders in plain words: when a channel is told, and what it is told at once.

Both change at once, say what was before and give the order that brings it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot import channel_wording as wording
from bot.alert_words import EXAMPLES, read_rules, rule_lines, rule_orders
from bot.app import Program
from bot.clock import utc_now
from bot.commands.channel_buttons import change
from bot.commands.orders import Command, Order, Press
from bot.commands.which import chosen, officials_called, wrong
from bot.plain_words import NotUnderstood, Wish, read_schedule
from watchers.errors import ChannelInvalid
from watchers.telling import Channel

_USAGE_SCHEDULE = "/schedule [CHANNEL] WORDS, as in: weekdays at 9 and 18:30 Tehran"
_USAGE_ALERTS = f"/alerts [CHANNEL] RULES, as in: {'; '.join(EXAMPLES[:2])}"


async def schedule(program: Program, order: Order) -> str:
    """/schedule [CHANNEL] [WORDS]"""
    channel, words = await chosen(program, order, _USAGE_SCHEDULE)
    if not words:
        return "\n".join(_scheduled(channel, "is told"))
    try:
        wish = read_schedule(words)
    except NotUnderstood as error:
        raise wrong(_USAGE_SCHEDULE, error.why) from error
    changes = _changes(wish)
    if not changes:
        raise wrong(_USAGE_SCHEDULE, "There is no time, day or place in that.")
    changed = await change(program, channel, changes, order.actor)
    if wording.when_words(changed) == wording.when_words(channel):
        return "\n".join(_scheduled(changed, "was so already: it is told"))
    return "\n".join((
        *_scheduled(changed, "is told from now on"),
        f"Before: {wording.when_words(channel)}.",
        f"To undo: {wording.undo_words(channel)}",
    ))  # fmt: skip


def _changes(wish: Wish) -> dict[str, object]:
    """What the words speak of; the rest stays."""
    given = {"schedule": wish.times, "weekdays": wish.weekdays, "timezone": wish.timezone}
    return {name: value for name, value in given.items() if value is not None}


def _scheduled(channel: Channel, how: str) -> list[str]:
    lines = [f"{channel.chat} {how} {wording.when_words(channel)}."]
    if times := wording.next_times(channel, utc_now()):
        lines.append(f"Next digests there: {', '.join(times)}.")
    if channel.paused:
        lines.append(f"It is {wording.state_words(channel)}; /channel {channel.chat} resumes it.")
    return lines


async def alerts(program: Program, order: Order) -> str:
    """/alerts [CHANNEL] [RULES]"""
    channel, words = await chosen(program, order, _USAGE_ALERTS)
    await program.knowing.refresh()
    watchlist, names = program.knowledge.watchlist, program.knowledge.names

    def name_of(number: str) -> str:
        return names.of(number, "en")

    if not words:
        return "\n".join((*_ruled(channel, name_of), f"Rules: {'; '.join(EXAMPLES)}."))

    def called(name: str) -> Sequence[str]:
        return officials_called(watchlist, name)

    known = {person.id for person in watchlist.officials}
    kept = tuple(one for one in channel.alerts.officials if one in known)
    try:
        rules = read_rules(words, replace(channel.alerts, officials=kept), called)
        changed = await change(program, channel, {"alerts": rules}, order.actor)
    except (NotUnderstood, ChannelInvalid) as error:
        why = error.why if isinstance(error, NotUnderstood) else error.message
        raise wrong(_USAGE_ALERTS, why) from error
    lines = _ruled(changed, name_of)
    if changed.alerts == channel.alerts:
        return "\n".join((*lines, "It was so already."))
    undo = f"/alerts {channel.chat} {rule_orders(channel.alerts)}"
    return "\n".join((*lines, f"To undo: {undo}"))


def _ruled(channel: Channel, name_of: Callable[[str], str]) -> list[str]:
    return [channel.chat, *rule_lines(channel.alerts, name_of)]


COMMANDS = {
    "schedule": Command(schedule, "when a channel is told: /schedule [CHANNEL] weekdays at 9"),
    "alerts": Command(alerts, "what a channel is told at once: /alerts [CHANNEL] RULES"),
}
PRESSES: dict[str, Press] = {}
