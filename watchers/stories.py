"""Stories in the hands of admins: looked at, merged and split. Pure; the store carries it out.

A story is named by its id, or by one of its articles: the address or the number. What an
admin decided is *pinned*: settling leaves those articles in their story, and others may join
them. What was told stays told, for both stories of a merge and for both parts of a split.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchers.errors import StoryInvalid, StoryUnknown
from watchers.telling import Tellable
from watchers.text import key

MOST_SHOWN = 500  # articles of a story that are shown; one text may be printed a thousand times
_LONGEST = 2_000  # characters of a reference
_NUMBER = re.compile(r"[0-9]{1,18}")  # what both databases take


@dataclass(frozen=True, slots=True)
class StoryArticle:
    """An article of a story, and why it is there."""

    article: Tellable
    reason: str  # of its grouping
    pinned: bool  # an admin chose its story


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story as an admin looks at it."""

    id: str
    began: datetime  # when it was first grouped so; the older of two stories keeps its id
    articles: tuple[StoryArticle, ...]  # by time, copies too
    more: int = 0  # later articles that are not among them
    told: tuple[str, ...] = ()  # the chats that were told it


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story, as far as splitting needs to see it."""

    id: int
    canonical_url: str
    time: datetime
    duplicate_of: int | None

    @property
    def group(self) -> int:
        """The first of its copies: they go together."""
        return self.duplicate_of or self.id


class StoryPort(Protocol):
    """Stories, as admins change them.

    A reference to a story is its id (one that was merged leads to where it went), or the
    address or the number of one of its articles; one to an article is its address or number.
    """

    def story(self, ref: str) -> StoryView:
        """The story and its articles. StoryUnknown."""

    def subject(self, ref: str) -> str:
        """What the story, or the article, is told as (`watchers.digest.subject_of`).

        Also of an article that is in no story. StoryUnknown if there is none.
        """

    def leaving(self, story: str, articles: Sequence[str]) -> tuple[int, ...]:
        """The numbers of the articles that `split_story` would take out: changes nothing.

        StoryUnknown, StoryInvalid.
        """

    def merge_stories(self, kept: str, other: str, *, at: datetime, actor: str) -> str:
        """Make two stories one; its id: that of the one that began first, whichever it is.

        All articles get it and are pinned; the other id leads there from now on; who was told
        either counts as told. StoryUnknown; StoryInvalid if they are one story already.
        """

    def split_story(self, story: str, articles: Sequence[str], *, at: datetime, actor: str) -> str:
        """Take articles out of a story, with their copies; the id of their new story.

        All are pinned where they are then; who was told the story counts as told both parts.
        The id is the one that a story of these articles gets; if they make up a story that was
        merged into this one, it is that story again. StoryUnknown; StoryInvalid if an article
        is not in the story, or none would stay.
        """


# ---------------------------------------------------------------- references


def story_ref(text: str) -> str:
    """How a person names a story or an article, as the store knows it. StoryUnknown if empty.

    Numbers may be in any script's digits.
    """
    text = text.strip().strip("<>\"'").removeprefix("#")
    if not text or len(text) > _LONGEST:
        msg = "Give a story's id, or the address or the number of one of its articles."
        raise StoryUnknown(msg)
    if text.isdecimal():
        return "".join(str(unicodedata.decimal(digit)) for digit in text).lstrip("0") or "0"
    return text


def number_of(ref: str) -> int | None:
    """The article's number, if the reference is one."""
    return int(ref) if _NUMBER.fullmatch(ref) else None


def unknown(ref: str) -> StoryUnknown:
    """Nothing is found by this reference."""
    shown = ref if len(ref) <= 100 else f"{ref[:99]}…"
    return StoryUnknown(f"No story has the id {shown!r}, no article that address or number.")


def alone(canonical_url: str) -> StoryUnknown:
    """The article is there, and has no story."""
    msg = f"{canonical_url} is in no story: only relevant articles are, once they are grouped."
    return StoryUnknown(msg)


# ---------------------------------------------------------------- ids


def story_name(canonical_url: str, turn: int = 1) -> str:
    """The id of the story that begins with this article; `turn` 2, 3 ...: where that is taken."""
    # By the address: a yearly statement repeats its text.
    identity = key(canonical_url) if turn == 1 else key(canonical_url, str(turn))
    return "s" + base64.b32encode(identity)[:12].decode("ascii").lower()


def end_of(story: str, merged: Mapping[str, str | None]) -> str:
    """Where a story is now; `merged` says what each was merged into."""
    seen = {story}
    while (into := merged.get(story)) is not None and into not in seen and into in merged:
        seen.add(into)
        story = into
    return story


# ---------------------------------------------------------------- what is decided


def older(one: tuple[str, datetime], other: tuple[str, datetime]) -> tuple[str, str]:
    """Of two stories (id, when it began) the one to keep, and the one to merge. StoryInvalid."""
    if one[0] == other[0]:
        msg = f"Both are the story {one[0]} already: there is nothing to merge."
        raise StoryInvalid(msg)
    first, second = sorted((one, other), key=lambda story: (story[1], story[0]))
    return first[0], second[0]


def leaving(story: str, members: Iterable[Member], named: Mapping[int, str]) -> tuple[int, ...]:
    """The numbers of the named articles and all their copies. StoryInvalid.

    `named`: by number, how each was named.
    """
    groups = {member.id: member.group for member in members}
    strangers = [ref for number, ref in named.items() if number not in groups]
    if strangers:
        msg = f"The article {strangers[0]} is not in the story {story}."
        raise StoryInvalid(msg)
    if len(set(groups.values())) < 2:
        msg = f"The story {story} has one article only (with its copies): it cannot be split."
        raise StoryInvalid(msg)
    out = {groups[number] for number in named}
    if not out:
        msg = "Name the articles that are to leave the story."
        raise StoryInvalid(msg)
    if out == set(groups.values()):
        msg = f"These are all articles of the story {story}: nothing would stay in it."
        raise StoryInvalid(msg)
    return tuple(sorted(number for number, group in groups.items() if group in out))


def first_of(members: Iterable[Member]) -> Member:
    """The one that begins their story."""
    return min(members, key=lambda member: (member.time, member.canonical_url.encode()))


def heads(members: Iterable[Member], among: Collection[int]) -> str:
    """These articles without their copies, which follow them: for the audit log."""
    return ", ".join(
        str(member.id)
        for member in sorted(members, key=lambda member: member.id)
        if member.id in among and (member.duplicate_of is None or member.duplicate_of not in among)
    )


def merge_detail(gone: str, heads: str) -> str:
    """A merge as the audit log keeps it: what `stories split` needs to undo it."""
    return f"merged with {gone}, which had the articles {heads} (and their copies)"


def split_detail(new: str, heads: str) -> str:
    """A split as the audit log keeps it: what `stories merge` needs to undo it."""
    return f"the articles {heads} (and their copies) are the story {new}"
