"""`dadkhah demo`: the whole way of an item on invented samples, in a temporary database.

The samples' reserved host names are asked for through the sample server, which stands in as
an HTTP proxy on loopback; everything else is the real thing: fetcher, workers, store, digest,
outbox, delivery to the console.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from bot import jobs
from bot.app import Program, open_database, program
from bot.clock import utc_now
from bot.deliver import Deliverer
from bot.demo.samples import sample_feeds
from bot.demo.server import SampleServer
from bot.poller import Poller
from config import logs
from config.settings import Settings
from watchers.model import Feed, PollResult
from watchers.telling import Channel, ChannelSpec, Exported, Page, SendOutcome, SendResult
from watchers.urls import host

_MARKS = re.compile("[\u200f\u2060\u2068\u2069]")
_ZONES = (("console", "Europe/Berlin", "en"), ("@demo_fa", "Asia/Tehran", "fa"))


class _Terminal:
    """Prints a digest as its reader sees it: right-to-left lines stand at the right edge.

    The order of letters is left to the terminal; the marks that tell Telegram which way a
    line runs are taken out, since terminals print them as boxes.
    """

    def __init__(self, console: Console, language: str) -> None:
        self._console = console
        self._right = language in ("fa", "ar")

    async def send(self, channel: Channel, page: Page) -> SendResult:  # noqa: ARG002 - the port
        """Print a page."""
        text = _MARKS.sub("", page.text)
        self._console.print(Text(text + "\n", justify="right" if self._right else "left"))
        return SendResult(SendOutcome.SENT, message_id=0)


async def show() -> None:
    """Run the demo; everything it makes is gone at the end."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    logs.set_up("error", "text")
    began = time.monotonic()
    console.print(
        "Everything below is invented: sample feeds on reserved host names, served on this "
        "machine.\nNo token and no network are used, and nothing is kept.\n"
    )
    with tempfile.TemporaryDirectory(prefix="dadkhah-demo-") as folder:
        async with SampleServer(utc_now()) as server:
            settings = _settings(Path(folder), server.proxy_url)
            store = open_database(settings)
            for chat, zone, language in _ZONES:
                spec = ChannelSpec(chat, zone, ("08:00",), language)
                store.add_channel(spec, at=utc_now(), actor="demo")
            async with program(settings, store) as parts:
                told: set[str] = set()
                for wave in (1, 2):
                    server.wave = wave
                    told |= await _wave(parts, console, wave)
                await _explain(parts, console, told)
                _count_answers(console, [exchange.status for exchange in server.log])
    took = time.monotonic() - began
    console.print(
        f"\nDone in {took:.1f} s. To go on with feeds and a channel of your own:\n"
        + _NEXT.format(command=_command()),
    )


_COUNTS = (
    "{new} new articles: {relevant} relevant, {named} naming an official in other news, {baseline} "
    "too old or undated\nto be news. {copies} known already from another address, {updated} "
    "updated by their outlet.\n"
)
_NEXT = """
  1. @BotFather on Telegram gives you a bot and its token; make a channel and add the bot as
     an admin who may post.
  2. export DADKHAH_TELEGRAM_TOKEN=123456:ABC...   DADKHAH_CHANNEL=@yourchannel
     export DADKHAH_ADMINS=your-numeric-id         DADKHAH_CONTACT=you@example.org
  3. {command} doctor   checks all of it and says what to do
     {command} run      watches 119 feeds and posts digests (without a token: prints them)
"""


def _settings(folder: Path, proxy: str) -> Settings:
    listed = folder / "feeds.toml"
    rows = [
        f'[[feed]]\nurl = "{feed.url}"\nname = "{feed.name}"\nlanguage = "{feed.language}"\n'
        f'kind = "{feed.kind}"\n'
        for feed in sample_feeds()
    ]
    listed.write_text("\n".join(rows), encoding="utf-8")
    return Settings.model_construct(
        **{
            **{name: field.default for name, field in Settings.model_fields.items()},
            "data_dir": folder,
            "feeds": listed,
            "proxy": type(Settings.model_fields["proxy"].default)(proxy),
            "host_delay": 0.0,
        }
    )


async def _wave(parts: Program, console: Console, wave: int) -> set[str]:
    """Poll all feeds and tell both channels; the subjects that were told."""
    titles = {1: "First poll: all feeds are new", 2: "Second poll: a few new entries"}
    console.rule(titles[wave])
    feeds = await parts.database(lambda store: store.feeds())
    rows: list[tuple[Feed, PollResult]] = []
    with Progress(
        TextColumn("polling"), BarColumn(), MofNCompleteColumn(), console=console,
        disable=not console.is_terminal, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("polling", total=len(feeds))

        def step(feed: Feed, result: PollResult) -> None:
            rows.append((feed, result))
            bar.advance(task)

        summary = await Poller(parts).cycle(feeds, step)
    console.print(_fetched(sorted(rows, key=lambda row: row[0].id)))
    console.print(_COUNTS.format(**summary.as_dict()))
    return await _tell(parts, console)


def _fetched(rows: Sequence[tuple[Feed, PollResult]]) -> Table:
    table = Table("feed", "language", "kind", "answer", "bytes", "new or changed", box=None)
    for feed, result in rows:
        answer = str(result.status or "")
        found: object = len(result.items)
        if result.failure is not None:
            found = f"failed: {result.failure.detail}"
        table.add_row(
            Text(feed.name), feed.language, feed.kind, answer, str(result.size), str(found)
        )
    return table


async def _tell(parts: Program, console: Console) -> set[str]:
    deliverer = Deliverer(parts.database)
    now = utc_now()
    told: set[str] = set()
    for channel in await parts.database(lambda store: store.channels()):
        heading = {"en": "Digest in English", "fa": "The same in Persian"}[channel.language]
        console.print(Text(f"─── {heading} ({channel.timezone}) ", style="bold"))
        built = await jobs.queue(parts, channel, slot=now, now=now, scheduled=False)
        told.update(built.subjects if built else ())
        await deliverer.deliver(channel, _Terminal(console, channel.language))
    return told


async def _explain(parts: Program, console: Console, told: Collection[str]) -> None:
    console.rule("What was stored, folded and left out, and why")
    stored = await parts.database(lambda store: list(store.export()))
    counts = Counter(_fate(article, told) for article in stored)
    table = Table("articles", "fate", "for example", box=None)
    for fate, number in sorted(counts.items(), key=lambda pair: -pair[1]):
        example = next(a for a in stored if _fate(a, told) == fate)
        table.add_row(
            str(number), fate, Text(f"{_short(example.title, 60)} ({host(example.feed)})")
        )
    console.print(table)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _command() -> str:
    """How to call the program from here: by its name if the shell finds it."""
    own = Path(sys.executable).with_name("dadkhah")
    return "dadkhah" if shutil.which("dadkhah") else os.path.relpath(own)


def _count_answers(console: Console, statuses: Sequence[int]) -> None:
    answers = Counter(statuses)
    console.print(
        f"\n{len(statuses)} requests: {answers[200]} answered in full, {answers[304]} with 304 "
        "(not modified): those cost no parsing. The rest asked for robots.txt and for the pages "
        "of suspicious articles, which the samples do not have."
    )


def _fate(article: Exported, told: Collection[str]) -> str:
    """What became of an article, in words."""
    if article.duplicate_of:
        return "folded into its story: a copy"
    if article.relevant and article.story in told:
        return "told, or joined a story already told"
    if article.relevant:
        return "kept, not told: a day old or undated when its feed was new"
    if article.officials:
        return "told apart: an official in other news"
    return "left out: not on the subject"
