"""Whom an article names and whether it is about 1988, in five languages, with exact reasons."""

from __future__ import annotations

import random
import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from watchers.folding import fold
from watchers.match import Matcher
from watchers.model import Verdict
from watchers.watchlist import Watchlist, parse_watchlist


@cache
def watchlist() -> Watchlist:
    return parse_watchlist(config.shipped_watchlist(), "watchlist.toml")


@cache
def matcher() -> Matcher:
    return Matcher(watchlist())


def judge(title: str, text: str = "") -> Verdict:
    return matcher().judge(title, text)


# ---------------------------------------------------------------- relevant

RELEVANT = {
    "en: phrase": ("Families remember the 1988 prison massacre in Iran", "They met at Khavaran."),
    "en: year near a killing": ("Iran's prisons", "In 1988 they were hanged at Evin prison."),
    "en: place near remembrance": ("At Khavaran", "Mothers laid flowers at Khavaran cemetery."),
    "fa: phrase": ("اعدام\u200cهای تابستان ۱۳۶۷", ""),
    "fa: joined": ("قتلعام ۱۳۶۷ در زندان", ""),
    "fa: spaced": ("قتل عام زندانیان سیاسی ۶۷", ""),
    "fa: Arabic letters": ("كشتار زندانيان سياسي ۱۳۶۷", ""),
    "fa: Arabic digits": ("کشتار تابستان ١٣٦٧", ""),
    "fa: commission": ("عضو هیئت مرگ سخن گفت", ""),
    "fr: phrase": ("Le massacre de 1988 en Iran", "Des survivants témoignent."),
    "fr: commission": (
        "La commission de la mort",
        "Procès : l'Iran et les prisonniers politiques.",
    ),
    "de: phrase": ("Massaker von 1988 im Iran", "Überlebende sagen aus."),
    "de: plural and place": ("Todeskommissionen in Teheran", ""),
    "ar: phrase": ("مجزرة 1988 في إيران", "شهادات الناجين"),
    "ar: commission": ("لجنة الموت في طهران", "إعدام السجناء السياسيين عام 1988"),
    "sv: phrase": ("Dödskommissionen i Iran", "Domen föll i Stockholm."),
}


@pytest.mark.parametrize(("title", "text"), RELEVANT.values(), ids=RELEVANT)
def test_coverage_of_1988_is_relevant_and_says_why(title: str, text: str) -> None:
    verdict = judge(title, text)
    assert verdict.relevant
    assert verdict.topics == ("massacre-1988",)
    assert any(match.kind == "topic" for match in verdict.matches)
    assert verdict.score > 0


IRRELEVANT = {
    "weather": ("Rain in Tehran", "It will rain on Monday."),
    "Halabja": ("Halabja marks the 1988 massacre", "Kurds of Iraq recall the chemical attack."),
    "Burma": ("Burma's 1988 massacre remembered", "Students were killed in Rangoon in 1988."),
    "Iran Air": (
        "Iran Air flight 655",
        "1988: USS Vincennes killed 290; Iran speaks of a massacre.",
    ),
    "Anfal, French": ("Anfal : le massacre de 1988", "Les Kurdes d'Irak se souviennent."),
    "Algeria": ("Algérie : octobre 1988", "Des jeunes furent tués à Alger en 1988."),
    "1988 in sports": ("Iran at the Olympics of 1988", "The team won one medal."),
    "67 people, Persian": ("۶۷ نفر در ایران کشته شدند", "اتوبوس واژگون شد."),
    "today's executions": ("Iran: four executions in Shiraz", "They were hanged for murder."),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("title", "text"), IRRELEVANT.values(), ids=IRRELEVANT)
def test_other_events_and_other_news_are_not_relevant(title: str, text: str) -> None:
    verdict = judge(title, text)
    assert not verdict.relevant
    assert verdict.topics == ()


def test_a_look_alike_does_not_hide_a_strong_phrase() -> None:
    title = "Iran's 1988 prison massacre and Halabja"
    assert judge(title, "Political prisoners were executed in Iran.").relevant


def test_short_of_relevant_but_worth_a_look_is_suspicious() -> None:
    verdict = judge("Iran in the summer of 1988", "A novel about football.")
    assert (verdict.relevant, verdict.suspicious) == (False, True)
    assert verdict.kept_close


# ---------------------------------------------------------------- named

NAMED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "full name": ("Ebrahim Raisi opens a factory", "In Shiraz.", ("ebrahim-raisi",)),
    "apostrophe": ("Ebrahim Ra'isi opens a factory", "", ("ebrahim-raisi",)),
    "diacritics": ("Ebrahim Raïssi à Paris", "", ("ebrahim-raisi",)),
    "scholarly": ("ʿAlī Khāmeneʾī speaks", "", ("ali-khamenei",)),
    "genitive": ("Hamid Nourys advokat", "", ("hamid-noury",)),
    "elision": ("Le retour d'Ebrahim Raïssi", "", ("ebrahim-raisi",)),
    "Persian": ("ابراهیم رئیسی در شیراز", "", ("ebrahim-raisi",)),
    "Persian, Arabic letters": ("ابراهيم رئيسي در شيراز", "", ("ebrahim-raisi",)),
    "Persian, two words": ("مصطفی پور محمدی آمد", "", ("mostafa-pourmohammadi",)),
    "Persian, joined": ("مصطفی پورمحمدی آمد", "", ("mostafa-pourmohammadi",)),
    "Persian, all joined": ("مصطفی\u200cپور\u200cمحمدی آمد", "", ("mostafa-pourmohammadi",)),
    "Arabic, with and": ("وإبراهيم رئيسي", "", ("ebrahim-raisi",)),
    "two": ("Ali Razini and Hamid Noury", "", ("ali-razini", "hamid-noury")),
    "surname alone": ("Raisi scores twice", "The striker Raisi won the derby.", ()),
    "surname, one token": ("Raisi in Tehran", "The striker Raisi moved to Iran.", ()),
    "surname in context": ("Raisi at Evin", "Survivors in Iran name him.", ("ebrahim-raisi",)),
    "surname beside a phrase": ("Raisi", "The death commission of Tehran.", ("ebrahim-raisi",)),
    "inside a word": ("Raisins from Iran", "Evin, massacre, Stockholm.", ()),
    "Persian adjective": ("سال نوری چیست", "ستاره\u200cای در فاصله ده سال نوری", ()),
}  # fmt: skip


