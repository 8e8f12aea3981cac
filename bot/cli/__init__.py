"""The command line: `dadkhah`, or `python -m bot`.

Data goes to stdout, logs and messages to stderr. Exit 0 done, 1 failed, 2 wrong usage or
configuration. What a command needs is imported when it runs, so that help comes at once.
"""

from __future__ import annotations

import sys

import typer

from bot.cli import (
    article,
    channels,
    coverage,
    data,
    feeds,
    posting,
    search,
    service,
    stories,
    watch,
    watch_edit,
    watch_rehearse,
    withdraw,
)

app = typer.Typer(
    name="dadkhah",
    help="Watches news feeds for coverage of Iran's 1988 prison massacre and of the officials "
    "named in connection with it, and tells it to a Telegram channel in digests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
service.add_to(app)
posting.add_to(service.deliveries)
app.command(rich_help_panel="Telling")(withdraw.withdraw)
app.add_typer(feeds.app, name="feeds", rich_help_panel="Watching")
watch_edit.add_to(watch.app)
watch.app.command()(watch_rehearse.rehearse)
watch.app.command("test")(watch.test_)
app.add_typer(watch.app, name="watch", rich_help_panel="Watching")
channels.add_to(app)
coverage.add_to(app)
search.add_to(app)
app.add_typer(article.app, name="article", rich_help_panel="Knowing")
app.add_typer(stories.app, name="stories", rich_help_panel="Knowing")
data.add_to(app)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"dadkhah {version('dadkhah')}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_version,
        is_eager=True,
        help="Print the version.",
    ),
) -> None:
    pass


def main() -> None:
    """The console script: every expected error is one clear message and an exit code."""
    from bot.cli.edge import told

    sys.exit(told(app))
