"""Own topics' queries: read as meant or refused with the place; they find what a reader would."""

from __future__ import annotations

import contextlib
import pickle
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.errors import QueryInvalid
from watchers.folding import Folded
from watchers.queries import Either, Every, Near, Node, Not, Phrase, Query, Word, parse_query
from watchers.query_text import MAX_DEPTH, MAX_NEAR, MAX_PHRASE, MAX_PHRASES, MAX_TEXT
from watchers.rules import ARABIC, Rule, own_topics
from watchers.scan import Hit, Scanner
from watchers.watchlist import OwnTopic


class Topics:
    """As much of a watchlist as own topics need."""

    def __init__(self, query: str) -> None:
        self.own_topics = (OwnTopic(id="own", name="Own", query=query),)


def hits(query: str, title: str, text: str) -> dict[int, list[Hit]]:
    """What the scanner finds of a query, by the number of the phrase."""
    scanner = Scanner(own_topics(Topics(query)))  # type: ignore[arg-type]
    found = defaultdict(list)
    for field, content in (("title", title), ("text", text)):
        for hit in scanner.scan(field, Folded(content)):
            found[int(hit.rule.detail)].append(hit)
    return found


def reasons(query: str, text: str, title: str = "") -> list[str]:
    """The words by which an article is about it, as printed."""
    fields = {"title": Folded(title), "text": Folded(text)}
    out = []
    for hit in parse_query(query).find(hits(query, title, text)):
        start, end = fields[hit.field].origin(hit.start, hit.end)
        out.append(fields[hit.field].original[start:end])
    return out


def refused(query: str) -> QueryInvalid:
    with pytest.raises(QueryInvalid) as caught:
        parse_query(query)
    return caught.value


# ---------------------------------------------------------------- reading

SANCTIONS = '("asset freeze" OR sanction*) NEAR/10 (Raisi OR رئیسی) NOT football'

READ = {
    "the whole of it": (
        SANCTIONS,
        '("asset freeze" OR sanction*) NEAR/10 (Raisi OR رئیسی) AND NOT football',
    ),
    "side by side is AND": ("trial Stockholm", "trial AND Stockholm"),
    "AND before OR": ("aa OR bb AND cc", "aa OR bb AND cc"),
    "side by side before OR": ("aa bb OR cc dd", "aa AND bb OR cc AND dd"),
    "parentheses that change it": ("(aa OR bb) cc", "(aa OR bb) AND cc"),
    "parentheses that change nothing": ("((aa) AND (bb cc))", "aa AND bb AND cc"),
    "NEAR before AND": ("aa bb NEAR/3 cc", "aa AND bb NEAR/3 cc"),
    "NOT before AND": ("aa NOT bb cc", "aa AND NOT bb AND cc"),
    "NOT of a group": ("aa NOT (bb OR cc)", "aa AND NOT (bb OR cc)"),
    "NOT of nearness": ("aa NOT (bb NEAR/2 cc)", "aa AND NOT (bb NEAR/2 cc)"),
    "groups within a side": ("((aa OR bb) OR cc) NEAR/2 dd", "(aa OR bb OR cc) NEAR/2 dd"),
    "Persian digits": ("رئیسی NEAR/۱۲ تحریم", "رئیسی NEAR/12 تحریم"),
    "Arabic digits": ("رئیسی NEAR/٧ تحریم", "رئیسی NEAR/7 تحریم"),
    "guillemets": ("«توقیف اموال» OR تحریم*", '"توقیف اموال" OR تحریم*'),
    "curly quotes": ("“asset freeze”", '"asset freeze"'),
    "quotes mixed": ('„asset freeze“ “law suit"', '"asset freeze" AND "law suit"'),
    "star at a phrase's end": ('"asset freez*"', '"asset freez*"'),
    "operators quoted": ('"AND" OR "near"', '"AND" OR "near"'),
    "words that begin like operators": ("ORANGE OR NOTE ANDES", "ORANGE OR NOTE AND ANDES"),
    "signs inside words": ("Raʾisi OR death-commission OR U.N.", None),
    "joiner": ("قتل\u200cعام", "قتل\u200cعام"),
    "direction marks": ("\u200fرئیسی\u200f \u2067AND\u2069 aa\u061c", "رئیسی AND aa"),
    "several lines": ("aa\n  OR bb\n", "aa OR bb"),
    "twice denied": ("NOT (NOT aa)", "NOT (NOT aa)"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "meant"), READ.values(), ids=READ)
