"""`dadkhah demo`, `run`, `poll`, `digest`, `deliver`, `deliveries`: the main job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import Program
    from bot.deliver import DeliverySummary
    from bot.jobs import Built
    from bot.poller import PollSummary, Progress
    from watchers.model import Feed, PollResult
    from watchers.telling import Channel, Delivery

deliveries = typer.Typer(
    help="Pages by state, and decisions on uncertain ones.", no_args_is_help=True
)

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command(rich_help_panel="Start here")(demo)
    app.command(rich_help_panel="Start here")(run)
    app.command(rich_help_panel="Start here")(worker)
    app.command(rich_help_panel="Watching")(poll)
    app.command(rich_help_panel="Telling")(digest)
    app.command(rich_help_panel="Telling")(deliver)
    app.add_typer(deliveries, name="deliveries", rich_help_panel="Telling")


def demo() -> None:
    """Try it: sample feeds on this machine, two polls, two digests. Changes nothing."""
    import asyncio

    from bot.demo.show import show

    asyncio.run(show())


def run() -> None:
    """The whole service: polls, digests, the bot, the health page. Ends with SIGTERM."""
    import asyncio
    import signal
    import sys

    # As PID 1 in a container a signal without a handler is lost; the service sets its own later.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from bot.cli.edge import serving, settings
    from bot.service import Service
    from bot.waiting import opened

    found = settings()

    async def serve() -> None:
        async with serving(found, opened) as program:
            await Service(program).run()

    asyncio.run(serve())


def worker() -> None:
    """A worker of the distributed engine: polls, digests and posts what `run` orders.

    As many as you like, on any machines. Ends with SIGTERM.
    """
    import asyncio
    import signal
    import sys

    from bot.cli.edge import fail, serving, settings

    found = settings()
    if found.engine != "distributed":
        fail(
            "a worker is for DADKHAH_ENGINE=distributed, which needs PostgreSQL; with the embedded "
            "engine `dadkhah run` does all the work.",
            2,
        )
    # As PID 1 in a container a signal without a handler is lost; the worker sets its own later.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from bot.tasks_worker import Worker, opened

    async def serve() -> None:
        async with serving(found, opened) as program:
            await Worker(program).run()

    asyncio.run(serve())


def poll(
    feeds: list[str] = typer.Argument(None, help="Numbers or addresses (default: what is due)."),
    all_: bool = typer.Option(False, "--all", help="Every feed that is not paused, due or not."),
    json: bool = _JSON,
) -> None:
    """Poll once what is due, group what came, and say what was found.

    A feed that fails does not make the command fail: it is told, and tried again.
    """
    from bot.beside import MISTAKE, Beside
    from bot.cli.edge import print_json, run_with
    from bot.poller import Poller
    from watchers.errors import InputInvalid

    async def work(program: Program) -> PollSummary:
        if await Beside(program).are_alive():
            raise InputInvalid(MISTAKE)
        chosen = await _chosen(program, feeds or [], all_=all_)
        with _progress(len(chosen)) as step:
            return await Poller(program).cycle(chosen, step)

    summary = run_with(work)
    if json:
        print_json(summary.as_dict())
    else:
        _tell(summary.as_dict())


async def _chosen(program: Program, refs: Sequence[str], *, all_: bool) -> Sequence[Feed]:
    from bot.clock import utc_now

    if refs:
        return await program.database(lambda store: [store.feed(ref) for ref in refs])
    if all_:
        every = await program.database(lambda store: store.feeds())
        return [feed for feed in every if not feed.paused]
    return await program.database(lambda store: store.due_feeds(utc_now(), 100_000))


class _progress:  # noqa: N801 - a context manager
    """A bar on stderr while feeds are polled; silent when nobody watches."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("polling"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("polling", total=total, now="")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self._step

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _step(self, feed: Feed, _: PollResult) -> None:
        self._bar.update(self._task, advance=1, now=feed.name.replace("[", "(")[:40])


def _tell(summary: dict[str, object]) -> None:
    failures = summary["failures"]
    typer.echo(
        "{feeds} feeds polled: {changed} changed, {unchanged} unchanged, {failed} failed.\n"
        "{new} new articles: {relevant} relevant, {named} naming an official in other news, "
        "{baseline} too old to be news.\n"
        "{copies} seen again at another place, {updated} updated by their outlet.".format(**summary)
    )
    if summary["outage"]:
        typer.echo(
            f"{summary['outage']} feeds could not be asked: the network seems to be down here. "
            "No feed is blamed; they are tried again.",
            err=True,
        )
    skipped = summary["skipped"]
    for feed in skipped if isinstance(skipped, list) else ():
        typer.echo(f"  left out: {feed}: a worker is at its host; try again soon", err=True)
    for failure in failures if isinstance(failures, list) else ():
        typer.echo(f"  failed: {failure['feed']}: {failure['reason']}", err=True)
    gaps = summary["gaps"]
    for feed in gaps if isinstance(gaps, list) else ():
        typer.echo(f"  entries may have been missed: {feed} lists nothing known", err=True)


