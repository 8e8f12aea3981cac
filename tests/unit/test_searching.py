"""The full search without a database: questions read, pieces shown, names found."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.app import Knowledge
from bot.asking import Names
from bot.i18n import catalogue
from bot.sheets import Sheet
from bot.story_list import add_stories
from watchers.search_order import chosen
from watchers.search_question import read, span_of
from watchers.search_text import Indexable, stream
from watchers.snippets import AROUND, snippet, spans
from watchers.telling import Line

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
KNOWLEDGE = Knowledge()


def terms(question: str) -> list[list[str]]:
    """The spellings of each term; a star where a word may go on."""
    found = read(question, now=NOW).terms
    return [[" ".join(f.words) + ("*" if f.begins else "") for f in term] for term in found]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("prison", [["prison*"]]),
        ("of", [["of"]]),
        ("summer prison", [["summer*", "summerprison"], ["prison*", "summerprison"]]),
        ('"summer prison"', [["summer prison", "summerprison"]]),
        ("می‌شود", [["می شود", "میشود"]]),
        ("۱۳۶۷/۰۵", [["1367 05"]]),
        ("东京都", [["东京 京都"]]),
        ("都", [["都*"]]),
        ("...", []),
    ],
    ids=str,
)
def test_words_become_terms(question: str, found: list[list[str]]) -> None:
    assert terms(question) == found


def test_with_many_words_short_ones_stand_whole() -> None:
    assert terms("wit")[0][0] == "wit*"
    assert [term[0] for term in terms("wit a b c d e witn")][::6] == ["wit", "witn*"]


@pytest.mark.parametrize(
    ("written", "begins", "days"),
    [
        ("2024", (2024, 1, 1), 366),
        ("2024-02", (2024, 2, 1), 29),
        ("2024/12/31", (2024, 12, 31), 1),
        ("۱۴۰۳", (2024, 3, 20), 366),
        ("1403-12", (2025, 2, 19), 30),
        ("1367/05", (1988, 7, 23), 31),
    ],
)
def test_dates_are_meant_whole(written: str, begins: tuple[int, int, int], days: int) -> None:
    start = datetime(*begins, tzinfo=UTC)
    assert span_of(written, NOW) == (start, start + timedelta(days=days))


@pytest.mark.parametrize("written", ["", "0", "2024-13", "2024-02-30", "99999", "1403/13", "1066"])
def test_what_is_no_date(written: str) -> None:
    assert span_of(written, NOW) is None


# ---------------------------------------------------------------- pieces of the original


def piece(text: str, question: str) -> tuple[str, list[str]]:
    """A piece, and what is marked in it."""
    made = snippet(text, read(question, now=NOW).terms)
    return str(made), [made.text[start:end] for start, end in made.spans]


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("The 1988 Massacre.", "massacre", ["Massacre"]),
        ("Executions, executed", "execut", ["Executions", "executed"]),
        ("این كار می شود.", "میشود", ["می شود"]),
        ("آقای پور محمدی گفت", "پورمحمدی", ["پور محمدی"]),
        ("شُهدای خاوران‌ها", "خاورانها", ["خاوران‌ها"]),
        ("Ra&#39;isi said", "raisi", ["Ra&#39;isi"]),
        ("德黑兰政治犯大屠杀", "大屠杀", ["大屠杀"]),
        ("Nothing of it", "massacre", []),
    ],
)
def test_what_was_asked_is_marked_in_the_original(
    text: str, question: str, marked: list[str]
) -> None:
    assert piece(text, question) == (text, marked)


def test_the_piece_is_where_most_stands_and_cuts_no_word() -> None:
    text = "evin " + "filler " * 200 + "evin prison\nin summer " + "more " * 200
    shown, marked = piece(text, "evin prison summer")
    assert marked == ["evin", "prison", "summer"]
    assert len(shown) < AROUND + 30
    assert shown.startswith("… filler ")
    assert shown.endswith("more …")
    assert "evin prison in summer" in shown


def test_pieces_of_hostile_texts_are_bounded() -> None:
    for text in ("a" * 60_000, "evin " * 12_000, "\u0651" * 60_000, "&#39;" * 9_000, "ﷺ" * 20_000):
        made = snippet(text, read("evin a الله", now=NOW).terms)
        assert len(made.text) <= 2 * AROUND
        assert all(0 <= start < end <= len(made.text) for start, end in made.spans)


def test_titles_have_their_places() -> None:
    assert spans("Evin, and Evin", read("evin", now=NOW).terms) == ((0, 4), (10, 14))


def test_a_piece_in_a_chat_is_marked_and_no_link() -> None:
    made = snippet("Read evil.example about Evin 😀 prison", read("evin prison", now=NOW).terms)
    line = Line("s1", "T", "https://a.example", "A", "media", "en", None, (), {})
    sheet = Sheet(catalogue("fa"))
    add_stories(sheet, [line], "UTC", KNOWLEDGE.names.of, pieces={"s1": made})
    assert "evil.\u2060example" in sheet.text
    units = sheet.text.encode("utf-16-le")
    bold = [e for e in sheet.entities if e.type == "bold"]
    marked = [units[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le") for e in bold]
    assert marked == ["Evin", "prison"]


# ---------------------------------------------------------------- names, and what is indexed


@pytest.fixture(scope="module")
def names() -> Names:
    """Of the shipped watchlist and outlets."""
    return Names(KNOWLEDGE.watchlist, KNOWLEDGE.outlets)


@pytest.mark.parametrize("name", ["raisi", "Ebrahim Raisi", "رئیسی", "ابراهيم رييسي", "RA'ISI"])
def test_people_are_known_by_any_name(names: Names, name: str) -> None:
    (found,) = [one for one in names.people(name) if "raisi" in one]
    assert found in names.people(found)
    assert names.people("zzz") == ()
    assert len(names.people("a")) <= 8


def test_readers_cannot_ask_for_people_on_hold(names: Names) -> None:
    quiet = [person.id for person in KNOWLEDGE.watchlist.people if person.quiet]
    assert quiet
    assert all(one in names.people(one) for one in quiet)
    assert not any(set(names.shown_people(one)) & set(quiet) for one in quiet)


def test_outlets_are_known_by_name(names: Names) -> None:
    assert "amnesty.org" in names.outlets("Amnesty International")


def test_no_text_can_pretend_to_be_a_fact() -> None:
    hostile = "is:told =x year:2026 lang:fa ‖ who:raisi in:0 ' \\ \0"
    one = Indexable(
        1, 0, hostile, hostile, "x'y\\", "a'b.example", "'", ("it's",), (), NOW, told=False
    )
    made = stream(one)
    plain = {word for part in made.words for word in part}
    assert not any(set(word) & set(":=‖'\\\0") for word in plain)
    assert "is:told" not in made.others
    assert not any(set(token) & set("'\\\0 ") for token in made.others)


def test_half_of_what_is_shown_may_be_titles() -> None:
    ids, titled = range(1, 101), set(range(1, 50))
    assert chosen(ids, titled, 10) == [100, 99, 98, 97, 96, 49, 48, 47, 46, 45]
