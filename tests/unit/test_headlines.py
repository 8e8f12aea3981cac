"""What a headline says: whole or a fragment, and how much it shares with the others."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.headlines import common_words, is_fragment, shared

FRAGMENTS = {
    "empty": "",
    "live": "Live",
    "a live report": "LIVE: Court in Stockholm hears survivors",
    "a live report, in French": "En direct - la cour entend les survivants",
    "a live report, in Persian": "پخش زنده: دادگاه استکهلم",
    "cut": "Court hears survivors of the…",
    "cut with full stops": "Court hears survivors of the ...",
    "a daily title": "Iran news in brief, 30 July 2026",
    "a daily title, in Persian": "مهم‌ترین خبرهای امروز، شنبه ۸ مرداد ۱۴۰۵",
    "a daily title, in French": "Revue de presse du lundi 27 juillet",
    "a word": "Statement",
    "a number": "1988",
}
WHOLE = {
    "a sentence": "Court in Stockholm hears survivors of 1988",
    "two words": "Noury convicted",
    "in Persian": "دادگاه استکهلم حکم داد",
    "two words, in Persian": "سخنان منتظری",
    "live as another word": "Live ammunition was used in Shiraz",
    "direct as another word": "Direct action at the embassy",
}


@pytest.mark.parametrize("title", FRAGMENTS.values(), ids=FRAGMENTS)
def test_fragments_are_known(title: str) -> None:
    assert is_fragment(title)


@pytest.mark.parametrize("title", WHOLE.values(), ids=WHOLE)
def test_whole_headlines_are_none(title: str) -> None:
    assert not is_fragment(title)


def test_common_words_stand_in_two_different_headlines() -> None:
    titles = ["Court hears survivors", "Court hears survivors", "Survivors speak in Stockholm"]
    assert common_words(titles) == {"survivors"}
    assert common_words(titles[:2]) == frozenset()
    assert shared("SURVIVORS of Evin", {"survivors", "court"}) == 1


@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_title_is_read(titles: list[str]) -> None:
    common = common_words(titles)
    for title in titles:
        assert is_fragment(title) in (True, False)
        assert 0 <= shared(title, common) <= len(common)


@pytest.mark.parametrize("title", [": " * 500_000, "…" * 1_000_000, "live: " * 200_000])
def test_a_hostile_title_costs_no_time(title: str) -> None:
    began = time.process_time()
    is_fragment(title)
    common_words([title, title])
    assert time.process_time() - began < 0.5
