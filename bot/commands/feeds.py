"""Orders of admins about feeds: add, look, pause, check. Each says in plain words what it did."""

from __future__ import annotations

from bot import wording
from bot.app import Program
from bot.clock import utc_now
from bot.commands import confirming
from bot.commands.orders import ALL, PRESS, Button, Order, Reply
from bot.facts import WEEK, FeedFacts, feed_facts, feed_lines
from bot.wording import ago, count, isolated, outcome, short
from watchers.discovery import Check, Discovery
from watchers.feed_addresses import feed_ref, feed_url
from watchers.model import Feed, FeedSpec
from watchers.ports import Store

REMOVE = "rmfeed"  # how the data of the buttons that remove a feed begin
_PAGE = 20  # feeds in one message
_RUNS = 5  # of a feed's ledger in one message
_NAME = 40  # characters of a name in a list
_LABEL = 60  # characters of a button
_SAMPLE = 100  # characters of a title


async def add_feed(program: Program, order: Order) -> str | Reply:
    """/addfeed URL"""
    if len(order.words) != 1:
        return "Usage: /addfeed URL\nGive one address: /addfeed https://example.org/feed/"
    now = utc_now()
    found = await program.registry.look(order.words[0], now)
    if found.choice and not found.is_feed:
        return _choice(found, order)
    spec = FeedSpec(found.url)
    added = await program.registry.add_found(found.found, spec, now=now, actor=order.actor)
    return "\n".join(_added(feed, check) for feed, check in added)


def _choice(found: Discovery, order: Order) -> Reply:
    """A page with feeds: what each would have brought, a button for each, and one for all."""
    token = order.choices.keep(found.choice)
    feeds = count(len(found.found), "feed")
    lines = [f"{found.url} is a page with {feeds}. Nothing was added yet; choose:"]
    buttons = []
    for number, check in enumerate(found.choice, 1):
        lines += [f"{number}. {wording.found(check)}", check.url, *_matching(check)]
        buttons.append(Button(f"{number}. {check.title}"[:_LABEL], f"{PRESS}:{token}:{number - 1}"))
    if len(buttons) > 1:
        buttons.append(Button("all of them", f"{PRESS}:{token}:{ALL}"))
    lines += [f"Watched already: {feed.id}. {feed.name}" for feed in found.watched.values()]
    lines.append("Or send /addfeed with the address of a feed.")
    return Reply("\n".join(lines), tuple(buttons))


async def pressed(program: Program, order: Order) -> str:
    """A button below a choice; its data are the order's only word."""
    checks = order.choices.take(order.words[0] if order.words else "")
    if not checks:
        return "This button is old. Send /addfeed with the page's address again."
    added = await program.registry.add_found(
        checks, FeedSpec(checks[0].url), now=utc_now(), actor=order.actor
    )
    return "\n".join(_added(feed, check) for feed, check in added)


def _added(feed: Feed, check: Check) -> str:
    told = f"Feed {feed.id} is watched: {feed.name}\n{feed.url}"
    if check.failure is not None:
        return f"{told}\nIt could not be read now: {check.failure.detail}. It is tried again."
    entries = count(check.entries, "entry", "entries")
    news = "What was published in the last 24 hours counts as news."
    said = f"{entries}, {check.relevant} of them on the subject. {news}"
    return "\n".join((told, said, *_matching(check)))


def _matching(check: Check) -> list[str]:
    """What the feed's last entries would have matched: how many, and the titles of some."""
    told = (
        (check.relevant, "on the subject", check.samples),
        (check.named, "naming officials in other news", check.named_samples),
    )
    lines = []
    for number, what, titles in told:
        if number:
            shown = ", ".join(f"“{isolated(short(title, _SAMPLE))}”" for title in titles)
            lines.append(f"{number} {what}: {shown}{' …' if number > len(titles) else ''}")
    return lines or ["Nothing in its last entries is on the subject or names an official."]


# ---------------------------------------------------------------- looking


