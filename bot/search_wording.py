"""What is said of a search: how much was found, how far it looked, what was left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.i18n import Catalogue
from bot.pieces import isolated, shortened, unlinked
from bot.searching import Found
from watchers.searching import Note

_TYPED = 60


def said(found: Found, words: Catalogue) -> Iterator[str]:
    """Each in a line."""
    if found.more:
        yield words.plural(
            "Looked at the newest %(n)s article with these words; there are older ones",
            "Looked at the newest %(n)s articles with these words; there are older ones",
            found.hits,
        )
    else:
        yield words.plural("%(n)s article was found", "%(n)s articles were found", found.hits)
    if found.stopped:
        yield words.text("It took too long: not all older articles were looked at.")
    for note in found.wanted.notes:
        yield _note(note, words)


def _note(note: Note, words: Catalogue) -> str:
    typed = isolated(unlinked(shortened(note.value, _TYPED)))
    if note.kind in ("cut", "terms"):
        return words.text("The question was too long; its end was left out.")
    if note.kind == "no date":
        return words.text("This is no date, and was left out: ") + typed
    if note.kind == "no who":
        return words.text("Nobody on the list is called: ") + typed
    return words.text("No outlet is known by this name: ") + typed
