"""Text for people at a terminal: wrapped to its width and indented; a bar for long work."""

from __future__ import annotations

import contextlib
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator

PIPED = 100  # columns where the output is no terminal, as tables have


def paragraph(text: str, indent: int = 0) -> None:
    """Print one paragraph on stdout; no word is broken, for addresses are to be copied."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED
    lines = textwrap.wrap(
        text,
        max(40, width - indent),
        subsequent_indent="  " if indent == 0 else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
    print(*(f"{'':{indent}}{line}" for line in lines), sep="\n")


@contextlib.contextmanager
def bar(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, told how many are done; silent when nobody watches. None: no end known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    progress = Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        disable=not console.is_terminal or total == 0,
        transient=True,
    )
    task = progress.add_task(label, total=total)
    with progress:
        yield lambda done: progress.update(task, completed=done)
