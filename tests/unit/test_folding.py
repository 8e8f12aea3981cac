"""Folding makes spellings one, and the way back to the original is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.folding import Folded, fold, variants

# Letters, marks, joiners and signs between which folding decides, more often than chance would.
_TRICKY = "aZéß'’ʿʾ\u0301-–_.,٬0۱٢³½Ⅷ①\u200c\u200d\u00ad \n\tیيىکكهةۀءأؤئآٱ\u064eـœŁﷺﬁŉẚİ\U0001f600"
texts = st.one_of(st.text(max_size=60), st.text(alphabet=_TRICKY, max_size=40))

SAME = {
    "Arabic yeh": ("علي", "علی"),
    "alef maksura": ("مصطفى", "مصطفی"),
    "Arabic kaf": ("كشتار", "کشتار"),
    "teh marbuta": ("مجزرة", "مجزره"),
    "heh goal": ("خانہ", "خانه"),
    "heh with yeh": ("خانۀ", "خانه"),
    "hamza on yeh": ("رئیسی", "رییسی"),
    "hamza on alef": ("إيران", "ایران"),
    "hamza on waw": ("مسؤول", "مسوول"),
    "madda": ("آیت", "ایت"),
    "final hamza": ("شهداء", "شهدا"),
    "harakat": ("مَجزَرَة", "مجزره"),
    "tatweel": ("كـشـتـار", "کشتار"),
    "joiner as space": ("قتل\u200cعام", "قتل عام"),
    "presentation form": ("ﻼ", "لا"),
    "Persian digits": ("۱۳۶۷", "1367"),
    "Arabic digits": ("١٩٨٨", "1988"),
    "case": ("KHAVARAN", "khavaran"),
    "Latin diacritics": ("Khâvarân", "khavaran"),
    "dotless i": ("Iılı", "iili"),
    "stroke letters": ("Łódź Ørsted", "lodz orsted"),
    "ligature": ("cœur", "coeur"),
    "sharp s": ("Straße", "strasse"),
    "apostrophe inside": ("Ra'isi Ra’isi Raʾisi", "raisi raisi raisi"),
    "ayn before a word": ("ʿAlī ʾAḥmad", "ali ahmad"),
    "quotes": ("'Evin' “prison”", "evin prison"),
    "French elision": ("l’exécution d'Ebrahim", "l execution d ebrahim"),
    "hyphen": ("Pour-Mohammadi", "pour mohammadi"),
    "dash and underscore": ("a–b_c", "a b c"),
    "hashtag": ("#1988Massacre", "1988massacre"),
    "soft hyphen": ("mas\u00adsacre", "massacre"),
    "zero-width space": ("mas\u200bsacre", "massacre"),
    "bidi marks": ("\u200fایران\u200e", "ایران"),
    "thousands": ("30,000 30.000 30’000 ۳۰٬۰۰۰", "30000 30000 30000 30000"),
    "a date is no number": ("5.8", "5 8"),
    "spaces": (" a \n\t b ", "a b"),
}


@pytest.mark.parametrize(("text", "folded"), SAME.values(), ids=SAME)
def test_spellings_fold_to_one_form(text: str, folded: str) -> None:
    assert fold(text) == fold(folded) == folded


DIFFERENT = {
    "letters": ("ابراهیم", "ابرهیم"),
    "words": ("سال ۶۷", "سال ۷۶"),
    "pe and be": ("پور", "بور"),
    "gaf and kaf": ("گوهر", "کوهر"),
    "decimals and thousands": ("1.5", "15"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(texts)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_folded_text_has_single_spaces_inside_only(text: str) -> None:
    folded = fold(text)
    assert "  " not in folded
    assert folded == folded.strip(" ")


@given(texts)
def test_every_folded_character_has_an_origin(text: str) -> None:
    folded = Folded(text)
    assert len(folded._origins) == len(folded.text)
    assert folded._origins == sorted(folded._origins)
    assert all(0 <= origin <= len(text) for origin in folded._origins)


@given(texts, st.data())
def test_the_origin_of_a_word_is_text_that_folds_to_it(text: str, data: st.DataObject) -> None:
    folded = Folded(text)
    words = folded.text.split()
    if not words:
        return
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start = len(" ".join(["", *words[:first], ""]))
    found = " ".join(words[first : last + 1])
    assert folded.text[start : start + len(found)] == found
    begin, end = folded.origin(start, start + len(found))
    # Signs at an edge may fold by their neighbours ("l'", "1,000"): compared as a whole.
    assert found.replace(" ", "") in fold(text[begin:end]).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "phrase"),
    [("Präsident Ra'isi sagte", "raisi"), ("در قتل\u200cعامِ ۱۳۶۷", "قتل عام"), ("a ﷺ b", "b")],
    ids=["apostrophe", "joiner and kasra", "one character of many letters"],
)
def test_origin_spans_slice_the_original(text: str, phrase: str) -> None:
    folded = Folded(text)
    start = folded.text.index(f" {phrase} ") + 1
    begin, end = folded.origin(start, start + len(phrase))
    assert fold(text[begin:end]) == phrase


def test_words_are_numbered_from_the_start() -> None:
    folded = Folded("one two-three")
    assert [folded.word(folded.text.index(w)) for w in ("one", "two", "three")] == [1, 2, 3]


VARIANTS = {
    "one word": ("خمینی", {"خمینی"}),
    "two": ("پور محمدی", {"پور محمدی", "پورمحمدی"}),
    "joiner": ("قتل\u200cعام", {"قتل عام", "قتلعام"}),
    "three": ("a b c", {"a b c", "ab c", "a bc", "abc"}),
}


@pytest.mark.parametrize(("phrase", "forms"), VARIANTS.values(), ids=VARIANTS)
def test_words_of_a_name_are_also_written_joined(phrase: str, forms: set[str]) -> None:
    assert set(variants(phrase)) == forms


def test_a_long_phrase_has_few_variants() -> None:
    assert variants("a b c d e f g") == ("a b c d e f g", "abcdefg")
