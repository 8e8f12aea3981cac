"""Lists of feeds by chat: a document in, a document out."""

from __future__ import annotations

import asyncio

from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import Order, Reply
from bot.wording import count
from watchers.errors import FeedListInvalid
from watchers.feedlist import FeedList, FeedSpec, parse_feed_list, write_opml
from watchers.registry import completed

MAX_BYTES = 1_000_000  # of a document; 3,000 feeds take about half of it
SKIP = "skip bad"  # the caption that leaves out rows that cannot be used
_TOLD = 10  # rows that are told of each sort
_LINE = 150  # characters of one of them

WHAT = "I take lists of feeds, as OPML or TOML, of at most 1 MB."


async def import_list(program: Program, order: Order, name: str, data: bytes) -> str:
    """A document that an admin sent; the order's words are its caption.

    All its feeds are added in one transaction. FeedListInvalid: nothing was changed.
    """
    if len(data) > MAX_BYTES:
        return f"{name} is too large. {WHAT} Nothing was changed."
    listed = await asyncio.to_thread(parse_feed_list, data, name)
    skips = " ".join(order.words).lower().strip(" .\"'") == SKIP
    if listed.left_out and not skips:
        return _refused(listed, name)
    outlets = program.knowledge.outlets
    specs = tuple(completed(spec, outlets) for spec in listed.feeds)
    added = await program.database(
        lambda store: store.add_feeds(specs, at=utc_now(), actor=order.actor)
    )
    lines = [f"{count(added, 'feed')} added, {len(specs) - added} were watched already."]
    lines += _some(listed.left_out, "row left out", "rows left out")
    lines += _some(listed.duplicates, "address listed twice", "addresses listed twice")
    lines += _some(listed.problems, "value changed", "values changed")
    return "\n".join(lines)


def _refused(listed: FeedList, name: str) -> str:
    """Rows that cannot be used keep the others out, unless the caption says otherwise."""
    rows = _some(listed.left_out, "row cannot be used", "rows cannot be used")
    others = count(len(listed.feeds), "other feed")
    hint = f'Mend them, or send it again with the caption "{SKIP}" to add the {others}.'
    return "\n".join((f"{name}: nothing was changed.", *rows, hint))


def explained(error: FeedListInvalid) -> str:
    """Why a list could not be read, in as many lines as a message has room for."""
    head = f"{error.source} cannot be used. Nothing was changed."
    return "\n".join((head, *_some(error.problems, "problem", "problems"), WHAT))


def _some(told: tuple[str, ...], one: str, many: str) -> list[str]:
    if not told:
        return []
    lines = [f"  {_short(line)}" for line in told[:_TOLD]]
    if len(told) > _TOLD:
        lines.append(f"  and {len(told) - _TOLD} more")
    return [f"{count(len(told), one, many)}:", *lines]


def _short(line: str) -> str:
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


async def export_list(program: Program, order: Order) -> str | Reply:  # noqa: ARG001 - a handler
    """/export"""
    found = await program.database(lambda store: store.feeds())
    if not found:
        return "No feed is watched yet. /addfeed URL adds one."
    specs = [FeedSpec(f.url, f.name, f.language, f.kind, f.site) for f in found]
    name = f"dadkhah-feeds-{utc_now():%Y-%m-%d}.opml"
    return Reply(count(len(specs), "feed"), file_name=name, file=write_opml(specs))
