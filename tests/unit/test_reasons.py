"""The sentence of a match: the right one, in any script, and never a failure."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchers.reasons import sentence

SENTENCES = {
    "one of three": ("It rained. The court named *Noury*. He left.", "The court named *Noury*."),
    "alone": ("*Noury*", "*Noury*"),
    "a line's end": ("A heading\nThe court named *Noury*\nAnother", "The court named *Noury*"),
    "a question": ("Who? Was it *Noury*? Yes.", "Was it *Noury*?"),
    "a quotation": ("He wept. “It was *Noury*!” They left.", "“It was *Noury*!”"),
    "initials": ("So it was. Judge H. A. *Nayyeri* sat. So.", "Judge H. A. *Nayyeri* sat."),
    "a title before": ("It was. Dr. *Nayyeri* sat. So.", "Dr. *Nayyeri* sat."),
    "a number": ("All of 3.5 said *Noury* did. So.", "All of 3.5 said *Noury* did."),
    "Persian": ("باران بارید. آیا *نوری* بود؟ بله.", "آیا *نوری* بود؟"),
    "Urdu": ("بارش ہوئی۔ یہ *نوری* تھا۔ ہاں۔", "یہ *نوری* تھا۔"),
    "Chinese": ("下雨了。他是*努里*吗？是。", "他是*努里*吗？"),
    "ellipsis": ("He waited… Then *Noury* came… So.", "Then *Noury* came…"),
}  # fmt: skip


def of(marked: str, most: int = 300) -> str:
    """The sentence of what stands between stars, the stars taken out."""
    before, name, after = marked.split("*")
    return sentence(before + name + after, len(before), len(before) + len(name), most)


@pytest.mark.parametrize(("marked", "wanted"), SENTENCES.values(), ids=SENTENCES)
def test_the_sentence_of_a_match_is_found(marked: str, wanted: str) -> None:
    assert of(marked) == wanted.replace("*", "")


def test_a_long_sentence_is_cut_at_blanks_around_the_match() -> None:
    cut = of("long words " * 90 + "*Noury*" + " other words" * 90, 100)
    assert 80 < len(cut) <= 100
    assert (cut[0], cut[-1]) == ("…", "…")
    words = set(cut.strip("…").split())
    assert words == {"long", "words", "Noury", "other"}
    assert 30 < cut.index("Noury") < 70


def test_only_the_end_that_was_cut_has_an_ellipsis() -> None:
    assert of("So. Then *Noury* spoke" + " on" * 200, 60).startswith("Then Noury spoke on")
    assert of("on " * 200 + "and *Noury* spoke. So.", 60).endswith("and Noury spoke.")


def test_a_cut_parts_no_letter_from_its_marks() -> None:
    cut = of("e\u0301" * 400 + "*Noury*", 50)
    assert cut.lstrip("…")[0] == "e"


def test_the_match_outlasts_its_sentence() -> None:
    assert of("x" * 500 + "*" + "y" * 500 + "*", 50).strip("…") == "y" * 48


_mark = st.sampled_from([". ", "? ", "\n", "؟ ", "。", "… ", '." ', " ", "Dr. ", "e\u0301", ""])
_texts = st.lists(st.one_of(st.text(max_size=20), _mark)).map("".join)


@given(_texts, st.integers(-5, 80), st.integers(-5, 80), st.integers(0, 60))
@example("", 0, 0, 0)
@example("a. b", 10, 3, 300)
def test_any_offsets_give_a_stretch_of_the_text(text: str, start: int, end: int, most: int) -> None:
    said = sentence(text, start, end, most)
    assert len(said) <= max(most, 0)
    assert said.strip("…") in text


@given(_texts, st.data())
def test_a_match_that_fits_stands_in_its_sentence(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    assert text[start:end].strip() in sentence(text, start, end, 60)


def test_megabytes_take_no_time() -> None:
    began = time.perf_counter()
    for letter in ("a", ".", "\n", ". ", '."', "\u0301", "؟"):
        text = letter * (4_000_000 // len(letter))
        assert len(sentence(text, 2_000_000, 2_000_007)) <= 300
    assert time.perf_counter() - began < 1.0
