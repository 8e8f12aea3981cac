"""Plain text keeps what a reader sees and nothing else, whatever the markup is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.text import MAX_TEXT, MAX_TITLE, clean, key, plain, plain_title

anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)

MARKUP = {
    "no markup": ("Iran: a trial", "Iran: a trial"),
    "inline tags make no space": ("<b>Iran</b>'s <i>prison</i>s", "Iran's prisons"),
    "blocks make lines": ("<p>One</p><p>Two</p>", "One\nTwo"),
    "break": ("One<br>Two<br/>Three", "One\nTwo\nThree"),
    "list": ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
    "entities": ("Amnesty &amp; HRW &ndash; 2&nbsp;reports", "Amnesty & HRW – 2 reports"),
    "numeric entities": ("&#1575;&#x06CC;ران", "ایران"),
    "script and style": ("<style>p{}</style>a<script>alert(1)</script>b", "ab"),
    "comment": ("a<!-- hidden -->b", "ab"),
    "frame": ("a<iframe src='x'>no frames</iframe>b", "ab"),
    "unclosed": ("<p>One<p>Two<b>", "One\nTwo"),
    "less-than sign": ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    "empty": ("", ""),
    "only markup": ("<img src='x'><br>", ""),
}


@pytest.mark.parametrize(("markup", "text"), MARKUP.values(), ids=MARKUP)
def test_markup_becomes_what_a_reader_sees(markup: str, text: str) -> None:
    assert plain(markup) == text


TITLES = {
    "plain": ("Iran", "Iran"),
    "tags": ("<b>Iran</b> and <i>Sweden</i>", "Iran and Sweden"),
    "escaped": ("Amnesty &amp; HRW", "Amnesty & HRW"),
    "escaped twice": ("Amnesty &amp;amp; HRW", "Amnesty & HRW"),
    "tags escaped": ("&lt;b&gt;Iran&lt;/b&gt;", "Iran"),
    "lines": ("One\n  Two", "One Two"),
    "a question of size": ("1 &lt; 2", "1 < 2"),
}


@pytest.mark.parametrize(("markup", "title"), TITLES.values(), ids=TITLES)
def test_a_title_is_one_line_however_it_was_escaped(markup: str, title: str) -> None:
    assert plain_title(markup) == title


JUNK = {
    "NUL": "a\0b",
    "bidi override": "a\u202eb",
    "isolate": "a\u2066b\u2069",
    "zero-width space": "a\u200bb",
    "byte order mark": "\ufeffab",
    "soft hyphen": "a\u00adb",
    "lone surrogate": "a\ud800b",
    "noncharacter": "a\uffffb",
    "escape": "a\x1bb",
}


@pytest.mark.parametrize("text", JUNK.values(), ids=JUNK)
def test_invisible_and_dangerous_characters_go(text: str) -> None:
    assert clean(text) == "ab"


def test_zero_width_non_joiner_stays_for_it_is_persian_spelling() -> None:
    assert clean("می\u200cخواهم") == "می\u200cخواهم"


def test_spaces_and_line_breaks_collapse() -> None:
    assert clean(" a \t b\r\n\n \u2029 c\u00a0 ") == "a b\nc"


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(anything)
def test_any_markup_becomes_clean_text_that_can_be_stored(markup: str) -> None:
    for text in (plain(markup), plain_title(markup), plain(f"<p>{markup}<b>")):
        assert text == clean(text)
        text.encode()
        assert "\0" not in text


def test_text_and_titles_are_bounded() -> None:
    assert len(plain("<p>" + "word " * 200_000)) <= MAX_TEXT
    assert len(plain("x" * 200_000)) == MAX_TEXT
    assert len(plain_title("&lt;" * 5_000)) <= MAX_TITLE


def test_keys_are_sixteen_bytes_and_keep_their_parts_apart() -> None:
    assert len(key("a")) == 16
    assert key("ab", "c") != key("a", "bc") != key("abc")
    assert key("é") == key("é".encode())


@given(anything)
def test_any_text_has_a_key(text: str) -> None:
    assert key(text) == key(text)
