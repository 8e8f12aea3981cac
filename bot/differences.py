"""What became of a text, sentence by sentence, for people. Pure.

Sentences, for feeds give paragraphs as they like; in the order in which they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from watchers.articles import ArticleView, Revision
from watchers.update_texts import MOST, raw_sentences

MOST_LINES = 40  # of a difference that are shown


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change took out and put in: sentences as printed, the title first."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    more: int = 0  # further sentences


@dataclass(frozen=True, slots=True)
class Step:
    """A revision, and what it changed; None where no content was replaced or is kept."""

    revision: Revision
    difference: Difference | None


def steps(view: ArticleView) -> Iterator[Step]:
    """The revisions of an article with their differences, newest first.

    A revision keeps what was there before it, so what came after it is in the next newer one,
    or in the article.
    """
    after = (view.article.title, view.article.text)
    for revision in view.revisions:
        if not revision.has_content:
            yield Step(revision, None)
            continue
        before = (revision.title, revision.text)
        known = bool(any(before) and any(after))  # texts are thrown away by age
        yield Step(revision, difference(before, after) if known else None)
        after = before


def difference(before: tuple[str, str], after: tuple[str, str]) -> Difference:
    """What of a title and a text became another."""
    was, now = _sentences(before), _sentences(after)
    gone, come = set(was), set(now)
    removed = [one for one in was if one not in come]
    added = [one for one in now if one not in gone]
    room = MOST_LINES // 2
    shown = tuple(islice(removed, room)), tuple(islice(added, room))
    return Difference(*shown, len(removed) + len(added) - len(shown[0]) - len(shown[1]))


def _sentences(said: tuple[str, str]) -> Sequence[str]:
    title, text = said
    body = (one.original for one in raw_sentences(text[:MOST]))
    return list(dict.fromkeys(filter(None, (title.strip(), *body))))
