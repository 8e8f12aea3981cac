"""`dadkhah search`: the full search over all that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.searching import Found, Group
    from watchers.outlets import Outlet
    from watchers.ports import Store
    from watchers.snippets import Snippet

_CATCH_UP = 2.0  # seconds of indexing before a search, should no service run
_MOST = 100


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    from bot.cli.data import db

    app.command(rich_help_panel="Knowing")(search)
    db.command()(reindex)


def search(  # noqa: PLR0913, PLR0917 - options
    query: list[str] = typer.Argument(help='Words, "phrases", -not, fields: see docs/search.md.'),
    official: str | None = typer.Option(None, help="Naming this person: an id or a name."),
    outlet: str | None = typer.Option(None, help="Of this outlet: a host or a name."),
    language: str | None = typer.Option(None, help="In this language."),
    since: str | None = typer.Option(None, help="Published since: 2024, 2024-05, 1403/02, 7d."),
    until: str | None = typer.Option(None, help="Published until, that day, month or year too."),
    limit: int = typer.Option(10, min=1, max=_MOST, help="How many to show, at most 100."),
    all: bool = typer.Option(
        False, "--all", help="Also what readers do not see: irrelevant, too old to be told."
    ),
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object."),
) -> None:
    """Search titles and texts of all that is stored, in any spelling (docs/search.md)."""
    from bot.app import Knowledge
    from bot.asking import Asking
    from bot.cli.edge import fail, print_json, settings, store
    from bot.clock import utc_now
    from bot.jobs import outlet_by
    from bot.knowing import load
    from bot.searching import grouped, look_up, pieces_of

    knowledge, now = Knowledge(), utc_now()
    load(knowledge, settings())
    fields = _fields(official=official, outlet=outlet, lang=language, since=since, until=until)
    question = " ".join((*fields, *query))
    wanted = Asking(knowledge).read(question, now, told=not all, everybody=True)
    if not wanted.asks:
        fail("there was no word to look for.", 2)
    with store(create=False) as opened:
        left = _indexed(opened)
        found = look_up(opened, wanted, now)
        shown = grouped(found.articles)[:limit]
        pieces = pieces_of(opened, wanted, [one.article for one in shown])
        outlet_of = outlet_by(knowledge.outlets, opened.feeds())
    told = [(one, outlet_of(one.article), pieces.get(one.article.id)) for one in shown]
    if json:
        print_json(_as_dict(found, [_row(*one) for one in told], left))
        return
    for one in told:
        for line in _lines(*one):
            typer.echo(line)
    for line in _said(found, len(shown), left):
        typer.echo(line, err=True)


def reindex() -> None:
    """Make the index of the search anew, now and all of it.

    The running service does it by itself, in parts, after an update that needs it. Safe to kill,
    to run again, and to run beside the service.
    """
    from bot.cli.edge import store
    from bot.cli.paragraphs import bar
    from bot.wording import count

    with store(create=False) as opened:
        total, done = opened.reindex(), 0
        with bar("indexing", total) as step:
            while (part := opened.index_part()).left:
                done += part.articles
                step(min(done, total))
        while opened.scrub_part():
            pass
    typer.echo(f"{count(total, 'article')} indexed.")


def _fields(**options: str | None) -> Iterator[str]:
    """Options as the question has them."""
    for name, value in options.items():
        if value:
            yield f'{name}:"{value}"'


def _indexed(opened: Store) -> int:
    """Index what came in since the service last did; how many articles are left."""
    from bot.indexing import catch_up
    from watchers.errors import StoreBusy, StoreReadOnly

    try:
        return catch_up(opened, _CATCH_UP)
    except (StoreBusy, StoreReadOnly):  # a search needs to write nothing
        return opened.to_index()


def _as_dict(found: Found, rows: Sequence[Mapping[str, object]], left: int) -> dict[str, object]:
    """The keys of `search --json` (docs/commands.md)."""
    return {
        "found": found.hits,
        "more": found.more,
        "stopped": found.stopped,
        "not_indexed": left,
        "notes": [{"kind": note.kind, "value": note.value} for note in found.wanted.notes],
        "articles": rows,
    }


def _row(group: Group, outlet: Outlet, piece: Snippet | None) -> dict[str, object]:
    article = group.article
    return {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "snippet": str(piece) if piece else "",
        "outlet": outlet.name,
        "outlet_kind": outlet.kind,
        "language": article.language,
        "published": article.published,
        "first_seen": article.first_seen,
        "relevant": article.relevant,
        "officials": article.officials,
        "topics": article.topics,
        "story": article.story,
        "copies": group.copies,
    }


def _lines(group: Group, outlet: Outlet, piece: Snippet | None) -> Iterator[str]:
    from bot.wording import count, isolated, short

    article = group.article
    yield isolated(short(article.title, 300)) or "(no title)"
    yield f"  {article.url}"
    at = article.published or article.first_seen
    details = [isolated(outlet.name), article.language or "language unknown", f"{at:%Y-%m-%d}"]
    if group.copies:
        details.append(f"and {count(group.copies, 'copy', 'copies')}")
    yield f"  {', '.join(details)}"
    if piece and piece.text:
        yield f"  “{isolated(str(piece))}”"
    yield ""


def _said(found: Found, shown: int, left: int) -> Iterator[str]:
    from bot.i18n import catalogue
    from bot.search_wording import said
    from bot.wording import count

    yield f"{'. '.join(line.rstrip('.') for line in said(found, catalogue('en')))}."
    if shown < found.hits:
        yield f"The best {shown} are shown; --limit shows more (at most {_MOST})."
    if left:
        yield f"{count(left, 'article')} not in the index yet: `dadkhah db reindex` does all."
