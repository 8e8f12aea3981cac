"""Copies are found by words and figures together; what looks alike and is not stays apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.dedupe import (
    VERSION,
    copy_reason,
    fingerprint,
    first_of_copies,
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
    title: str = TITLE,
    text: str = TEXT,
    *,
    days: float = 0,
    close: bool = True,
    site: str = "",
    language: str = "en",
) -> Grouped:
    """An article of another outlet each time, unless `site` says which."""
    number = next(_numbers)
    return Grouped(
        id=number,
        canonical_url=f"https://{site or f'news{number}'}.example/{number}",
        title=title,
        text=text,
        published=NOW + timedelta(days=days),
        first_seen=NOW,
        language=language,
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
    "edited by a second desk": (
        "Police keep families from Khavaran graves",
        TEXT.replace("gathered at the", "met on Friday at")
        .replace(" on Friday to lay", " and laid")
        .replace("kept the gates closed and", "closed the gates,")
        .replace("12", "twelve")
        .replace("who asked not to be named", "who did not want their names printed"),
    ),
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
    assert copy_reason(article(text=f"{TITLE} The Daily Record"), article()) == "same title"


TRAPS = {
    "another count": (TITLE, TEXT.replace("12 visitors", "30 visitors")),
    "another count in words": (TITLE, TEXT.replace("12 visitors", "thirty visitors")),
    "another year": (TITLE, TEXT.replace("1988", "1981")),
    "another day": (TITLE, TEXT.replace("Friday", "Monday")),
    "another place": (
        TITLE.replace("Khavaran", "Gohardasht"),
        TEXT.replace("Khavaran", "Gohardasht"),
    ),
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


class TestAtHome:
    """An outlet does not edit its own text for another page: it has forms, and follow-ups."""

    def test_the_same_text_is_a_copy_at_another_address(self) -> None:
        one = article(site="a")
        assert copy_reason(article(site="a"), one) == "same text"
        assert copy_reason(article("At the gates of Khavaran", site="a"), one) == "near text (1.00)"

    def test_a_word_for_another_makes_another_article(self) -> None:
        other = TEXT.replace("mothers", "sisters")
        assert copy_reason(article(text=other, site="a"), article(site="a")) is None
        assert copy_reason(article(text=other), article(site="a"))

    def test_a_form_is_used_again_the_next_day(self) -> None:
        form = ("Iran: news in brief", "All that happened today, told in five minutes.")
        one, hour, day = (article(*form, site="a", days=days) for days in (0, 0.05, 1))
        assert copy_reason(one, hour) == "same text"
        assert copy_reason(one, day) is None

    def test_a_text_that_goes_on_under_another_headline_has_news(self) -> None:
        longer = f"{TEXT} Later the prosecutor's office said that two men had been arrested. " * 2
        headline = "Two arrested at Khavaran"
        assert copy_reason(article(headline, longer, site="a"), article(site="a")) is None


PERSIAN = (
    "خانواده‌های زندانیان اعدام‌شده در تابستان ۶۷ روز جمعه در گورستان خاوران گرد آمدند و "
    "گل گذاشتند. مأموران درهای گورستان را بستند و نام دوازده نفر از حاضران را نوشتند. مادران "
    "هر سال به این گورستان می‌آیند و می‌گویند دست از خواسته خود برنمی‌دارند."
)
RESPELT = PERSIAN.replace("ی", "ي").replace("ک", "ك").replace("\u200c", "").replace("۶۷", "67")


def test_the_same_word_for_another_in_headline_and_text_is_a_form_filled_in() -> None:
    """Arabic script has no capitals that would tell a name."""
    text = f"{PERSIAN} سخنگوی انجمن از مقام‌ها پاسخ خواست. گزارش‌ها از بازداشت چند نفر خبر می‌دهد."
    for one, other in (("لاله", "پروانه"), ("لاله رستگار", "بهرام نیکو")):
        a, b = (
            article(f"پیام {name} به مادران خاوران", f"{name} پیامی داد. {said}", language="fa")
            for name, said in ((one, text), (other, text.replace("مقام‌ها", "دولت")))
        )
        assert copy_reason(a, b) is None


def test_a_slip_of_a_letter_makes_no_other_article() -> None:
    slip = PERSIAN.replace("گورستان", "گورستن", 1)
    assert copy_reason(
        article("در خاوران", PERSIAN, language="fa"), article("در خاوران", slip, language="fa")
    )


def test_a_date_that_stands_elsewhere_too_is_another_date_in_its_place() -> None:
    dated = f"On 7 August 2025 this was said. Of 8 people two were named. {TEXT}"
    other = dated.replace("On 7", "On 8")
    assert copy_reason(article(text=dated), article(text=other)) is None


def test_the_same_persian_text_in_another_spelling_is_a_copy() -> None:
    one = article("گردهمایی در خاوران", PERSIAN, language="fa")
    other = article("گردهمايي در خاوران", RESPELT, language="fa")
    assert copy_reason(one, other)
    assert {*one.fingerprint.bands} & {*other.fingerprint.bands}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("دوازده", "سی"), ("خاوران", "گوهردشت"), ("جمعه", "شنبه"), ("مادران", "پدران بزرگ")],
    ids=["figure", "place", "day", "any one word"],
)
def test_a_persian_text_with_another_fact_is_none(was: str, becomes: str) -> None:
    one = article("گردهمایی خانواده‌ها", PERSIAN, language="fa")
    other = article("گردهمایی خانواده‌ها", PERSIAN.replace(was, becomes), language="fa")
    assert copy_reason(one, other) is None


def test_two_short_notes_of_the_same_words_are_no_copies() -> None:
    one, other = (article("Video", "Watch here", close=False) for _ in range(2))
    assert copy_reason(one, other) is None


def test_articles_that_are_not_close_have_exact_hashes_only() -> None:
    one = article(close=False)
    assert (one.fingerprint.signature, one.fingerprint.bands) == ((), ())
    assert copy_reason(article(close=False), one) == "same text"


def test_the_first_of_several_copies_is_the_earliest() -> None:
    late, early, other = article(days=-1), article(days=-2), article("Rain", "Rain on Monday.")
    found = first_of_copies(article(), [late, other, early])
    assert found is not None
    assert found == (early, "same text")


def test_the_member_of_a_group_that_is_most_alike_decides() -> None:
    """A copy that was edited much hides that the original had another figure there."""
    one = article()
    edited = replace(
        article(text=TEXT.replace("12 visitors", "some visitors").replace("lay", "leave")),
        duplicate_of=one.id,
    )
    trap = article(text=TEXT.replace("12 visitors", "30 visitors"))
    assert copy_reason(trap, edited)
    assert first_of_copies(trap, [edited]) is not None
    assert first_of_copies(trap, [edited, one]) is None
    assert first_of_copies(article(text=LEAD), [edited, one]) is not None
    cut = replace(article(text=LEAD.partition(" Police")[0]), duplicate_of=one.id)
    assert copy_reason(trap, cut)
    assert first_of_copies(trap, [cut, one]) is None


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
    assert VERSION == golden.version == "m63-2w-2"
    assert golden.text_key.hex() == "7cbb67de46d3102048a56063a7215679"
    assert golden.signature[:8] == (
        3279520193, 293120853, 1572213533, 3322184616,
        3227738210, 1004835275, 2682128354, 2068718938,
    )  # fmt: skip
    assert (len(golden.signature), sum(golden.signature)) == (63, 131_967_716_111)
    assert golden.bands[:2] == (-7446720063602917515, -6585706432081892538)
    assert len(golden.bands) == 23


WORDS = st.lists(
    st.sampled_from([*TEXT.split(), "7", "Rome", "Monday", "seven", "۱۲"]), max_size=60
)


@given(WORDS, WORDS, st.booleans())
def test_being_a_copy_does_not_depend_on_which_is_asked(
    one: list[str], other: list[str], home: bool
) -> None:
    a, b = (article(TITLE, " ".join(words), site="a" if home else "") for words in (one, other))
    assert copy_reason(a, b) == copy_reason(b, a)


@given(st.text(max_size=100), st.text(max_size=300), st.booleans())
def test_any_text_has_a_fingerprint_that_databases_keep(title: str, text: str, close: bool) -> None:
    found = fingerprint(title, text, close=close)
    assert found == fingerprint(title, text, close=close)
    assert len(found.text_key) == 16
    assert all(-(2**63) <= band < 2**63 for band in found.bands)
    assert all(0 <= value < 2**32 for value in found.signature)
