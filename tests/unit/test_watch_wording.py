"""What is said of the watchlist: rows compared, the words of a match marked in their sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.watch_wording import marked, row_lines
from watchers.model import Match
from watchers.watchlist import OwnTopic, Person

PERSON = Person(
    id="a-person", name="A Person", kind="official", status="alive", say="",
    claim_basis="not-verified", hold=True, aliases=("A Person", "Ay Person"),
)  # fmt: skip


def match(start: int, end: int, alias: str = "") -> Match:
    return Match("a-person", "official", "text", alias, start, end, "full name", 1.0)


SENTENCES = {
    "whole": ("He left.", 0, 2, "**He** left."),
    "second": ("He left. She came. It rained.", 9, 12, "**She** came."),
    "same-words-twice": ("She saw that she came.", 13, 16, "She saw that **she** came."),
    "persian": ("باران آمد. مینا نمونه‌پور رفت؟ نه.", 11, 25, "**مینا نمونه‌پور** رفت؟"),
    "over-lines": ("He said\nHello", 3, 13, "He **said Hello**"),
    "its-own-ellipsis": ("… he left …", 2, 4, "**he** left …"),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_words_are_marked_in_their_sentence(case: str) -> None:
    text, start, end, shown = SENTENCES[case]
    assert marked(text, match(start, end)) == shown


def test_words_are_marked_where_a_long_sentence_is_cut() -> None:
    text = "word " * 200 + "Mina Examplepour" + " word" * 200
    shown = marked(text, match(1000, 1016))
    assert "word **Mina Examplepour** word" in shown
    assert (shown[0], shown[-1]) == ("…", "…")


@given(st.text("ab. …\n؟ه\u200c!", max_size=900), st.integers(-5, 950), st.integers(-5, 950))
def test_marking_never_fails_and_adds_only_marks(text: str, start: int, end: int) -> None:
    shown = marked(text, match(start, end), mark="|")
    assert shown.count("|") in (0, 2)
    if shown.count("|") == 2 and 0 <= start <= end <= len(text):
        assert shown.split("|")[1].split() == text[start:end].split()


def test_rows_are_compared_field_by_field() -> None:
    changed = PERSON.model_copy(
        update={"aliases": ("A Person", "Eh Person"), "say": "as reported", "hold": False}
    )
    assert sorted(map(str, row_lines(PERSON, changed))) == [
        "+ aliases: Eh Person", "+ say: as reported", "- aliases: Ay Person", "- hold: yes",
    ]  # fmt: skip
    assert row_lines(PERSON, PERSON) == ()


def test_new_row_is_told_whole() -> None:
    topic = OwnTopic(id="ferries", name="کشتی‌ها", query="ferry")
    assert [str(line) for line in row_lines(None, topic)] == [
        "+ id: ferries", "+ name: کشتی‌ها", "+ query: ferry",
    ]  # fmt: skip
