"""`dadkhah article`: one stored article, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from bot.differences import Difference, Step
    from watchers.articles import ArticleView
    from watchers.outlets import OutletTable

app = typer.Typer(help="Single articles.", no_args_is_help=True)

_COPIES = 20  # addresses of copies that are listed
_KINDS = {
    "facts": "changed",
    "cosmetic": "only the wording changed",
    "gone": "no longer there",
    "back": "there again",
}


@app.command()
def show(
    url: str = typer.Argument(help="Any address of the article."),
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object."),
) -> None:
    """An article: where it stands, how it was judged and grouped, and how it was changed."""
    from bot.app import Knowledge
    from bot.cli.edge import print_json, store

    with store(create=False) as opened:
        view = opened.article(url.strip())
    outlets = Knowledge().outlets
    if json:
        print_json(_as_dict(view, outlets))
        return
    for line in _head(view, outlets):
        typer.echo(line)
    _print_steps(view)


def _as_dict(view: ArticleView, outlets: OutletTable) -> dict[str, object]:
    """The keys of `article show --json` (docs/commands.md)."""
    from bot.differences import steps
    from bot.exporting import row

    return {
        **row(view.article, outlets),
        "baseline": view.baseline,
        "copies": view.copies,
        "changed_at": view.changed_at,
        "gone_at": view.gone_at,
        "revisions": [_step_as_dict(step) for step in steps(view)],
    }


def _step_as_dict(step: Step) -> dict[str, object]:
    revision, changed = step.revision, step.difference
    return {
        "at": revision.at,
        "kind": revision.kind,
        "reason": revision.reason,
        "fields": revision.fields,
        "removed": None if changed is None else changed.removed,
        "added": None if changed is None else changed.added,
    }


# ---------------------------------------------------------------- for people


def _head(view: ArticleView, outlets: OutletTable) -> Iterator[str]:
    from bot.exporting import row
    from bot.i18n import catalogue
    from bot.wording import isolated, short

    article, said = view.article, row(view.article, outlets)
    kind = catalogue("en").kind(str(said["outlet_kind"]))
    yield isolated(short(article.title, 300)) or "(no title)"
    yield article.canonical_url
    yield f"{isolated(str(said['outlet']))} ({kind}), language {article.language or 'unknown'}"
    dates = [f"published {_time(article.published) if article.published else 'at an unknown time'}"]
    if article.first_published not in (None, article.published):
        dates.append(f"first {_time(article.first_published)}")
    yield f"{', '.join(dates)}; first seen {_time(article.first_seen)} in {article.feed}"
    yield _verdict(view)
    yield f"Story: {article.story or 'none'}"
    if article.duplicate_of:
        yield f"Copy of: {article.duplicate_of}"
    if view.copies:
        yield "Copies:"
        yield from (f"  {copy}" for copy in view.copies[:_COPIES])
        more = len(view.copies) + view.more_copies - _COPIES
        if more > 0:
            yield f"  and {more} more"
    if article.also:
        yield "Other addresses:"
        yield from (f"  {address}" for address in article.also)
    if view.gone_at is not None:
        yield f"No longer there since {_time(view.gone_at)}"


def _verdict(view: ArticleView) -> str:
    article = view.article
    judged = "relevant" if article.relevant else "not relevant"
    parts = [f"{judged}{', too old to be told' if view.baseline else ''}"]
    if article.officials:
        parts.append(f"officials named: {', '.join(article.officials)}")
    if article.people:
        parts.append(f"other people: {', '.join(article.people)}")
    if article.topics:
        parts.append(f"topics: {', '.join(article.topics)}")
    return f"Verdict: {'; '.join(parts)}"


def _print_steps(view: ArticleView) -> None:
    from bot.differences import steps

    typer.echo("" if view.revisions else "Never changed.")
    for step in steps(view):
        revision = step.revision
        reason = f": {revision.reason}" if revision.reason else ""
        typer.echo(f"{_time(revision.at)}  {_KINDS.get(revision.kind, revision.kind)}{reason}")
        if step.difference is not None:
            _print_difference(step.difference)
        elif revision.has_content:
            typer.echo("    (the text is not kept any more)")


def _print_difference(changed: Difference) -> None:
    from bot.wording import isolated

    for sign, colour, some in (("-", "red", changed.removed), ("+", "green", changed.added)):
        for one in some:  # colours go away in a pipe
            typer.secho(f"  {sign} {isolated(one)}", fg=colour)
    if changed.more:
        typer.echo(f"  and {changed.more} more")


def _time(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d %H:%M} UTC"
