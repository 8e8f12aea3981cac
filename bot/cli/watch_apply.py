"""What every edit of the watchlist does at the shell: made, stored, told, judged by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from watchers.amend import Edit, Joined
    from watchers.ports import Store

ROWS_TOLD = 20
TRIES = 3  # of an edit while others change the list
LISTED = 20  # articles that a dry run lists


def edited(make: Callable[[Joined], Edit], dry_run: bool, no_rejudge: bool) -> None:
    """Make an edit of the list in force and tell it; store it, unless it is a dry run."""
    from bot.cli.edge import store
    from bot.cli.watch import in_force
    from bot.cli.watch_rehearse import show_rehearsal
    from watchers.amend import after

    before = in_force()
    edit = make(before)
    joint = after(before, edit)
    if joint.rows == before.rows:
        typer.echo("It is so already; nothing was changed.")
        return
    if dry_run:
        _tell_edit(before, joint, edit)
        show_rehearsal(before, joint, limit=LISTED)
        typer.echo("Nothing was changed.", err=True)
        return
    with store(create=True) as opened:
        before, edit = _stored(opened, make, before, edit)
        joint = after(before, edit)
        _tell_edit(before, joint, edit)
        typer.echo(f"The watchlist is now {joint.watchlist.version}, change {joint.revision}.")
        _judge_again(opened, joint, no_rejudge)


def _stored(
    opened: Store, make: Callable[[Joined], Edit], before: Joined, edit: Edit
) -> tuple[Joined, Edit]:
    """Store an edit, made anew where others changed other rows; the list before it, and the edit.

    WatchlistChanged if they changed the same row, or changed others again and again.
    """
    from bot.cli.watch import in_force
    from bot.clock import utc_now
    from bot.knowing import apply
    from watchers.errors import WatchlistChanged

    for left in range(TRIES - 1, -1, -1):
        try:
            apply(opened, edit, expected=before.revision, actor="cli", at=utc_now())
        except WatchlistChanged:
            now = in_force()
            keys = [*((row.section, row.id) for row in edit.rows), *edit.drop]
            if not left or any(now.rows.get(key) != before.rows.get(key) for key in keys):
                raise
            before, edit = now, make(now)
        else:
            break
    return before, edit


def _tell_edit(before: Joined, joint: Joined, edit: Edit) -> None:
    """What the rows of an edit become."""
    from bot.cli.paragraphs import paragraph
    from bot.watch_wording import row_lines, still_quiet
    from watchers.overlay import current

    old, new = current(before), current(joint)
    keys = [*((row.section, row.id) for row in edit.rows), *edit.drop]
    for key in keys[:ROWS_TOLD]:
        was, now = old.get(key), new.get(key)
        what = "added" if was is None else "removed" if now is None else "changed"
        if was == now:
            what = "kept as it is"
        named = now or was
        paragraph(f"{key[1]} ({named.name if named else key[0]}): {what}")
        for line in row_lines(was, now) if what == "changed" else row_lines(None, now):
            if line.field not in ("id", "name") and was != now:
                paragraph(str(line), 2)
        if edit.action == "watch.unhold" and (why := still_quiet(now)):
            paragraph(why, 2)
    if len(keys) > ROWS_TOLD:
        typer.echo(f"and {len(keys) - ROWS_TOLD} more")


def _judge_again(opened: Store, joint: Joined, no_rejudge: bool) -> None:
    """Let what is stored be judged by the new list, here or by the running service."""
    from bot.cli.paragraphs import bar
    from bot.knowing import Again, Busy, judge_again
    from bot.wording import count

    if no_rejudge:
        typer.echo("Stored articles are judged again when the service runs.")
        return
    with bar("judging again", opened.counts().articles) as step:
        again = judge_again(opened, joint, progress=step)
    if again is Busy.SERVICE:
        typer.echo("The running service takes it up at once and judges stored articles again.")
    elif again is Busy.COMMAND:
        typer.echo("Another command is judging stored articles: they are judged by this change "
                   "when the service runs, or after the next change.")  # fmt: skip
    elif again.judged:
        which = "of them otherwise" if again.judged > 1 else "otherwise"
        typer.echo(f"{count(again.judged, 'stored article')} judged again, {again.changed:,} "
                   f"{which} than before.")  # fmt: skip
    if isinstance(again, Again):
        _group(opened)


def _group(opened: Store) -> None:
    """Group what was judged otherwise, unless another process does: digests tell only groups."""
    from bot.app import Knowledge
    from watchers.settler import settle

    with opened.lock("settle") as free:
        if free:
            settle(opened, Knowledge().clusterer)
