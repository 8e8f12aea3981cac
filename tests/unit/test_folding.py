"""Folding makes spellings one, and the way back to the original is exact."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.effort import takes_its_share
from watchers import folding, folding_tables
from watchers.folding import Folded, fold, variants
from watchers.letters import LETTERS

# Letters, marks, joiners and signs between which folding decides, more often than chance would.
_TRICKY = (
    "aZéßquUlLnİẞΣς'’ʿʾʼ\u0301-–_.,٬0۱٢٣³½Ⅷ①\u200c\u200d\u00ad \n\tیيىکكهةۀءأؤئﺋئآٱو\u064e\u0654ـœŁ"
    "ﷺﷻﬁŉẚ\u00a0&#39;amp;x\U0001f469\U0001d54f\U0001f600"
)
_PIECES = ("&#39;", "&amp;", "&zwnj;", "&eacute;", "a", "ی", " ", "l'", "1,000")
short_texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=_TRICKY, max_size=40),
    st.lists(st.sampled_from(_PIECES)).map("".join),
)  # fmt: skip
# Folded as long texts are.
long_texts = short_texts.map(lambda text: f"{text} {'Iran ایران ' * 20}{text}")
texts = st.one_of(short_texts, long_texts)

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
    "Arabic Raisi": ("رئيسي رئیسی رییسی رئيسى", "رییسی رییسی رییسی رییسی"),
    "hamza behind yeh": ("هیئت هیأت هيئة هیات", "هیات هیات هیاه هیات"),
    "hamza before waw": ("مسئول مسؤول مسوول شئون", "مسوول مسوول مسوول شوون"),
    "hamza behind alef": ("جزائر جزایر", "جزایر جزایر"),
    "hamza behind a mark": ("هَيْئَت", "هیات"),
    "hamza of its own": ("ئ ءی", "ی ی"),
    "heh doachashmee": ("ھمدان", "همدان"),
    "Kurdish heh": ("ئەوە", "یهوه"),
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
    "sharp s": ("Straße STRASSE STRAẞE", "strasse strasse strasse"),
    "Turkish capital": ("İbrahim ibrahim IBRAHIM", "ibrahim ibrahim ibrahim"),
    "Greek": ("Ἰράν ΤΕΛΟΣ τέλος", "ιραν τελοσ τελοσ"),
    "Cyrillic": ("РАИСИ Ёлка", "раиси елка"),
    "full width": ("Ｉｒａｎ", "iran"),
    "German genitive": ("Raisi's Raisis", "raisis raisis"),
    "apostrophe inside": ("Ra'isi Ra’isi Raʾisi", "raisi raisi raisi"),
    "ayn before a word": ("ʿAlī ʾAḥmad", "ali ahmad"),
    "quotes": ("'Evin' “prison”", "evin prison"),
    "French elision": ("l’exécution d'Ebrahim", "l execution d ebrahim"),
    "elisions of several letters": (
        "qu’Ebrahim lorsqu'Iran jusqu’en dell’Iran un'esecuzione Dall'Iran",
        "qu ebrahim lorsqu iran jusqu en dell iran un esecuzione dall iran",
    ),
    "no elision": ("Sha'ban Fu’ad Al-Sha`bi Hun'ar", "shaban fuad al shabi hunar"),
    "decomposed elision": ("l'e\u0301te\u0301", "l ete"),
    "mark before an apostrophe": ("Rai\u0308'si", "raisi"),
    "numeric entities": ("Ra&#39;isi Ra&#x2019;isi", "raisi raisi"),
    "named entities": ("Raïssi &amp; Ra&iuml;ssi", "raissi raissi"),
    "joiner as an entity": ("قتل&zwnj;عام", "قتل عام"),
    "entities escaped twice": ("Ra&amp;#39;isi &amp;amp; قتل&amp;zwnj;عام", "raisi قتل عام"),
    "no entities": ("AT&T; a=1&copy=2 R&D", "at t a 1 copy 2 r d"),
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
    "yeh and alef without hamza": ("بیت", "بات"),
    "surnames": ("نوریان", "نوری"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(("text", "folded"), SAME.values(), ids=SAME)
def test_a_long_text_folds_as_its_parts_do(text: str, folded: str) -> None:
    assert fold(f"{text} " * 40) == " ".join([folded] * 40)


ALPHABETS = {
    "ASCII": folding_tables._PLAIN,
    "Latin-1": folding_tables._LATIN,
    "western": folding_tables._WEST,
    "central": folding_tables._CENTRE,
    "Arabic": folding_tables._PERSO_ARABIC,
    "Cyrillic": folding_tables._SLAVIC,
}


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
@given(st.data())
def test_tables_fold_as_translating_does(
    alphabet: folding_tables._Alphabet, data: st.DataObject
) -> None:
    own = "".join(alphabet._codes)
    tricky = "".join(sign for sign in _TRICKY if sign in own)
    text = data.draw(
        st.text(st.one_of(*map(st.sampled_from, (own, tricky, "aul' 0,.", _TRICKY))), max_size=60)
    )
    codes = alphabet.codes(text)
    if codes is not None:
        assert alphabet.folded(codes) == folding._short(text)
        assert alphabet.origins(codes) == folding._short_origins(text)
    else:
        assert any(sign not in own for sign in text)


@given(texts)
def test_tables_fold_a_text_as_translating_does_or_not_at_all(text: str) -> None:
    assert folding_tables.folded(text) in (None, folding._short(text))
    assert folding_tables.origins(text) in (None, folding._short_origins(text))


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
def test_no_character_of_an_alphabet_folds_to_a_space_beside_letters(
    alphabet: folding_tables._Alphabet,
) -> None:
    forms = {LETTERS[ord(character)] for character in alphabet._codes}
    assert {form for form in forms if form.strip(" ") not in ("", form)} == set()


PRINTED = {
    "English": "It’s “3,000” – Ra'isi’s… café €5 🙂 → www.example.org",
    "French": "« L’été » à Orléans : l'œuvre, où ça naît ; ÿ",
    "German": "Die „Straße“ in Köln – größer",
    "Turkish": "İstanbul’da ığdır, şöyle “çağ”",
    "Polish": "Łódź, „żółć” – gęś Ćma",
    "Czech": "„Příliš žluťoučký kůň“",
    "Hungarian": "„Őrült tűz”",
    "Romanian": "„Țară” și ştiri, România",
    "Croatian": "Đurđa i čaša žućkasta – „ćuk“",
    "Persian": "«می‌خواهند» هیأت رئیسه، ۱۲٬۰۰۰ نفر؟ (١٩٨٨) Café",
    "Arabic": "قالَ إنّ «المسؤول» في ١٢٬٠٠٠ ؛ كتـاب ٪",
    "Kurdish": "لەگەڵ ئەوە، هێژا ڕۆژ ۱۲",
    "Urdu": "یہ ٹھیک ہے، ڈاکٹر ا۔",
    "Russian": "«Ёлка» — это № 5… ООН",
    "Ukrainian": "Її ґанок — «єдиний» об’єкт",
}


@pytest.mark.parametrize("text", PRINTED.values(), ids=PRINTED)
def test_what_is_printed_in_these_languages_needs_no_arrays(text: str) -> None:
    assert folding_tables.folded(text) == folding._short(text)


NOT_IN_TABLES = {
    "another script": "Ἰράν",
    "one character of several words": "ﷺ",
    "many strange signs": "ⓐ★☀☎☯♞",
    "too long": "a" * (folding_tables.LONGEST + 1),
}


@pytest.mark.parametrize("text", NOT_IN_TABLES.values(), ids=NOT_IN_TABLES)
def test_what_tables_do_not_know_is_left_to_arrays(text: str) -> None:
    assert folding_tables.folded(text) is None
    assert folding_tables.origins(text) is None
    assert folding._long(text) == folding._short(text)
    assert folding._long_origins(text) == folding._short_origins(text)


def test_the_longest_text_of_tables_has_single_spaces_to_its_end() -> None:
    assert folding_tables.folded(" " * folding_tables.LONGEST) == " "
    text = "a  b, " * (folding_tables.LONGEST // 6)
    assert folding_tables.folded(text) == folding._short(text)


def test_every_character_folds_to_what_stays() -> None:
    characters = map(chr, [*range(0xD800), *range(0xE000, 0x20000), 0xE0001, 0x10FFFF])
    forms = {LETTERS[ord(character)] for character in characters}
    assert {form for form in forms if form.translate(LETTERS) != form} == set()


@given(texts)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_folded_text_has_single_spaces_inside_only(text: str) -> None:
    folded = fold(text)
    assert "  " not in folded
    assert folded == folded.strip(" ")
    assert Folded(text).text == (f" {folded} " if folded else " ")


@given(st.text(alphabet="éâñüŞآۀأaیو '’,.0", max_size=200))
@example("üñ'a")
def test_composed_and_decomposed_are_one(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(texts)
def test_every_folded_character_has_an_origin(text: str) -> None:
    folded = Folded(text)
    spans = [folded.origin(at, at + 1) for at in range(len(folded.text.rstrip(" ")))]
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans[1:])


def test_what_vanishes_before_a_letter_leaves_it_one_letter() -> None:
    assert fold("\u200fl'Iran") == fold("l'Iran") == "l iran"


@given(texts, st.data())
def test_the_origin_of_words_is_text_that_folds_to_them(text: str, data: st.DataObject) -> None:
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
    again = fold(text[begin:end])
    if again != found:  # only where a character at an edge is several words
        assert f" {found} " in f" {again} "
        assert any(" " in fold(edge).strip(" ") for edge in (text[begin], text[end - 1]))


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


MARKED = {
    "mark of the last letter": ("de\u0301te\u0301 x", "dete", "de\u0301te\u0301"),
    "entity at the end": ("Caf&eacute; x", "cafe", "Caf&eacute;"),
    "entity inside": ("Herr Ra&amp;#39;isi, x", "raisi", "Ra&amp;#39;isi"),
    "after entities": ("&laquo;&nbsp;Iran&nbsp;&raquo;", "iran", "Iran"),
    "elided": ("jusqu’Ebrahim Raïssi.", "ebrahim raissi", "Ebrahim Raïssi"),
    "soft hyphen": ("Khome\u00adini", "khomeini", "Khome\u00adini"),
    "beyond the first plane": ("\U0001f600 \U0001d540ran \U0001f600", "iran", "\U0001d540ran"),
}


@pytest.mark.parametrize("after", ["", " ایران" * 40], ids=["short", "long"])
@pytest.mark.parametrize(("text", "phrase", "printed"), MARKED.values(), ids=MARKED)
def test_what_matched_is_told_as_printed(text: str, phrase: str, printed: str, after: str) -> None:
    folded = Folded(text + after)
    start = folded.text.index(f" {phrase} ") + 1
    begin, end = folded.origin(start, start + len(phrase))
    assert text[begin:end] == printed


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


HOSTILE: dict[str, Callable[[int], str]] = {
    "one letter": lambda n: "ی" * n,
    "spaces": lambda n: " " * n,
    "combining marks": lambda n: "\u0301" * n,
    "apostrophes": lambda n: "'" * n,
    "apostrophes inside": lambda n: "aa'" * (n // 3),
    "elisions": lambda n: "qu'" * (n // 3),
    "marks and apostrophes": lambda n: "u\u0301'" * (n // 3),
    "separators": lambda n: "1,000" * (n // 5),
    "dots": lambda n: "1." * (n // 2),
    "hamzas": lambda n: "ئ" * n,
    "hamzas behind marks": lambda n: "\u064e\u064e\u064eئ" * (n // 4),
    "nested quotes": lambda n: "«“‘" * (n // 6) + "’”»" * (n // 6),
    "ligatures": lambda n: "ﷺ" * (n // 10),
    "ampersands": lambda n: "&" * n,
    "entities": lambda n: "&amp;#39;" * (n // 9),
    "half an entity": lambda n: "&amp;" * (n // 5) + "#",
    "emoji": lambda n: "\U0001f469\u200d" * (n // 2),
    "signs that others stand in for": lambda n: "a" * (n - 5) + "★☀☎☯♞",
    "several letters": lambda n: "ß" * n,
}


def _seconds(text: str) -> float:
    """CPU to fold a text and to look at its ends."""
    folding._long.cache_clear()
    start = time.process_time()
    folded = Folded(text)
    if end := len(folded.text) - 1:
        folded.origin(1, end)
    return time.process_time() - start


@pytest.mark.parametrize("way", ["arrays", "tables"])
@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_linear_time(
    made: Callable[[int], str], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = folding_tables.LONGEST
    if way == "arrays":
        size = 160_000
        monkeypatch.setattr(folding_tables, "LONGEST", 0)
    # Eight times the text; with the square it would be 64.
    assert takes_its_share(
        lambda number: _seconds(made(number)), size // 8, size, times=24, more=0.02
    )


def test_a_megabyte_of_marks_is_nothing() -> None:
    folded = Folded("a" + "\u0301" * 1_000_000 + "b")
    assert folded.text == " ab "
    assert folded.origin(1, 2) == (0, 1 + folding._MARKS)
    assert folded.origin(1, 3) == (0, 1_000_002)
