"""A story for admins, in chat and at the shell: its articles, outlets, dates, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.i18n import catalogue
from bot.wording import count, isolated, short
from watchers.outlets import Outlet
from watchers.stories import StoryArticle, StoryView
from watchers.telling import Tellable

OutletOf = Callable[[Tellable], Outlet]

_TITLE = 140  # characters
_NAME = 60
_REASON = 200
_COPIES = 5  # of an article that are named


@dataclass(frozen=True, slots=True)
class Group:
    """An article with its copies."""

    first: StoryArticle
    copies: tuple[StoryArticle, ...] = ()


def groups(articles: Iterable[StoryArticle]) -> list[Group]:
    """By the time of the first; copies of what is in no story stand by themselves, together."""
    found: dict[int, list[StoryArticle]] = {}
    for one in articles:
        found.setdefault(one.article.duplicate_of or one.article.id, []).append(one)
    made = []
    for members in found.values():
        first = next((m for m in members if m.article.duplicate_of is None), members[0])
        made.append(Group(first, tuple(member for member in members if member is not first)))
    return made


def summary(view: StoryView, outlet_of: OutletOf) -> str:
    """How much there is of it, since when, and who was told."""
    articles = [one.article for one in view.articles]
    total = count(len(articles) + view.more, "article")
    copies = sum(article.duplicate_of is not None for article in articles)
    also = f" ({copies} of them {'a copy' if copies == 1 else 'copies'})" if copies else ""
    outlets = count(len({outlet_of(article).family for article in articles}), "outlet")
    days = [(article.published or article.first_seen).date() for article in articles]
    span = f"{min(days)}" if min(days) == max(days) else f"{min(days)} to {max(days)}"
    told = f"Told in {', '.join(view.told)}." if view.told else "Not told yet."
    return f"{total}{also}, {outlets}, {span}. {told}"


def source(article: Tellable, outlet: Outlet) -> str:
    """Whose it is and of when: "The Daily (media), 2026-07-30 09:10 UTC"."""
    kind = catalogue("en").kind(outlet.kind)
    time = article.published or article.first_seen
    undated = "" if article.published else ", first seen then"
    name = isolated(short(outlet.name, _NAME))
    return f"{name} ({kind}), {time:%Y-%m-%d %H:%M} UTC{undated}"


def brief(group: Group, outlet_of: OutletOf) -> Iterator[str]:
    """An article in two lines, with how many copies it has."""
    article = group.first.article
    yield f"{article.id}. {isolated(short(article.title, _TITLE) or article.url)}"
    copies = f", and {count(len(group.copies), 'copy', 'copies')}" if group.copies else ""
    yield f"   {source(article, outlet_of(article))}{copies}"


def full(group: Group, outlet_of: OutletOf) -> Iterator[str]:
    """An article with its reason and its copies."""
    one = group.first
    yield f"{one.article.id}. {isolated(short(one.article.title, _TITLE) or one.article.url)}"
    yield f"   {source(one.article, outlet_of(one.article))}"
    yield f"   {one.article.url}"
    chosen = "; an admin chose its story" if one.pinned else ""
    yield f"   Why: {short(one.reason, _REASON) or 'no reason was kept'}{chosen}"
    for copy in group.copies[:_COPIES]:
        told = source(copy.article, outlet_of(copy.article))
        why = f": {short(copy.reason, _REASON)}" if copy.reason else ""
        yield f"   Copy {copy.article.id}: {told}{why}"
    if len(group.copies) > _COPIES:
        yield f"   and {count(len(group.copies) - _COPIES, 'more copy', 'more copies')}"


def listed(
    articles: Sequence[StoryArticle],
    outlet_of: OutletOf,
    most: int,
    line: Callable[[Group, OutletOf], Iterable[str]] = brief,
) -> list[str]:
    """The first so many articles, and how many more there are."""
    found = groups(articles)
    lines = [text for group in found[:most] for text in line(group, outlet_of)]
    if len(found) > most:
        lines.append(f"and {count(len(found) - most, 'more article')}")
    return lines


def parts(
    view: StoryView, leaving: Collection[int]
) -> tuple[list[StoryArticle], list[StoryArticle]]:
    """The articles that would leave, and those that would stay."""
    out = [one for one in view.articles if one.article.id in leaving]
    return out, [one for one in view.articles if one.article.id not in leaving]
