"""`dadkhah withdraw`: take back or correct what was posted."""

from __future__ import annotations

import typer


def withdraw(
    story: str = typer.Argument(
        "", metavar="[STORY]", help="A story's id, or the address or number of an article."
    ),
    person: str = typer.Option("", help="All posted stories whose line names this official."),
    note: str = typer.Option("", help="A few words for readers, at most 300 characters."),
    correct: bool = typer.Option(
        False, "--correct", help="Leave the story, with the note below it."
    ),
    yes: bool = typer.Option(False, "--yes", help="Do it; without, it is only shown."),
) -> None:
    """Take back what was posted, in all channels, or correct it; without --yes it is shown only.

    The running service changes the messages, and the next digest says so.
    """
    from bot.app import Knowledge
    from bot.cli.edge import fail, settings, store
    from bot.clock import utc_now
    from bot.commands.withdraw import Asked, checked_note, look
    from bot.knowing import load
    from bot.withdrawals import CORRECTED, REMOVED, Change, carry_out, done, lines, told_nowhere
    from watchers.errors import OrderInvalid
    from watchers.stories import story_ref

    if bool(story) == bool(person):
        fail("name a story, or somebody with --person: one of the two.", 2)
    what = CORRECTED if correct else REMOVED
    try:
        change = Change(what, checked_note(note, what))
    except OrderInvalid as error:
        fail(error.message.partition("\n")[2], 2)
    asked = Asked(story_ref(story) if story else "", person, change)
    knowledge = Knowledge()
    people = frozenset(one.id for one in load(knowledge, settings()).watchlist.people)
    with store(create=False) as opened:
        taken = look(opened, asked, people)
        if told_nowhere(taken):
            fail("nothing that was posted tells it; nothing was changed.")
        for line in lines(taken, change):
            typer.echo(line)
        if not yes:
            typer.echo("\nNothing was changed yet: --yes does it.", err=True)
            return
        messages = carry_out(opened, taken.subjects, change, at=utc_now(), actor="cli")
    typer.echo(done(messages, change))