@pytest.mark.parametrize(("title", "text", "officials"), NAMED.values(), ids=NAMED)
def test_officials_are_named_by_full_name_or_by_surname_in_context(
    title: str, text: str, officials: tuple[str, ...]
) -> None:
    assert judge(title, text).officials == officials


def test_a_surname_behind_somebody_elses_given_name_is_somebody_else() -> None:
    assert "mohammad" in map(fold, watchlist().words.given_names)
    text = "Mohammad Raisi, a footballer, spoke of executions at Evin prison in Iran."
    assert judge("A witness", text).officials == ()
    assert judge("A witness", text.replace("Mohammad", "Ebrahim")).officials == ("ebrahim-raisi",)


def test_people_who_are_no_officials_are_never_listed_as_such() -> None:
    verdict = judge("Montazeri's tape", "Ayatollah Montazeri on the 1988 prison massacre in Iran.")
    assert (verdict.officials, verdict.people) == ((), ("hossein-ali-montazeri",))
    assert {m.kind for m in verdict.matches} == {"topic", "person"}


def test_an_official_in_other_news_is_named_and_not_relevant() -> None:
    verdict = judge("Hamid Noury returns to Iran", "He landed in Tehran on Saturday.")
    assert (verdict.relevant, verdict.officials) == (False, ("hamid-noury",))
    assert verdict.kept_close


# ---------------------------------------------------------------- what weighs

FURNITURE = {
    "heading": "It will rain.\nRelated posts\n",
    "heading with text": "It will rain.\nRelated: ",
}


@pytest.mark.parametrize("lead", FURNITURE.values(), ids=FURNITURE)
def test_page_furniture_counts_for_nothing(lead: str) -> None:
    phrase = "Iran's 1988 massacre of political prisoners; Ebrahim Raisi"
    verdict = judge("Weather in Tehran", lead + phrase)
    assert (verdict.relevant, verdict.officials, verdict.suspicious) == (False, (), False)


def test_a_phrase_in_the_tail_of_a_long_text_is_background() -> None:
    filler, phrase = "oil prices " * 400, " Iran's death commission of 1988. "
    assert not judge("Oil prices rise", filler + phrase).relevant
    assert judge("Oil prices rise", phrase + filler).relevant


def test_a_name_in_the_tail_is_still_named() -> None:
    assert judge("Oil", "oil prices " * 400 + "Ebrahim Raisi").officials == ("ebrahim-raisi",)


# ---------------------------------------------------------------- reasons

_ALIASES = sorted({form for person in watchlist().people for form in person.names})
_filler = st.text(max_size=15).map(lambda text: f" {text} ")


@given(st.lists(st.tuples(_filler, st.sampled_from(_ALIASES)), min_size=1, max_size=4), _filler)
def test_reasons_slice_the_original_to_the_alias(planted: list[tuple[str, str]], end: str) -> None:
    text = "".join(filler + alias for filler, alias in planted) + end
    verdict = judge(text, text)
    for match in verdict.matches:
        assert text[match.start : match.end] == match.alias
        assert fold(match.alias)
    for field in ("title", "text"):
        assert any(match.field == field for match in verdict.matches)


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_text_is_judged(title: str, text: str) -> None:
    verdict = judge(title, text)
    for match in verdict.matches:
        source = title if match.field == "title" else text
        assert source[match.start : match.end] == match.alias


@pytest.mark.parametrize("alias", random.Random(1988).sample(_ALIASES, 40))
def test_a_persons_own_names_find_the_person(alias: str) -> None:
    owner = next(p for p in watchlist().people if alias in p.names)
    verdict = judge(alias, "")
    assert owner.id in (*verdict.officials, *verdict.people)


def test_the_verdict_names_the_watchlists_version() -> None:
    assert judge("x").watchlist == watchlist().version


# ---------------------------------------------------------------- hostile input

HOSTILE = {
    "one letter": "a" * 3_000_000,
    "one Persian letter": "ا" * 3_000_000,
    "spaces": " " * 3_000_000,
    "line breaks": "\n" * 1_000_000,
    "joiners": "\u200c" * 1_000_000,
    "marks": "\u0301" * 1_000_000,
    "apostrophes": "a'" * 500_000,
    "thousands": "1,000," * 200_000,
    "a surname again and again": "Raisi " * 10_000,
    "a full name again and again": "Ebrahim Raisi " * 4_000,
    "context again and again": "Khomeini, " * 6_000,
    "short years": "اعدام ۶۷ " * 6_000,
    "years, then killings": "1988 " * 5_000 + "x " * 100 + "killed " * 5_000,
    "headings that are none": "Related posts of " * 4_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_judged_in_bounded_time(text: str) -> None:
    start = time.process_time()
    judge(text[:1000], text)
    assert time.process_time() - start < 5  # seconds; a quadratic step takes 10 and more
