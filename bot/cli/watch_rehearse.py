"""`dadkhah watch rehearse FILE`: what a changed watchlist would find in what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from watchers.changes import Stored
    from watchers.model import Match, Verdict
    from watchers.outlets import OutletTable
    from watchers.overlay import Joined
    from watchers.rehearsal import Change, Rehearsal

MAX_BYTES = 8_000_000  # of a file; more than a text of the most characters can have
MOST_LISTED = 1_000


def rehearse(
    file: Path = typer.Argument(help=r"A whole watchlist, or [\[person]] and [\[own_topic]] rows."),
    since: str | None = typer.Option(None, help="Only first seen since: ISO 8601, 24h or 7d."),
    limit: int = typer.Option(50, min=0, max=MOST_LISTED, help="How many articles are listed."),
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object."),
) -> None:
    """What stored articles would gain and lose by a changed watchlist. Changes nothing."""
    from bot.cli.edge import moment
    from bot.cli.watch import in_force

    start = moment(since, "--since")
    joint = in_force()
    after = changed_by(joint, read_text(file), str(file))
    show_rehearsal(joint, after, since=start, limit=limit, json=json)


def read_text(path: Path) -> str:
    """The text of a file of rows. WatchlistInvalid, OSError."""
    from bot.cli.watch import read_some
    from watchers.errors import WatchlistInvalid

    data = read_some(path, MAX_BYTES)
    if len(data) > MAX_BYTES:
        said = f"{path}: over {MAX_BYTES:,} bytes; split it or take rows away."
        raise WatchlistInvalid(str(path), (said,))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        said = f"{path}:{line}: not UTF-8; save it as UTF-8."
        raise WatchlistInvalid(str(path), (said,)) from error


def changed_by(joint: Joined, text: str, source: str) -> Joined:
    """The watchlist as it would be by a file. WatchlistInvalid, InputInvalid.

    A whole file (it has [meta]) is taken for a new shipped one, under the admins' rows, as an
    update would be.
    """
    from watchers import amend
    from watchers.changes import WatchRows
    from watchers.watchlist import load_toml, read_file

    if "meta" in load_toml(text, source):
        rows = WatchRows(joint.revision, tuple(joint.rows.values()))
        return amend.joined(read_file(text, source), rows)
    return amend.after(joint, amend.put_file(joint, text, source))


def show_rehearsal(
    before: Joined, after: Joined, *, since: datetime | None = None, limit: int, json: bool = False
) -> None:
    """Judge what is stored by both, and print what differs. StoreError."""
    from bot.cli.edge import print_json, store
    from bot.cli.paragraphs import bar
    from watchers.match import Matcher
    from watchers.rehearsal import rehearse as judge_by_both

    matchers = Matcher(before.watchlist), Matcher(after.watchlist)
    with store(create=False) as opened:
        total = None if since else opened.counts().articles
        with bar("rehearsing", total) as step:
            found = judge_by_both(opened, *matchers, since=since, limit=limit, progress=step)
    if json:
        versions = {"before": before.watchlist.version, "after": after.watchlist.version}
        print_json({**versions, **_as_dict(found)})
    else:
        _tell(found)
    _warn(before, after)


def _as_dict(found: Rehearsal) -> dict[str, object]:
    """The keys of `watch rehearse --json` behind the two versions (docs/commands.md)."""
    names = ("judged", "changed", "becomes_relevant", "relevant_no_more", "gained", "lost")
    values: dict[str, object] = {name: getattr(found, name) for name in names}
    return values | {"changes": [_change(change) for change in found.changes]}


def _change(change: Change) -> dict[str, object]:
    from bot.exporting import reason

    article = change.article
    return {
        "url": article.canonical_url,
        "title": article.title,
        "time": article.time,
        "relevant": change.after.relevant,
        "was_relevant": change.before.relevant,
        "gained": change.gained,
        "lost": change.lost,
        "reasons": [
            reason(match, article.title, article.text, verdict.watchlist)
            for verdict, match in _reasons(change)
        ],
    }


def _reasons(change: Change) -> list[tuple[Verdict, Match]]:
    """The reasons of what is gained by the new list, then of what is lost by the old one."""
    from bot.watch_wording import reasons_for

    return [
        (verdict, match)
        for verdict, subjects in ((change.after, change.gained), (change.before, change.lost))
        for match in reasons_for(verdict, subjects)
    ]


def _tell(found: Rehearsal) -> None:
    """The counts, a line for each subject, then article by article."""
    from bot.app import Knowledge
    from bot.cli.edge import table
    from bot.cli.paragraphs import paragraph
    from bot.watch_wording import summary

    counted = (found.judged, found.changed, found.becomes_relevant, found.relevant_no_more)
    paragraph(summary(*counted))
    if not found.changed:
        return
    typer.echo("")
    subjects = sorted({*found.gained, *found.lost})
    rows = [(one, found.gained[one] or "", found.lost[one] or "") for one in subjects]
    table("", ("subject", "gained in", "lost in"), rows)
    outlets = Knowledge().outlets
    for change in found.changes:
        typer.echo("")
        _tell_change(change, outlets)
    if len(found.changes) < found.changed:
        more = found.changed - len(found.changes)
        typer.echo(f"\n{more:,} more {'is' if more == 1 else 'are'} not listed: --limit.")


def _tell_change(change: Change, outlets: OutletTable) -> None:
    from bot.cli.paragraphs import paragraph
    from bot.cli.watch import explain
    from bot.watch_wording import gained_and_lost

    article = change.article
    paragraph(article.title or "(no title)")
    paragraph(f"{_outlet(article, outlets)}, {article.time:%Y-%m-%d}", 2)
    paragraph(gained_and_lost(change), 2)
    for verdict, match in _reasons(change):
        text = article.title if match.field == "title" else article.text
        explain(match, text, gone=verdict is change.before)


def _outlet(article: Stored, outlets: OutletTable) -> str:
    from watchers.urls import host

    outlet = outlets.of(article.canonical_url)
    return outlet.name if outlet else host(article.canonical_url) or article.canonical_url


def _warn(before: Joined, after: Joined) -> None:
    """Tell which rows of the admins would not fit any more."""
    known = {(one.section, one.id) for one in before.unusable}
    for one in after.unusable:
        if (one.section, one.id) not in known:
            said = f"The admins' row {one.id!r} could not be used any more: {one.reason}."
            typer.echo(said, err=True)
