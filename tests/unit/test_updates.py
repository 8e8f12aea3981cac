"""Changed facts and changed wording. The texts are invented."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.updates import COSMETIC, FACTS, LONGEST, Change, Version, compare, contradiction

TEXT = """A court in Gothenburg on Monday opened a hearing on the prison executions of 1988.
The prosecutor, Elin Sandberg, said seven witnesses from Shiraz would be heard in November.
A lawyer for the defendant denied that his client had worked at the prison.
Relatives had travelled from three countries and stood outside the building with photographs."""
FA = """دادگاه گوتنبرگ روز دوشنبه جلسه رسیدگی به اعدام‌های ۱۳۶۷ را آغاز کرد.
دادستان گفت هفت شاهد از شیراز در این دادگاه شهادت خواهند داد.
وکیل متهم گفت موکل او در آن زندان کار نمی‌کرده است."""
TITLE = "Gothenburg court hears witnesses of the 1988 executions"
OLD = Version(TITLE, TEXT, "en")


def _changed(was: str, now: str, of: Version = OLD) -> Change:
    assert was in of.text
    change = compare(of, replace(of, text=of.text.replace(was, now, 1)))
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("was", "now", "reason"),
    [
        ("seven witnesses", "nine witnesses", "figure 7 became 9"),
        ("seven witnesses", "8 witnesses", "figure 7 became 8"),
        ("1988", "1989", "figure 1988 became 1989"),
        ("on Monday", "on Tuesday", "“monday” became “tuesday”"),
        ("in November", "in December", "“november” became “december”"),
        ("Elin Sandberg", "Maja Lindqvist", "name changed: elin sandberg became lindqvist maja"),
        ("from Shiraz", "from Ahvaz", "name changed: shiraz became ahvaz"),
        ("denied", "confirmed", "“denied” became “confirmed”"),
        ("had worked", "had not worked", "“not” was added"),
        ("executions", "arrests", "“executions” became “arrests”"),
        ("opened", "postponed", "“postponed” was added"),
    ],
)
def test_a_changed_fact_is_told(was: str, now: str, reason: str) -> None:
    change = _changed(was, now)
    assert (change.kind, change.fields) == (FACTS, ("text",))
    assert reason in change.reasons or "executions" in was  # of the classes' words: below


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("seven witnesses", "7 witnesses"),
        ("seven", "seven "),
        ("witnesses", "witneses"),
        ("hearing", "session"),
        ("stood outside the building", "stood before the building"),
        ("Monday", "monday"),
        ("prosecutor, Elin Sandberg, said", "prosecutor – Elin Sandberg – said"),
        ("photographs.", "photographs.\nRead more: Who was in the panels?"),
        ("photographs.", "photographs.\nPublished 3 minutes ago"),
        ("photographs.", "photographs.\n14 comments"),
        ("photographs.", "photographs.\nReporting by A. Nobody; editing by B. Noone"),
        ("A court in Gothenburg", "A Gothenburg court"),
    ],
)
def test_wording_is_silent(was: str, now: str) -> None:
    assert _changed(was, now) == Change(COSMETIC, ("text",), ())


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("اعدام‌های", "اعدام های"),
        ("می‌کرده", "میکرده"),
        ("دادگاه", "دادگــاه"),
        ("کرد", "كرد"),
        ("۱۳۶۷", "1367"),
        ("هفت شاهد", "۷ شاهد"),
    ],
    ids=["half-space", "joined", "tatweel", "arabic kaf", "latin digits", "digit"],
)
def test_persian_spelling_is_wording(was: str, now: str) -> None:
    assert _changed(was, now, Version("عنوان", FA, "fa")).kind == COSMETIC


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("هفت شاهد", "نه شاهد"),
        ("هفت شاهد", "۹ شاهد"),
        ("شیراز", "اهواز"),
        ("دوشنبه", "سه‌شنبه"),
        ("وکیل متهم گفت", "وکیل متهم تکذیب کرد"),
    ],
    ids=["word", "digit", "place", "day", "denial"],
)
def test_persian_facts_are_told(was: str, now: str) -> None:
    assert _changed(was, now, Version("عنوان", FA, "fa")).kind == FACTS


def test_a_sentence_that_is_gone_is_told() -> None:
    lines = TEXT.split("\n")
    change = compare(OLD, replace(OLD, text="\n".join((*lines[:2], lines[3]))))
    assert change
    assert change.reasons[0].startswith("taken out: A lawyer for the defendant denied")


def test_a_new_paragraph_with_facts_is_told() -> None:
    more = f"{TEXT}\nTehran summoned the Swedish ambassador and called the hearing a show."
    change = compare(OLD, replace(OLD, text=more))
    assert change
    assert change.reasons[0].startswith("added: Tehran summoned the Swedish ambassador")


@pytest.mark.parametrize(
    "mark",
    [
        "CORRECTED: {}", "UPDATE 1-{}", "{} (updated)", "Korrektur: {}", "Mise à jour : {}",
        "اصلاحیه: {}", "تصحيح: {}", "Rättelse: {}",
    ],
)  # fmt: skip
def test_a_mark_of_a_correction_in_the_title_is_told(mark: str) -> None:
    change = compare(OLD, replace(OLD, title=mark.format(TITLE)))
    assert change
    assert (change.kind, change.fields) == (FACTS, ("title",))
    assert change.reasons[0].startswith("marked: ")


@pytest.mark.parametrize(
    "note",
    [
        "(Corrects the court's name in paragraph one)",
        "Correction: An earlier version of this article misnamed the court.",
        "This article was amended to remove a claim.",
        "اصلاحیه: نام دادگاه درست شد.",
    ],
)
def test_a_note_of_a_correction_in_the_text_is_told(note: str) -> None:
    change = compare(OLD, replace(OLD, text=f"{TEXT}\n{note}"))
    assert change
    assert any(reason.startswith("marked: ") for reason in change.reasons)


def test_the_next_number_of_an_update_is_another_mark() -> None:
    first = replace(OLD, title=f"UPDATE 1-{TITLE}")
    change = compare(first, replace(first, title=f"UPDATE 2-{TITLE}"))
    assert change
    assert change.kind == FACTS


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        (f"{TITLE} - The Example Post", COSMETIC),
        (f"The Example Post: {TITLE}", COSMETIC),
        (f"Video: {TITLE}", COSMETIC),
        (TITLE.upper(), COSMETIC),
        (f"“{TITLE}”", COSMETIC),
        ("Gothenburg court hears witnesses of the 1988…", COSMETIC),
        ("Swedish judges begin trial", FACTS),
        ("Gothenburg court hears nine witnesses of the 1988 executions", FACTS),
        ("Gothenburg court rejects witnesses of the 1988 executions", FACTS),
        ("Malmö court hears witnesses of the 1988 executions", FACTS),
    ],
)
def test_titles(title: str, kind: str) -> None:
    change = compare(OLD, replace(OLD, title=title))
    assert change
    assert (change.kind, change.fields) == (kind, ("title",))


def test_paragraphs_in_another_order_are_wording() -> None:
    change = compare(OLD, replace(OLD, text="\n".join(reversed(TEXT.split("\n")))))
    assert change == Change(COSMETIC, ("text",), ())


def test_a_person_whom_the_verdict_names_no_more_is_withdrawn() -> None:
    old = replace(OLD, people=frozenset({"one", "two"}))
    new = replace(old, people=frozenset({"one"}), text=TEXT.replace("Relatives", "Some relatives"))
    change = compare(old, new)
    assert change
    assert "name withdrawn: two" in change.reasons


SUMMARY = "A court in Gothenburg opened a hearing on the executions of 1988; seven witnesses come."


@pytest.mark.parametrize("reverse", [False, True], ids=["grows", "shrinks"])
def test_a_summary_and_the_whole_text_are_one_article(*, reverse: bool) -> None:
    pair = [replace(OLD, text=SUMMARY), replace(OLD, is_full=True)]
    old, new = reversed(pair) if reverse else pair
    assert compare(old, new) == Change(COSMETIC, ("text",), ())


@pytest.mark.parametrize("reverse", [False, True], ids=["grows", "shrinks"])
def test_a_summary_that_the_whole_text_contradicts_is_told(*, reverse: bool) -> None:
    pair = [replace(OLD, text=SUMMARY.replace("seven", "nine")), replace(OLD, is_full=True)]
    old, new = reversed(pair) if reverse else pair
    change = compare(old, new)
    assert change
    assert change.kind == FACTS


def test_a_text_cut_in_the_middle_is_wording() -> None:
    cut = replace(OLD, text=f"{TEXT[: TEXT.index('November')]}…")
    assert compare(OLD, cut) == Change(COSMETIC, ("text",), ())


def test_a_long_text_that_goes_on_is_told() -> None:
    old = replace(OLD, text="\n".join(f"Paragraph {n} tells of the hearing. {TEXT}" for n in "ab"))
    change = compare(
        old, replace(old, text=f"{old.text}\nThe ambassador left. " + "So it was. " * 99)
    )
    assert change
    assert change.reasons[0] == "added: The ambassador left."


def test_another_text_altogether_is_told() -> None:
    change = compare(OLD, replace(OLD, text="The page is empty now."))
    assert change
    assert change.kind == FACTS


def test_another_summary_of_the_same_contradicts_nothing() -> None:
    one = replace(OLD, text="Judges in Gothenburg begin to hear survivors of the prisons.")
    other = replace(OLD, text="A hearing has opened in Sweden, with relatives at the door.")
    assert contradiction(one, other) == Change(COSMETIC, ("text",), ())
    many = replace(other, text="A hearing has opened in Sweden, with 40 relatives at the door.")
    told = contradiction(replace(other, text=many.text.replace("40", "14")), many)
    assert told
    assert told.reasons == ("figure 14 became 40",)


def test_what_is_the_same_to_the_letter_is_no_change() -> None:
    assert compare(OLD, OLD) is None
    assert contradiction(OLD, OLD) is None


# ---------------------------------------------------------------- properties

_WORDS = st.lists(
    st.sampled_from(
        [
            "court",
            "judges",
            "opened",
            "hearing",
            "prison",
            "families",
            "letter",
            "archive",
            "survivors",
            "described",
            "told",
            "reporters",
            "building",
            "morning",
            "photographs",
            "documents",
            "quietly",
            "together",
            "outside",
            "evening",
        ]
    ),
    min_size=6,
    max_size=14,
)
_SENTENCES = st.lists(_WORDS.map(lambda words: f"{' '.join(words).capitalize()}."), min_size=1)
_TEXTS = _SENTENCES.map("\n".join)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_are_compared(one: str, other: str, title: str, another: str) -> None:
    for language in ("en", "fa", None):
        old, new = Version(title, one, language), Version(another, other, language)
        change = compare(old, new)
        assert (change is None) == ((title, one) == (another, other))
        if change is not None:
            assert (change.kind == FACTS) is bool(change.reasons)
            assert len(change.reason) <= LONGEST
            assert change.fields


@given(_TEXTS, st.sampled_from([str.upper, str.lower, str.title]))
def test_case_is_wording(text: str, form: Callable[[str], str]) -> None:
    new = form(text)
    change = compare(Version("T", text, "en"), Version("T", new, "en"))
    assert change is None or change.kind == COSMETIC


@given(_TEXTS)
def test_punctuation_and_spaces_are_wording(text: str) -> None:
    spaced = text.replace(" ", "  ").replace(".", " !").replace("\n", "\n\n")
    change = compare(Version("T", text, "en"), Version("T", spaced, "en"))
    assert change
    assert change.kind == COSMETIC


@given(_TEXTS, st.integers(2, 10**6), st.integers(2, 10**6), st.data())
def test_a_changed_figure_is_a_fact(text: str, was: int, now: int, data: st.DataObject) -> None:
    words = text.split(" ")
    place = data.draw(st.integers(1, len(words) - 1))
    old, new = (
        Version("T", " ".join((*words[:place], str(n), *words[place:])), "en") for n in (was, now)
    )
    change = compare(old, new)
    assert (change is None) == (was == now)
    if change is not None:
        assert change.kind == FACTS


_MANY = 200_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("word " * (_MANY // 5), "word " * (_MANY // 5 - 1) + "nord "),
        ("killed seven " * (_MANY // 13), "seven killed " * (_MANY // 13)),
        ("." * _MANY, "." * _MANY + "x"),
        ("a. " * (_MANY // 3), "b. " * (_MANY // 3)),
        ("1 " * (_MANY // 2), "2 " * (_MANY // 2)),
        ("9" * _MANY, "8" * _MANY),
        ('"' * _MANY, ")" * _MANY),
        ("a b c d e f g\n" * (_MANY // 14), "a b c d e f h\n" * (_MANY // 14)),
        ("two hundred " * (_MANY // 12), "six hundred " * (_MANY // 12)),
    ],
    ids=["words", "facts", "dots", "stops", "figures", "digits", "quotes", "lines", "numbers"],
)
def test_hostile_texts_take_no_time(one: str, other: str) -> None:
    began = time.process_time()
    compare(Version(one[:2_000], one, "en"), Version(other[:2_000], other, "en"))
    assert time.process_time() - began < 2
