"""The big switch: nothing is posted anywhere, or again."""

from __future__ import annotations

from bot.app import Program
from bot.clock import utc_now
from bot.commands import confirming
from bot.commands.orders import Command, Order, Press, Reply
from bot.commands.which import wrong
from bot.wording import count
from watchers.telling import Counts

RESUME = "post"  # how the data of these buttons begin


async def stop_posting(program: Program, order: Order) -> str:
    """/stopposting"""
    if order.words:
        raise wrong("/stopposting", "It takes no words: it stops every channel at once.")
    changed, counts = await program.database(
        lambda s: (s.stop_posting(stopped=True, at=utc_now(), actor=order.actor), s.counts())
    )
    head = "Posting is stopped everywhere." if changed else "Posting was stopped already."
    return (
        f"{head} {_waiting(counts)}; digests are built and wait too. A page that is being "
        "sent at this moment may still arrive. Corrections of what was posted go on. "
        "/resumeposting posts again."
    )


async def resume_posting(program: Program, order: Order) -> str | Reply:
    """/resumeposting"""
    if order.words:
        raise wrong("/resumeposting", "It takes no words: it resumes every channel at once.")
    stopped, counts = await program.database(lambda s: (s.posting_stopped(), s.counts()))
    if not stopped:
        return "Posting is not stopped."
    text = (
        f"Post again, in every channel that is not paused? {_waiting(counts)}. What is queued "
        "goes out at once, one page after another."
    )
    pending = confirming.Pending(RESUME)
    return confirming.ask(order, RESUME, pending, text, "Post again")


async def pressed(program: Program, order: Order) -> Reply:
    """[Post again] or [Cancel]."""
    pending, do_it = confirming.answered(order, RESUME)
    if pending is None:
        return confirming.old()
    if not do_it:
        return Reply("Cancelled. Posting is as it was.", instead=True)
    changed, counts = await program.database(
        lambda s: (s.stop_posting(stopped=False, at=utc_now(), actor=order.actor), s.counts())
    )
    head = "Posting goes on." if changed else "Posting went on already."
    return Reply(f"{head} {_waiting(counts)}.", instead=True)


def _waiting(counts: Counts) -> str:
    """How many pages would go out, to channels and to subscribers."""
    private = counts.extra.get("private_queued", 0)
    parts = [count(counts.queued, "page")] if counts.queued else []
    parts += [f"{count(private, 'page')} to subscribers"] if private else []
    one = counts.queued + private == 1
    return f"{' and '.join(parts)} wait{'s' if one else ''}" if parts else "No page waits"


COMMANDS = {
    "stopposting": Command(stop_posting, "post nothing anywhere, at once"),
    "resumeposting": Command(resume_posting, "post again, after a look at what waits"),
}
PRESSES = {RESUME: Press(pressed)}