async def feeds(program: Program, order: Order) -> str:
    """/feeds [PAGE]"""
    found = await program.database(lambda store: store.feeds())
    if not found:
        return "No feed is watched yet. /addfeed URL adds one."
    pages = -(-len(found) // _PAGE)
    page = _number(order.words[0]) if order.words else 1
    if len(order.words) > 1 or not 1 <= page <= pages:
        return f"Usage: /feeds [PAGE]\nThere are {count(pages, 'page')}: /feeds {pages}"
    now = utc_now()
    failing = sum(bool(feed.failures) and not feed.paused for feed in found)
    ranked = sorted(found, key=lambda f: (f.paused, not f.failures, -f.failures, f.id))
    shown = ranked[(page - 1) * _PAGE : page * _PAGE]
    lines = [f"{len(found)} feeds:" if not failing else f"{len(found)} feeds, {failing} failing:"]
    lines += [f"{f.id}. {_short(f.name)} ({f.language or '?'}): {_doing(f)}, "
              f"read {ago(f.last_success, now)}" for f in shown]  # fmt: skip
    if page < pages:
        lines.append(f"and {len(found) - page * _PAGE} more: /feeds {page + 1}")
    return "\n".join(lines)


def _doing(feed: Feed) -> str:
    if feed.paused:
        return "paused"
    return f"failing ({_short(feed.last_error or '?')})" if feed.failures else "ok"


def _short(text: str) -> str:
    return text if len(text) <= _NAME else text[: _NAME - 1] + "…"


def _number(word: str) -> int:
    """A number in any script's digits; 0 if it is none."""
    ref = feed_ref(word) if word.isdecimal() else ""
    return int(ref[:9]) if ref else 0


async def feed(program: Program, order: Order) -> str:
    """/feed NUMBER"""
    if len(order.words) != 1:
        return _usage("feed")
    ref, now = feed_ref(order.words[0]), utc_now()
    facts = await program.database(lambda store: feed_facts(store, ref, now, now - WEEK))
    lines = [f"{facts.feed.id}. {facts.feed.name}"]
    lines += [f"{what}: {words}" for what, words in feed_lines(facts, now)]
    return "\n".join((*lines, *_latest(facts)))


def _latest(facts: FeedFacts) -> list[str]:
    """The latest runs of polls, newest first."""
    lines = ["", "latest polls (UTC):"] if facts.rows else []
    for row in reversed(facts.rows[-_RUNS:]):
        new = f", {row.new} new of {row.listed}" if row.outcome == "changed" else ""
        times = f"{row.since:%m-%d %H:%M}"
        if row.polls > 1:
            times += f" to {row.until:%m-%d %H:%M}, {row.polls} polls"
        lines.append(f"{times}: {outcome(row)}{new}")
    return lines


async def check_feed(program: Program, order: Order) -> str:
    """/checkfeed NUMBER or URL"""
    if len(order.words) != 1:
        return "Usage: /checkfeed NUMBER or URL\n/feeds shows the numbers."
    word = order.words[0]
    if word.isdecimal():
        url = (await program.database(lambda store: store.feed(feed_ref(word)))).url
    else:
        url = feed_url(word)
    read = await program.registry.check(url, utc_now())
    if read.failure is None:
        return f"{url}\nIt can be read: {wording.found(read)}, {read.relevant} on the subject."
    no_feed = read.failure.kind in ("not-a-feed", "malformed")
    hint = "\n/addfeed looks for the feeds of a page." if no_feed else ""
    return f"{url}\nIt cannot be read now: {read.failure.detail}.{hint}"


# ---------------------------------------------------------------- changing


async def remove_feed(program: Program, order: Order) -> str | Reply:
    """/removefeed NUMBER"""
    if len(order.words) != 1:
        return _usage("removefeed")
    now = utc_now()
    ref = feed_ref(order.words[0])
    facts = await program.database(lambda store: feed_facts(store, ref, now, now - WEEK))
    found = facts.feed
    text = (
        f"Stop watching feed {found.id}, {found.name}?\n{found.url}\nIts articles stay; its "
        f"settings and what is remembered of its polls go. /pausefeed {found.id} only rests it."
    )
    pending = confirming.Pending(REMOVE, found.id)
    return confirming.ask(order, REMOVE, pending, text, f"Remove feed {found.id}")


async def removing(program: Program, order: Order) -> Reply:
    """[Remove feed] or [Cancel]. FeedUnknown if it is gone already."""
    pending, do_it = confirming.answered(order, REMOVE)
    if pending is None:
        return confirming.old()
    if not do_it:
        return confirming.left()
    number = pending.number
    gone = await program.database(
        lambda store: store.remove_feed(number, at=utc_now(), actor=order.actor)
    )
    text = f"Feed {gone.id} is no longer watched: {gone.name}. Its articles stay."
    return Reply(text, instead=True)


async def pause_feed(program: Program, order: Order) -> str:
    """/pausefeed NUMBER"""
    if len(order.words) != 1:
        return _usage("pausefeed")
    found = await _set_paused(program, order, paused=True)
    return f"Feed {found.id} is paused: {found.name}. /resumefeed {found.id} polls it again."


async def resume_feed(program: Program, order: Order) -> str:
    """/resumefeed NUMBER"""
    if len(order.words) != 1:
        return _usage("resumefeed")
    found = await _set_paused(program, order, paused=False)
    return f"Feed {found.id} is polled again, at once: {found.name}."


async def _set_paused(program: Program, order: Order, *, paused: bool) -> Feed:
    def change(store: Store) -> Feed:
        found = store.feed(feed_ref(order.words[0]))
        return store.pause_feed(found.id, paused=paused, at=utc_now(), actor=order.actor)

    return await program.database(change)


def _usage(command: str) -> str:
    return f"Usage: /{command} NUMBER\n/feeds shows the numbers."
