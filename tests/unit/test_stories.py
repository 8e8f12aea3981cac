"""How people name stories, where merged ones lead, and what goes with what in a split."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watchers.errors import StoryUnknown
from watchers.stories import (
    Member,
    end_of,
    first_of,
    heads,
    number_of,
    story_name,
    story_ref,
)

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)

REFS = {
    "an id": (" s2abc ", "s2abc"),
    "a number": ("#012", "12"),
    "Persian digits": ("۱۲", "12"),
    "zero": ("0", "0"),
    "an address": ("<https://news.example/a>", "https://news.example/a"),
}


@pytest.mark.parametrize(("given_", "ref"), REFS.values(), ids=REFS)
def test_references_are_read_as_people_write_them(given_: str, ref: str) -> None:
    assert story_ref(given_) == ref


@pytest.mark.parametrize("text", ["", "  ", "#", "x" * 2_001], ids=["empty", "blank", "#", "long"])
def test_no_reference_says_what_to_give(text: str) -> None:
    with pytest.raises(StoryUnknown, match="Give a story's id"):
        story_ref(text)


def test_only_what_databases_take_is_a_number() -> None:
    assert number_of("9" * 18) == 10**18 - 1
    assert [number_of(text) for text in ("9" * 19, "²", "1a", "", "-1")] == [None] * 5


def test_an_id_never_changes() -> None:
    """It stands in what was exported and told."""
    assert story_name("https://news.example/a") == "sxjutvggd6vov"
    assert len({story_name("https://news.example/a", turn) for turn in (1, 2, 3)}) == 3


MERGED = {
    "where it is": ({"a": None}, "a"),
    "merged": ({"a": "b", "b": None}, "b"),
    "merged twice": ({"a": "b", "b": "c", "c": None}, "c"),
    "into one that is gone": ({"a": "b"}, "a"),
    "in a circle": ({"a": "b", "b": "a"}, "b"),
}


@pytest.mark.parametrize(("merged", "end"), MERGED.values(), ids=MERGED)
def test_a_merged_story_is_followed_to_its_end(merged: dict[str, str | None], end: str) -> None:
    assert end_of("a", merged) == end


def test_copies_are_left_out_of_the_log_where_their_first_is_named() -> None:
    members = [
        Member(number, f"https://news.example/{number}", NOW, first)
        for number, first in ((3, None), (4, 3), (5, 99), (6, None))
    ]
    assert heads(members, {3, 4, 5}) == "3, 5"
    assert first_of(reversed(members)).id == 3