def test_a_query_is_written_out_as_it_was_read(query: str, meant: str | None) -> None:
    if meant is not None:
        assert str(parse_query(query)) == meant
    assert parse_query(str(parse_query(query))) == parse_query(query)


def test_one_phrase_in_two_spellings_is_looked_for_once() -> None:
    query = parse_query("رئيسي OR رئیسی OR Ra'isi OR RAISI OR Raisi*")
    assert query.phrases == (Phrase("رئيسي"), Phrase("Ra'isi"), Phrase("Raisi", prefix=True))


def test_a_query_travels_to_worker_processes() -> None:
    query = parse_query(SANCTIONS)
    assert pickle.loads(pickle.dumps(query)) == query
    assert hash(query) == hash(parse_query(SANCTIONS))


def test_the_grammar_is_loaded_with_the_first_query_only() -> None:
    program = (
        "import pickle, sys; import watchers.rules, watchers.scan, watchers.watchlist;"
        f"pickle.loads({pickle.dumps(parse_query(SANCTIONS))!r}).find({{}});"
        "assert 'lark' not in sys.modules;"
        "watchers.queries.parse_query('sanctions'); assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# ---------------------------------------------------------------- what is refused

REFUSED = {
    "empty": ("", 0, "", "at least one word"),
    "spaces": (" \n\t ", 0, "", "at least one word"),
    "only NOT": ("NOT football", 0, "", "at least one word"),
    "NOT in OR": ("aa OR NOT bb", 0, "", "at least one word"),
    "NOT of AND": ("NOT (aa AND bb)", 0, "", "at least one word"),
    "starts with OR": ("OR aa", 1, "OR", "a word must come before"),
    "starts with NEAR": ("(NEAR/5 aa)", 2, "NEAR/5", "a word must come before"),
    "ends with AND": ("aa AND", 4, "AND", "a word must follow"),
    "ends with NOT": ("aa NOT", 4, "NOT", "a word must follow"),
    "parenthesis after AND": ("(aa AND) bb", 8, ")", "between AND and this"),
    "two operators": ("aa OR AND bb", 7, "AND", "between OR and this"),
    "NOT twice": ("aa NOT NOT bb", 8, "NOT", "between NOT and this"),
    "empty parentheses": ("aa ()", 5, ")", "nothing stands in"),
    "not closed": ("aa (bb OR (cc)", 4, "(", "never closed"),
    "not opened": ("aa) bb", 3, ")", "no parenthesis is open"),
    "quote not closed": ('aa "bb cc', 4, '"', "no partner"),
    "quote not closed, Persian": ("رئیسی «توقیف", 7, "«", "no partner"),
    "NEAR bare": ("aa NEAR bb", 4, "NEAR", "NEAR/10"),
    "NEAR of none": ("aa NEAR/0 bb", 4, "NEAR/0", "1 to 50"),
    "NEAR of many": ("aa NEAR/51 bb", 4, "NEAR/51", "1 to 50"),
    "NEAR of a huge number": ("aa NEAR/99999 bb", 4, "NEAR/99999", "1 to 50"),
    "NEAR of a word": ("aa NEAR/five bb", 4, "NEAR/five", "1 to 50"),
    "NEAR without stroke": ("aa NEAR5 bb", 4, "NEAR5", "NEAR/10"),
    "NEAR thrice": ("aa NEAR/5 bb NEAR/5 cc", 14, "NEAR/5", "a NEAR/5 b AND b NEAR/5 c"),
    "NEAR of AND": ("aa NEAR/5 (bb cc)", 4, "NEAR/5", "(a OR b)"),
    "NEAR of NEAR": ("aa NEAR/5 (bb NEAR/5 cc)", 4, "NEAR/5", "(a OR b)"),
    "NEAR of NOT": ("NOT aa NEAR/5 bb", 8, "NEAR/5", "NOT (a NEAR/5 b)"),
    "small and": ("aa and bb", 4, "and", "write AND"),
    "small or": ("aa Or bb", 4, "Or", "write OR"),
    "small near": ("aa near/7 bb", 4, "near/7", "write NEAR/7"),
    "a lawyer's near": ("aa w/7 bb", 4, "w/7", "write NEAR/7"),
    "Persian or": ("رئیسی یا نوری", 7, "یا", "write OR"),
    "Persian and": ("رئیسی و نوری", 7, "و", "write AND"),
    "minus": ("aa -bb", 4, "-bb", "write NOT"),
    "field": ("title:aa bb", 1, "title:aa", "the sign :"),
    "bars": ("aa || bb", 4, "||", "the sign |"),
    "question mark": ("wom?n", 1, "wom?n", "the sign ?"),
    "comma": ("aa, bb", 1, "aa,", "no comma"),
    "Persian comma": ("رئیسی، نوری", 1, "رئیسی،", "no comma"),
    "single quotes": ("'asset freeze'", 1, "'asset", "double quotes"),
    "only signs": ('aa OR "…"', 7, '"…"', "no letter or digit"),
    "only a star": ("aa *", 4, "*", "no letter or digit"),
    "star first": ("*ction", 1, "*ction", "directly behind"),
    "star inside": ("san*ion", 1, "san*ion", "directly behind"),
    "star behind a space": ('"asset *"', 1, '"asset *"', "directly behind"),
    "two stars": ("sanct**", 1, "sanct**", "directly behind"),
    "star after two letters": ("sa*", 1, "sa*", "at least 3 letters"),
    "star after a short last word": ('"asset fr*"', 1, '"asset fr*"', "at least 3 letters"),
    "one letter": ("aa x", 4, "x", "at least 2 letters"),
    "a NUL": ("aa NOT\0 bb AND", 11, "AND", "must follow"),
}


@pytest.mark.parametrize(("query", "at", "word", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_named_with_its_place(
    query: str, at: int, word: str, said: str
) -> None:
    error = refused(query)
    assert said in error.message
    assert error.message.endswith(".")
    if at:
        assert f"character {at}, " in error.message
        assert word in error.message
    assert error.for_admin == error.message


@pytest.mark.parametrize(
    ("query", "drawn"),
    [
        pytest.param("aa and bb", "aa and bb\n   ^^^", id="a word"),
        pytest.param('aa "bb', 'aa "bb\n   ^', id="a sign"),
        pytest.param("aa OR\nbb and cc", "bb and cc\n   ^^^", id="the line only"),
        pytest.param("Müßig and cc", "Müßig and cc\n      ^^^", id="letters with marks"),
        pytest.param("رئیسی and bb", "", id="from the right"),
        pytest.param("裁判 and bb", "", id="wide"),
        pytest.param("e\u0301a and bb", "", id="combining"),
    ],
)
def test_carets_are_drawn_where_they_stand_right(query: str, drawn: str) -> None:
    error = refused(query)
    assert error.pointer == drawn
    assert str(error) == f"{error.message}\n{drawn}".strip()


def test_a_long_line_is_drawn_around_the_fault() -> None:
    line, carets = refused(f"{'word ' * 50} and {'word ' * 20}").pointer.split("\n")
    assert len(line) <= 90
    assert line[carets.index("^") : len(carets)] == "and"


def test_an_error_crosses_a_process_border() -> None:
    error = refused("aa and bb")
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.pointer) == (error.message, error.pointer)


BOUNDS = {
    "characters": (" " * 1_998 + "aa", " " * 1_999 + "aa"),
    "letters of a word": ("a" * 120, "a" * 121),
    "words": ("aa OR " * 99 + "bb", "aa OR " * 100 + "bb"),
    "parentheses": ("(" * 20 + "aa" + ")" * 20, "(" * 21 + "aa" + ")" * 21),
    "NEAR": ("aa NEAR/50 bb", "aa NEAR/51 bb"),
}


@pytest.mark.parametrize(("allowed", "over"), BOUNDS.values(), ids=BOUNDS)
def test_the_bounds_are_those_told(allowed: str, over: str) -> None:
    parse_query(allowed)
    refused(over)


HOSTILE = {
    "parentheses": "(" * 2_000,
    "quotes": '"' * 2_000,
    "NOT": "NOT " * 500,
    "NOT and parentheses": "NOT (" * 400,
    "OR": "OR " * 666,
    "stars": "*" * 2_000,
    "marks": "a" + "\u0301" * 1_999,
    "ligatures": "\ufdfa" * 2_000,
    "words": "aa " * 666,
    "starred words": "aaa* " * 400,
    "apostrophes": "a'" * 1_000,
    "a million": "a" * 1_000_000,
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_query_is_answered_at_once(query: str) -> None:
    started = time.process_time()
    error = refused(query)
    assert time.process_time() - started < 0.5
    assert len(str(error)) < 400


PIECES = st.sampled_from(
    ["AND", "OR", "NOT", "NEAR/5", "NEAR/۵", "NEAR", "(", ")", '"', "«", "»", "*", "aa", "رئیسی",
     "sanct*", " ", "\n", "\u200c", "\u200f", "-", "و", "'", "\0", "\ud800", "&amp;", "裁"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.lists(PIECES).map(" ".join)))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    with contextlib.suppress(QueryInvalid):
        query = parse_query(text)
        assert parse_query(str(query)) == query


# ---------------------------------------------------------------- what admins are told

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text("utf-8")
EXAMPLES = PAGE.partition("## Examples")[2].partition("## When")[0]


@pytest.mark.parametrize("query", re.findall(r"`([^`\n]+)` \|\n|```\n(.+)\n```", EXAMPLES))
def test_the_examples_told_to_admins_are_queries(query: tuple[str, str]) -> None:
    parse_query("".join(query))


def test_the_refusal_told_to_admins_is_ours() -> None:
    assert str(refused("sanctions and Raisi")) in PAGE


@pytest.mark.parametrize("bound", [MAX_TEXT, MAX_PHRASES, MAX_PHRASE, MAX_DEPTH, MAX_NEAR])
def test_the_bounds_told_to_admins_are_ours(bound: int) -> None:
    assert f" {bound:,} " in PAGE.replace(".", " ")


# ---------------------------------------------------------------- what it finds

FINDS = {
    "a word": ("Raisi", "Mr Raisi spoke", ["Raisi"]),
    "in any spelling": ("Raisi", "Mr Ra'isi spoke", ["Ra'isi"]),
    "its genitive": ("Raisi", "Raisi's sanctions", ["Raisi"]),
    "not part of a word": ("Raisi", "praising", []),
    "Arabic letters": ("رئیسی", "قال رئيسي", ["رئيسي"]),
    "a prefix on it": ("رئیسی", "ورئیسی گفت", ["رئیسی"]),
    "apart": ("قتل‌عام", "قتل عام زندانیان", ["قتل عام"]),
    "joined": ("«قتل عام»", "قتلعام زندانیان", ["قتلعام"]),
    "a phrase": ('"asset freeze"', "An asset-freeze is due", ["asset-freeze"]),
    "not apart in Latin": ('"asset freeze"', "assetfreeze", []),
    "not turned round": ('"asset freeze"', "freeze of an asset", []),
    "a beginning": ("sanction*", "It was sanctioned", ["sanction"]),
    "a beginning, Persian": ("تحریم*", "تحریمهایشان", ["تحریم"]),
    "both": ("aa bb", "bb and aa", ["bb", "aa"]),
    "only one of both": ("aa bb", "aa", []),
    "either": ("aa OR bb", "cc bb", ["bb"]),
    "each that holds": ("aa OR bb", "aa bb aa", ["aa", "bb"]),
    "without": ("aa NOT bb", "aa", ["aa"]),
    "but with": ("aa NOT bb", "aa bb", []),
    "not without": ("NOT (NOT aa)", "aa", ["aa"]),
    "neither absent": ("NOT (NOT aa OR NOT bb)", "aa bb", ["aa", "bb"]),
    "near": ("aa NEAR/2 bb", "aa x y bb", ["aa", "bb"]),
    "too far": ("aa NEAR/2 bb", "aa x y z bb", []),
    "the other way round": ("aa NEAR/2 bb", "bb x y aa", ["bb", "aa"]),
    "the closest": ("aa NEAR/5 bb", "aa x bb x x x aa bb", ["aa", "bb"]),
    "between phrases": ('"aa bb cc" NEAR/1 dd', "aa bb cc x dd", ["aa bb cc", "dd"]),
    "behind a phrase": ('"aa bb cc" NEAR/1 dd', "dd x aa bb cc", ["dd", "aa bb cc"]),
    "a joined phrase is one word": (
        "«قتل عام» NEAR/1 زندان",
        "قتلعام در زندان",
        ["قتلعام", "زندان"],
    ),
    "beside a joined phrase": ("«قتل عام» NEAR/1 زندان", "قتلعام زندان", ["قتلعام", "زندان"]),
    "too far from a joined phrase": ("«قتل عام» NEAR/1 زندان", "قتلعام در آن زندان", []),
    "twice": ("aa NEAR/3 aa", "aa x aa", ["aa", "aa"]),
    "not with itself": ("aa NEAR/3 aa", "aa", []),
    "no word is both sides": ("sanction* NEAR/3 sanctions", "sanctions", []),
    "groups": ("(aa OR bb) NEAR/1 (cc OR dd)", "bb x dd", ["bb", "dd"]),
    "not near": ("aa NOT (aa NEAR/1 bb)", "aa x x bb", ["aa"]),
    "near after all": ("aa NOT (aa NEAR/1 bb)", "aa x x bb aa", []),
}


@pytest.mark.parametrize(("query", "text", "found"), FINDS.values(), ids=FINDS)
def test_an_article_is_about_it_by_these_words(query: str, text: str, found: list[str]) -> None:
    assert reasons(query, text) == found


def test_title_and_text_count_together_but_are_not_near() -> None:
    assert reasons("aa bb", title="aa", text="bb") == ["aa", "bb"]
    assert reasons("aa NEAR/50 bb", title="aa", text="bb") == []


def test_not_looks_at_the_title_too() -> None:
    assert reasons("aa NOT bb", title="bb", text="aa") == []


def test_the_title_is_the_reason_rather_than_the_text() -> None:
    query = parse_query("aa")
    (hit,) = query.find(hits("aa", "x aa", "aa"))
    assert hit.field == "title"


def test_patterns_name_the_topic_and_the_phrase() -> None:
    found = set(own_topics(Topics('"قتل عام" OR sanction*')))  # type: ignore[arg-type]
    massacre = Rule("own", "own", detail="0")
    begun = Rule("own", "own", detail="1", prefix=True)
    assert found == {("قتل عام", massacre), ("قتلعام", massacre), ("sanction", begun)}


def test_many_hits_cost_little() -> None:
    """10,000 hits on each side: to look at every pair would be to look at 100 million."""
    words = [f"word{number}" for number in range(50)]
    query = parse_query(f"({' OR '.join(words)}) NEAR/1 ({' OR '.join(reversed(words))})")
    rule = Rule("own", "own")
    found = {
        n: [
            Hit(rule, "text", w * 9, w * 9 + 5, w)
            for w in range(n * 100_000, n * 100_000 + 2_000, 10)
        ]
        for n in range(50)
    }
    started = time.process_time()
    assert query.find(found) == ()
    assert time.process_time() - started < 1


# ---------------------------------------------------------------- properties

# No word is another with what a language writes onto words; one is two others joined.
WORDS = ["kar", "karim", "bod", "bodan", "zin", "دریا", "کوه", "دریاکوه", "رود", "روداب"]
PHRASES = (
    *(Phrase(word) for word in WORDS),
    Phrase("kar bod"), Phrase("zin zin"), Phrase("دریا کوه"), Phrase("رود دریا"),
    Phrase("kar", prefix=True), Phrase("bod kar", prefix=True), Phrase("رود", prefix=True),
)  # fmt: skip
NUMBERS = st.integers(0, len(PHRASES) - 1)
SIDES = st.lists(NUMBERS, min_size=1, max_size=2, unique=True).map(tuple)


def flat(kind: type[Every | Either], parts: Sequence[Node]) -> Node:
    inner = [q for p in parts for q in (p.parts if isinstance(p, kind) else (p,))]
    return kind(tuple(inner))


def above(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(nodes, min_size=2, max_size=3)
    return st.one_of(
        nodes.map(Not),
        several.map(lambda parts: flat(Every, parts)),
        several.map(lambda parts: flat(Either, parts)),
    )


LEAVES = st.one_of(NUMBERS.map(Word), st.builds(Near, SIDES, SIDES, st.integers(1, 8)))
NODES: st.SearchStrategy[Node] = st.recursive(LEAVES, above, max_leaves=16)
QUERIES = NODES.map(lambda root: Query(PHRASES, root)).filter(lambda q: not q.holds_for_nothing)
ARTICLES = st.tuples(*[st.lists(st.sampled_from(WORDS), max_size=25)] * 2)


def spelled(query: Query, node: Node) -> object:
    """A tree with its phrases in the place of their numbers."""
    match node:
        case Word(number):
            return query.phrases[number]
        case Near(left, right, words):
            return (*([query.phrases[n] for n in side] for side in (left, right)), words)
        case Not(part):
            return "not", spelled(query, part)
    return type(node), [spelled(query, part) for part in node.parts]


@given(QUERIES)
def test_a_query_written_and_read_again_is_the_same(query: Query) -> None:
    again = parse_query(str(query))
    assert spelled(again, again.root) == spelled(query, query.root)


Places = list[tuple[int, int, int]]  # field, first and last word


def places(phrase: Phrase, fields: Sequence[Sequence[str]]) -> Places:
    """Where it stands in lists of words, its own words apart or (Persian) joined."""
    forms = [phrase.text.split()]
    if ARABIC.search(phrase.text):
        forms.append([phrase.text.replace(" ", "")])
    out = []
    for field, words in enumerate(fields):
        for form in forms:
            for at in range(len(words) - len(form) + 1):
                *heads, last = words[at : at + len(form)]
                same = last.startswith(form[-1]) if phrase.prefix else last == form[-1]
                if same and heads == form[:-1]:
                    out.append((field, at, at + len(form) - 1))
    return out


def holds(query: Query, node: Node, fields: Sequence[Sequence[str]]) -> bool:
    """The meaning, word by word and pair by pair."""
    match node:
        case Word(number):
            return bool(places(query.phrases[number], fields))
        case Not(part):
            return not holds(query, part, fields)
        case Every(parts):
            return all(holds(query, part, fields) for part in parts)
        case Either(parts):
            return any(holds(query, part, fields) for part in parts)
    sides = (
        [p for n in s for p in places(query.phrases[n], fields)] for s in (node.left, node.right)
    )
    ones, others = sides
    gaps = [max(b[1] - a[2], a[1] - b[2]) - 1 for a in ones for b in others if a[0] == b[0]]
    return any(0 <= gap <= node.words for gap in gaps)


def only(found: Mapping[int, Sequence[Hit]], kept: Sequence[Hit]) -> dict[int, list[Hit]]:
    return {number: [hit for hit in each if hit in kept] for number, each in found.items()}


@given(QUERIES, ARTICLES)
def test_a_query_finds_what_reading_word_by_word_finds(
    query: Query, article: tuple[list[str], list[str]]
) -> None:
    query = parse_query(str(query))
    found = hits(str(query), *map(" ".join, article))
    reasons = query.find(found)
    assert bool(reasons) is holds(query, query.root, article)
    assert not reasons or query.find(only(found, reasons)) == reasons
