"""Figures, in digits and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.figures import figures
from watchers.folding import fold


def _values(text: str, language: str | None = "en") -> list[str]:
    return [figure.value for figure in figures(fold(text).split(), language)]


@pytest.mark.parametrize(
    ("language", "text", "values"),
    [
        ("en", "seven of 30,000 in 1988", ["7", "30000", "1988"]),
        ("en", "twenty-one, two hundred and six", ["21", "206"]),
        ("en", "5 thousand and two million", ["5000", "2000000"]),
        ("fa", "بیست و یک نفر از ۱۲٬۵۰۰ نفر", ["21", "12500"]),
        ("fa", "سی هزار و سیصد و شش", ["30000", "306"]),
        ("ar", "ثلاثة وعشرون سجينا", ["23"]),
        ("ar", "سبعة من ٣٠", ["7", "30"]),
        ("fr", "quatre-vingt-dix-sept et vingt et un", ["97", "21"]),
        ("fr", "soixante-quinze", ["75"]),
        ("de", "einundzwanzig und sieben", ["21", "7"]),
        ("sv", "tjugoett och sju", ["21", "7"]),
        ("es", "veintiuno, treinta y dos", ["21", "32"]),
        ("it", "ventuno, trentadue", ["21", "32"]),
        (None, "seven", ["7"]),
        (None, "هفت", ["7"]),
        ("xx", "the 38th of 2,800", ["38", "2800"]),
        ("en", "", []),
    ],
)
def test_figures_are_read(language: str | None, text: str, values: list[str]) -> None:
    assert _values(text, language) == values


def test_number_words_are_those_of_the_language() -> None:
    assert _values("once años", "es") == ["11"]
    assert _values("once more", "en") == []


def test_an_article_for_one_is_marked_as_a_word() -> None:
    (figure,) = figures(["ein", "mann"], "de")
    assert (figure.value, figure.is_word) == ("1", True)


@given(st.text(), st.sampled_from(["en", "fa", "ar", "fr", "de", "sv", "es", "it", None]))
def test_any_text_has_its_figures_in_order(text: str, language: str | None) -> None:
    words = fold(text).split()
    found = figures(words, language)
    places = [(figure.start, figure.end) for figure in found]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(words) for start, end in places)


@given(st.integers(0, 10**30))
def test_a_figure_of_any_size_is_its_digits(number: int) -> None:
    assert _values(f"about {number} people") == [str(number)]


def test_a_hostile_figure_takes_no_time() -> None:
    (value,) = _values("9" * 200_000)
    assert len(value) == 40
