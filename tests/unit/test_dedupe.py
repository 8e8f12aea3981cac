"""Copies are found by words and figures together; what looks alike and is not stays apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.dedupe import (
    VERSION,
    copy_reason,
    fingerprint,
    first_of_copies,
    similarity,
    title_core,
)
from watchers.model import Grouped

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
TITLE = "Families gather at Khavaran cemetery"
LEAD = (
    "Families of prisoners executed in the summer of 1988 gathered at the Khavaran cemetery on "
    "Friday to lay flowers. Police kept the gates closed and took the names of 12 visitors, "
    "according to two witnesses who asked not to be named."
)
REST = (
    " The mothers have come every year since the graves were found. A spokesman for the city "
    "said that works on the ground would go on. Rights groups have asked that the place be kept "
    "as it is until an inquiry has been held."
)
TEXT = LEAD + REST
_numbers = iter(range(1, 10**6))


def article(
    title: str = TITLE, text: str = TEXT, *, days: float = 0, close: bool = True
) -> Grouped:
    number = next(_numbers)
    return Grouped(
        id=number,
        canonical_url=f"https://news.example/{number}",
        title=title,
        text=text,
        published=NOW + timedelta(days=days),
        first_seen=NOW,
        language="en",
        relevant=close,
        officials=(),
        fingerprint=fingerprint(title, text, close=close),
    )


COPIES = {
    "same text": (TITLE, TEXT),
    "other signs and case": (TITLE.upper(), TEXT.replace(",", " –").replace(".", " …")),
    "outlet in the title": (f"{TITLE} - The Daily Record", TEXT),
    "retitled": ("Mothers barred from the graves of their children", TEXT),
    "a word edited": (TITLE, TEXT.replace("spokesman", "speaker")),
    "a paragraph added": (TITLE, TEXT + " The agency contributed to this report."),
    "cut to its lead": (TITLE, LEAD),
    "cut and retitled": ("At the gates", LEAD),
}


@pytest.mark.parametrize(("title", "text"), COPIES.values(), ids=COPIES)
def test_a_copy_is_found_and_shares_a_band(title: str, text: str) -> None:
    one, other = article(), article(title, text)
    assert copy_reason(other, one)
    assert copy_reason(one, other)
    same = one.fingerprint.text_key == other.fingerprint.text_key
    assert same or set(one.fingerprint.bands) & set(other.fingerprint.bands)


def test_a_headline_alone_copies_the_article_of_that_headline() -> None:
    assert copy_reason(article(text=""), article()) == "same title"


TRAPS = {
    "another count": (TITLE, TEXT.replace("12 visitors", "30 visitors")),
    "another year": (TITLE, TEXT.replace("1988", "1981")),
    "same title, other text": (TITLE, "The court in Stockholm heard three more survivors. " * 4),
    "same subject": ("Mothers remember", "Families of those executed in 1988 spoke in Paris."),
    "a correction": (f"CORRECTED: {TITLE}", TEXT.replace("Police", "Guards")),
    "nothing in common": ("Rain", "It will rain on Monday in all of the north of the country."),
}


@pytest.mark.parametrize(("title", "text"), TRAPS.values(), ids=TRAPS)
def test_what_differs_in_fact_is_no_copy(title: str, text: str) -> None:
    one, other = article(), article(title, text)
    assert copy_reason(other, one) is None
    assert copy_reason(one, other) is None


def test_figures_in_another_script_are_the_same_figures() -> None:
    persian = TEXT.replace("1988", "۱۹۸۸").replace("12", "۱۲")
    assert copy_reason(article(text=persian), article()) == "same text"


def test_a_yearly_statement_is_another_article() -> None:
    assert copy_reason(article(days=365), article()) is None
    assert copy_reason(article(days=29), article()) == "same text"


def test_two_short_notes_of_the_same_words_are_no_copies() -> None:
    one, other = (article("Video", "Watch here", close=False) for _ in range(2))
    assert copy_reason(one, other) is None


def test_articles_that_are_not_close_have_exact_hashes_only() -> None:
    one = article(close=False)
    assert (one.fingerprint.signature, one.fingerprint.bands) == ((), ())
    assert copy_reason(article(close=False), one) == "same text"
    assert similarity(one.fingerprint, one.fingerprint) == 0.0


def test_signatures_of_different_versions_are_not_compared() -> None:
    old = fingerprint(TITLE, TEXT, close=True)
    new = type(old)("other", old.text_key, old.signature, old.bands)
    assert similarity(old, old) == 1.0
    assert similarity(old, new) == 0.0


def test_the_first_of_several_copies_is_the_earliest() -> None:
    late, early, other = article(days=-1), article(days=-2), article("Rain", "Rain on Monday.")
    found = first_of_copies(article(), [late, other, early])
    assert found is not None
    assert found == (early, "same text")


def test_an_article_is_no_copy_of_itself() -> None:
    one = article()
    assert first_of_copies(one, [one]) is None


CORES = {
    "plain": ("A headline of news", "a headline of news"),
    "dash": ("A headline of news - Outlet", "a headline of news"),
    "bar": ("A headline of news | Outlet", "a headline of news"),
    "outlet first": ("Outlet » A headline of news", "a headline of news"),
    "hyphen inside": ("Al-Raisi speaks", "al raisi speaks"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("title", "core"), CORES.values(), ids=CORES)
def test_a_titles_core_has_no_outlet(title: str, core: str) -> None:
    assert title_core(title) == core


def test_the_golden_signature_holds() -> None:
    """Stored signatures are compared with new ones: a library that computes others must fail."""
    golden = fingerprint(
        "Families gather at Khavaran",
        "Families of prisoners executed in the summer of 1988 gathered at the cemetery on Friday "
        "to lay flowers.",
        close=True,
    )
    assert VERSION == golden.version == "m64-3w-2"
    assert golden.text_key.hex() == "7cbb67de46d3102048a56063a7215679"
    assert golden.signature[:8] == (
        731155655, 3396156129, 3222810515, 505036350,
        2072593347, 955627206, 575563674, 3199984916,
    )  # fmt: skip
    assert (len(golden.signature), sum(golden.signature)) == (64, 137_201_372_082)
    assert golden.bands[:2] == (-9090948998512451923, -7285979384919408364)
    assert len(golden.bands) == 18


@given(st.text(max_size=100), st.text(max_size=300), st.booleans())
def test_any_text_has_a_fingerprint_that_databases_keep(title: str, text: str, close: bool) -> None:
    found = fingerprint(title, text, close=close)
    assert found == fingerprint(title, text, close=close)
    assert len(found.text_key) == 16
    assert all(-(2**63) <= band < 2**63 for band in found.bands)
    assert all(0 <= value < 2**32 for value in found.signature)