def digest(
    channel: str | None = typer.Argument(None, help="@name or id (default: all channels)."),
    since: str | None = typer.Option(None, help="Only articles first seen since: 24h, 7d, ISO."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Print it; queue and mark nothing."),
    json: bool = _JSON,
) -> None:
    """Build a digest of what was not told yet and queue it (`deliver` sends it)."""
    from bot import jobs
    from bot.cli.edge import moment, print_json, run_with
    from bot.clock import utc_now

    start = moment(since, "--since")

    async def work(program: Program) -> list[tuple[Channel, Built | None]]:
        now, told = utc_now(), []
        for one in await _channels(program, channel):
            built = (
                await jobs.build(program, one, now, start)
                if dry_run
                else await jobs.queue(program, one, slot=now, now=now, scheduled=False, since=start)
            )
            told.append((one, built))
        return told

    for one, built in run_with(work):
        row = _digest_row(one, built)
        if json:
            print_json(row)
            continue
        for page in built.pages if built and dry_run else ():
            typer.echo(page.text + "\n")
        typer.echo(
            f"{one.chat}: {row['stories']} stories and {row['named']} articles naming officials, "
            f"{len(built.pages) if built else 0} page(s) {'to queue' if dry_run else 'queued'}."
            f"{' They wait for an admin: /approvals.' if built and built.waits else ''}",
            err=dry_run,
        )


def _digest_row(channel: Channel, built: Built | None) -> dict[str, object]:
    return {
        "channel": channel.chat,
        "stories": len(built.digest.stories) if built else 0,
        "named": len(built.digest.named) if built else 0,
        "pages": [page.text for page in built.pages] if built else [],
    }


async def _channels(program: Program, ref: str | None) -> Sequence[Channel]:
    from bot import jobs

    if ref is None:
        return await jobs.told_channels(program)
    return (await program.database(lambda store: store.channel(ref)),)


def deliver(json: bool = _JSON) -> None:
    """Send what is queued, once. Exit 1 if a page failed or is uncertain."""
    from bot.cli.edge import fail, print_json, run_with, settings
    from bot.deliver import deliver_all
    from bot.sender import senders

    found = settings()

    async def work(program: Program) -> list[tuple[Channel, DeliverySummary | None]]:
        async with senders(found) as sender_for:
            return await deliver_all(program.database, sender_for)

    rows = run_with(work)
    for channel, summary in rows:
        outcomes = summary.outcomes if summary else {}
        if json:
            print_json({"channel": channel.chat, "outcomes": outcomes})
        else:
            said = ", ".join(f"{n} {what}" for what, n in outcomes.items()) or "nothing to send"
            typer.echo(f"{channel.chat}: {said}", err=True)
    unsent = [channel.chat for channel, summary in rows if summary is None]
    if unsent:
        fail(f"no DADKHAH_TELEGRAM_TOKEN: what is queued for {', '.join(unsent)} stays queued.", 2)
    if not all(summary.is_clean for _, summary in rows if summary):
        raise typer.Exit(1)


@deliveries.command("list")
def list_deliveries(
    state: list[str] = typer.Option(
        ["uncertain", "failed", "sending"],
        help="queued, sending, sent, failed, uncertain or dropped.",
    ),
    json: bool = _JSON,
) -> None:
    """Pages by state; by default those that need a decision."""
    from bot.cli.edge import iso, one_of, print_json, store, table
    from watchers.telling import DeliveryState

    names = {str(s): s for s in DeliveryState}
    states = [one_of(names, name, "--state") for name in state]
    with store(create=False) as opened:
        found = opened.deliveries(*states)
        chats = {channel.id: channel.chat for channel in opened.channels()}
    rows = [_delivery(d, chats.get(d.channel_id, "subscriber")) for d in found]
    for row in rows if json else ():
        print_json(row)
    if not json:
        table(
            "",
            ("id", "channel", "page", "state", "since", "why"),
            [
                (r["id"], r["channel"], f"{r['page']}/{r['pages']}", r["state"],
                 iso(d.claimed_at), r["error"])
                for r, d in zip(rows, found, strict=True)
            ],
        )  # fmt: skip


def _delivery(delivery: Delivery, chat: str) -> dict[str, object]:
    names = ("id", "digest_id", "page", "pages", "attempts", "claimed_at", "sent_at", "message_id")
    values = {name: getattr(delivery, name) for name in names}
    return {"channel": chat, "state": str(delivery.state), **values, "error": delivery.error}


@deliveries.command()
def settle(
    words: list[str] = typer.Argument(
        metavar="[DELIVERY] DECISION",
        help="The number, as `deliveries list` prints it; then arrived, resend or drop.",
    ),
    all_private: bool = typer.Option(
        False, "--all-private", help="All pages to subscribers at once; give no number then."
    ),
) -> None:
    """Decide on an uncertain or failed page: it arrived, send it again, or drop it."""
    from bot.cli.edge import fail, store
    from bot.clock import utc_now
    from bot.wording import count

    *numbers, decision = words
    if decision not in ("arrived", "resend", "drop"):
        fail(f"{decision!r} is none of arrived, resend, drop.", 2)
    if all_private:
        if numbers:
            fail("give no number with --all-private: it is about all pages to subscribers.", 2)
        with store(create=False) as opened:
            done = opened.settle_private(decision, at=utc_now(), actor="cli")
        typer.echo(f"{count(done, 'page')} to subscribers decided on: {decision}.")
        return
    if len(numbers) != 1 or not (numbers[0].isascii() and numbers[0].isdecimal()):
        fail("give the number of one page, as `deliveries list` prints it, and a decision.", 2)
    number = int(numbers[0][:18])
    with store(create=False) as opened:
        found = opened.settle_delivery(number, decision, at=utc_now(), actor="cli")
    typer.echo(f"Page {found.page}/{found.pages} of digest {found.digest_id} is {found.state}.")
