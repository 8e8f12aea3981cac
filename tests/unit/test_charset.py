"""The bytes say which charset they are in; labels are believed after them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.charset import STRAY, WRONG, decode

PERSIAN = "خانواده‌ها در گورستان گرد آمدند و از سرنوشت فرزندان خود پرسيدند " * 3
RUSSIAN = "родственники собрались на кладбище и спросили о судьбе своих сыновей " * 3
GERMAN = "Angehörige gedenken in Zürich der Opfer für die Wahrheit über ihre Söhne " * 3
XML = '<?xml version="1.0" encoding="{}"?>'

CASES: dict[str, tuple[bytes, str, str, tuple[str, ...]]] = {
    "nothing said": (PERSIAN.encode(), "", PERSIAN, ()),
    "ASCII under any label": (b"plain", "text/xml; charset=koi8-r", "plain", ()),
    "an unknown label": (PERSIAN.encode(), "text/xml; charset=x-none", PERSIAN, ()),
    "a label of a codec that is no charset": (b"&#65;", "a/b; charset=unicode_escape", "&#65;", ()),
    "header against bytes": (PERSIAN.encode(), "a/b; charset=cp1256", PERSIAN, (WRONG,)),
    "no label, Persian": (PERSIAN.encode("cp1256"), "", PERSIAN, (WRONG,)),
    "no label, Russian": (RUSSIAN.encode("cp1251"), "", RUSSIAN, (WRONG,)),
    "no label, German": (GERMAN.encode("cp1252"), "", GERMAN, ()),
    "UTF-8 said of Russian": (RUSSIAN.encode("cp1251"), "a/b;charset=utf-8", RUSSIAN, (WRONG,)),
    "Latin said of Persian": (PERSIAN.encode("cp1256"), "a/b;charset=cp1252", PERSIAN, (WRONG,)),
    "a true label": (RUSSIAN.encode("koi8-r"), "a/b; charset='KOI8-R'", RUSSIAN, ()),
    "a BOM against a label": ("é".encode("utf-8-sig"), "a/b;charset=latin1", "é", (WRONG,)),
    "UTF-32": (PERSIAN.encode("utf-32"), "a/b; charset=utf-32", PERSIAN, ()),
    "one stray in a little UTF-8": (b"caf\xc3\xa9, na\xc3\xafve, \xc3\xa9t\xc3\xa9 \x92", "",
        "café, naïve, été \ufffd", (STRAY,)),
    "a stray in a legacy charset": ("日本".encode("shift_jis") * 9 + b"\x81", "a/b;charset=sjis",
        "日本" * 9 + "\ufffd", (STRAY,)),
    "seven bits of Japanese": ("日本".encode("iso2022_jp"), "a/b; charset=iso-2022-jp", "日本", ()),
}  # fmt: skip


@pytest.mark.parametrize(("body", "header", "text", "repairs"), CASES.values(), ids=CASES)
def test_text_is_read_in_the_charset_it_is_in(
    body: bytes, header: str, text: str, repairs: tuple[str, ...]
) -> None:
    found = decode(body, header)
    assert (found.text, found.repairs) == (text, repairs)


def test_the_documents_word_goes_before_a_servers_default() -> None:
    text = XML.format("windows-1251") + RUSSIAN[:20]
    assert decode(text.encode("cp1251"), "text/xml; charset=ISO-8859-1").text == text


@pytest.mark.parametrize("every", [20, 60, 400])
def test_persian_survives_stray_bytes(every: int) -> None:
    body = PERSIAN.encode() * 5
    spoiled = b"".join(body[i : i + every] + b"\xd8" for i in range(0, len(body), every))
    found = decode(spoiled, "text/xml; charset=utf-8")
    assert found.repairs == (STRAY,)
    kept = sum(char in PERSIAN for char in found.text) / len(PERSIAN * 5)
    assert kept > 0.85


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_under_any_label_are_some_text(body: bytes, label: str) -> None:
    assert isinstance(decode(body, f"text/xml; charset={label}").text, str)


@pytest.mark.parametrize("label", ["punycode", "utf-7", "cp1256", "utf-8", "gb18030"])
def test_ten_megabytes_of_bad_bytes_take_little_time(label: str) -> None:
    started = time.process_time()
    decode(b"\xc7\x98\xff-a" * 2_000_000, f"text/xml; charset={label}")
    assert time.process_time() - started < 8
