"""`dadkhah stories`: what is in a story and why; merging and splitting stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.story_wording import OutletOf
    from watchers.stories import StoryView

app = typer.Typer(help="Stories: articles on one event.", no_args_is_help=True)

_STORY = typer.Argument(help="The story's id, or the address or number of one of its articles.")
_OTHER = typer.Argument(help="The other story, named likewise.")
_ARTICLES = typer.Argument(help="Addresses or numbers of the articles that are to leave it.")


@app.command()
def show(
    story: str = _STORY,
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object."),
) -> None:
    """A story in full: its articles, outlets and dates, its copies, and why they are together."""
    from bot.app import Knowledge
    from bot.cli.edge import print_json, store
    from bot.jobs import outlet_by
    from bot.story_wording import full, listed, summary
    from watchers.stories import story_ref

    with store(create=False) as opened:
        view, feeds = opened.story(story_ref(story)), opened.feeds()
    outlet_of = outlet_by(Knowledge().outlets, feeds)
    if json:
        print_json(_as_dict(view, outlet_of))
        return
    typer.echo(f"Story {view.id}\n{summary(view, outlet_of)}\n")
    for line in listed(view.articles, outlet_of, len(view.articles), full):
        typer.echo(line)
    if view.more:
        typer.echo(f"{view.more} later articles are not shown.", err=True)


def _as_dict(view: StoryView, outlet_of: OutletOf) -> dict[str, object]:
    """The keys of `stories show --json` (docs/commands.md)."""
    articles = []
    for one in view.articles:
        article, outlet = one.article, outlet_of(one.article)
        articles.append(
            {
                "id": article.id,
                "url": article.url,
                "title": article.title,
                "outlet": outlet.name,
                "outlet_kind": outlet.kind,
                "language": article.language,
                "published": article.published,
                "first_seen": article.first_seen,
                "copy_of": article.duplicate_of,
                "reason": one.reason,
                "pinned": one.pinned,
            }
        )
    return {
        "story": view.id,
        "began": view.began,
        "told": view.told,
        "articles": articles,
        "more": view.more,
    }


@app.command()
def merge(one: str = _STORY, other: str = _OTHER) -> None:
    """Make two stories one: it has the id of the one that began first."""
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.stories import story_ref

    refs = story_ref(one), story_ref(other)
    with store(create=False) as opened:
        kept = opened.merge_stories(*refs, at=utc_now(), actor="cli")
    typer.echo(f"Both are the story {kept} now.")


@app.command()
def split(story: str = _STORY, articles: list[str] = _ARTICLES) -> None:
    """Take articles out of a story, with their copies, to a story of their own."""
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.stories import story_ref

    named = [story_ref(article) for article in articles]
    with store(create=False) as opened:
        new = opened.split_story(story_ref(story), named, at=utc_now(), actor="cli")
    typer.echo(f"They are the story {new} now.")
