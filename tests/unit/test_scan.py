"""Scanning finds every pattern that stands in a text as a word, and nothing else."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import takes_its_share
from watchers import scan
from watchers.folding import Folded, fold
from watchers.rules import Rule, bounded
from watchers.scan import Scanner, Tells

FULL = Rule("full", "somebody")
BEGINNING = Rule("facet", "act", prefix=True)


def found(scanner: Scanner, text: str) -> list[str]:
    folded = Folded(text)
    return [folded.text[hit.start : hit.end] for hit in scanner.scan("text", folded)]


BOUNDED = {
    "a word": ("in raisi today", "raisi", True),
    "the whole text": ("raisi", "raisi", True),
    "German genitive": ("Raisis Rede", "raisi", True),
    "Swedish genitive": ("Khomeinis dekret", "khomeini", True),
    "English possessive": ("Raisi’s speech", "raisi", True),
    "French elision": ("d’Ebrahim Raisi", "ebrahim raisi", True),
    "in a longer word": ("Punta Praisi", "raisi", False),
    "with a longer tail": ("raisins", "raisi", False),
    "Persian plural": ("خمینیها", "خمینی", True),
    "Persian plural apart": ("خمینی‌ها", "خمینی", True),
    "Persian indefinite": ("رئیسیای", "رییسی", True),
    "another surname": ("نوریان", "نوری", False),
    "Arabic and": ("ورئيسي", "رییسی", True),
    "Arabic article": ("الخميني", "خمینی", True),
    "Arabic and by the": ("وبالخميني", "خمینی", True),
    "Arabic, more than that": ("لوبالخميني", "خمینی", False),
    "Arabic and by": ("وبرئيسي", "رییسی", True),
    "Arabic to the": ("للخميني", "خمینی", True),
    "Arabic like the": ("كالخميني", "خمینی", True),
    "prefix and suffix": ("والخمینیها", "خمینی", True),
    "no prefix": ("تخمینی", "خمینی", False),
    "Latin has no prefix": ("وraisi", "raisi", False),
}


@pytest.mark.parametrize(("text", "pattern", "stands"), BOUNDED.values(), ids=BOUNDED)
def test_a_name_stands_as_a_word_with_what_is_written_onto_it(
    text: str, pattern: str, stands: bool
) -> None:
    folded = f" {fold(text)} "
    start = folded.index(pattern)
    assert bounded(folded, start, start + len(pattern), prefix=False) is stands
    assert found(Scanner([(pattern, FULL)]), text) == [pattern] * stands


def test_a_beginning_is_enough_where_the_rule_says_so() -> None:
    both = Scanner([("execut", BEGINNING), ("hang", FULL)])
    assert found(both, "executed, hanged; preexecuted") == ["execut"]


def test_patterns_may_overlap_and_mean_several_things() -> None:
    other = Rule("surname", "somebody")
    scanner = Scanner([("ebrahim raisi", FULL), ("raisi", other), ("raisi", FULL), ("raisi", FULL)])
    hits = list(scanner.scan("title", Folded("On Ebrahim Raisi")))
    assert [(hit.rule, hit.field, hit.word) for hit in hits] == [
        (FULL, "title", 2),
        (other, "title", 3),
        (FULL, "title", 3),
    ]


def test_an_empty_pattern_is_none() -> None:
    assert found(Scanner([("", FULL)]), "anything") == []


def test_without_patterns_nothing_is_found() -> None:
    assert Scanner([]).find({"text": Folded("anything")}) == []


def test_a_repeated_pattern_says_nothing_new() -> None:
    scanner = Scanner([("raisi", FULL), ("evin", FULL)])
    hits = found(scanner, "Raisi " * 10_000 + "Evin")
    assert len(hits) == scan._REPEATS + 1
    assert hits[-1] == "evin"


def tells(rule: Rule) -> Tells:
    return Tells.ENOUGH if rule.kind == "full" else Tells.NOTHING


def test_what_tells_nothing_by_itself_is_not_looked_for_alone() -> None:
    scanner = Scanner([("raisi", FULL), ("execut", BEGINNING)], tells)
    title, text = Folded("Executed"), Folded("They were executed.")
    assert scanner.find({"title": title, "text": text}) == []
    beside = scanner.find({"title": title, "text": Folded("Raisi")})
    assert [(hit.field, hit.rule.kind) for hit in beside] == [("text", "full"), ("title", "facet")]


def test_a_persian_text_is_of_iran_but_has_to_have_company() -> None:
    order, act = Rule("facet", "order"), Rule("facet", "act")
    patterns = [(fold("فرمان"), order), (fold("اعدام"), act)]
    scanner = Scanner(patterns, lambda rule: Tells.AT_HOME if rule is order else Tells.COMPANY)
    for text, hits in (
        ("فرمان گمرک", []),
        ("فرمان و اعدام، گزارش", ["order", "act"]),
        ("فرمان و اعدام", []),  # no letter that only Persian has
    ):
        found_hits = scanner.find({"title": Folded(""), "text": Folded(text)})
        assert [hit.rule.subject for hit in found_hits] == hits


def test_a_pickled_scanner_finds_the_same() -> None:
    scanner = Scanner([("raisi", FULL), ("execut", BEGINNING)], tells)
    again = pickle.loads(pickle.dumps(scanner))
    text = "Raisi, executed"
    assert found(again, text) == found(scanner, text) == ["raisi", "execut"]


def test_the_small_automaton_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = [(word, FULL) for word in ("raisi", "خمینی", "evin", "رییسی")]
    text = "Raisi, Khomeini, الخمینی; Evins رئیسی"
    usual = found(Scanner(patterns), text)
    monkeypatch.setattr(scan, "_FEW", 0)
    assert found(Scanner(patterns), text) == usual
    assert len(usual) == 4


words = st.text(alphabet="abیوال", min_size=1, max_size=3)


@given(st.lists(words, min_size=1, max_size=8), st.lists(words, max_size=60))
def test_hits_are_what_bounded_says_with_their_words_numbered(
    patterns: list[str], text: list[str]
) -> None:
    folded = Folded(" ".join(text))
    scanner = Scanner((fold(pattern), FULL) for pattern in patterns)
    hits = {(hit.start, hit.end): hit.word for hit in scanner.scan("text", folded)}
    wanted = {
        (start, start + len(pattern))
        for pattern in map(fold, patterns)
        for start in range(len(folded.text))
        if folded.text.startswith(pattern, start)
        and bounded(folded.text, start, start + len(pattern), prefix=False)
    }
    assert set(hits) == wanted
    assert all(word == folded.word(start) for (start, _), word in hits.items())
    for start, end in hits:
        begin, stop = folded.origin(start, end)
        assert fold(folded.original[begin:stop]) == folded.text[start:end]


HOSTILE: dict[str, Callable[[int], str]] = {
    "a name, joined to itself": lambda n: "raisi" * (n // 5),
    "a name, again and again": lambda n: "raisi " * (n // 6),
    "a name behind one word": lambda n: "a" * (n // 2) + " raisi" * (n // 12),
    "clitics": lambda n: "وال" * (n // 3),
    "one letter": lambda n: "a" * n,
}


def _seconds(scanner: Scanner, text: str) -> float:
    """CPU to scan a folded text."""
    folded = Folded(text)
    assert folded.text
    start = time.process_time()
    list(scanner.scan("text", folded))
    return time.process_time() - start


@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_linear_time(made: Callable[[int], str]) -> None:
    scanner = Scanner([("raisi", FULL), ("ال", FULL), ("aaaa", BEGINNING), ("a", FULL)])
    # Eight times the text; with the square it would be 64.
    assert takes_its_share(
        lambda number: _seconds(scanner, made(number)), 10_000, 80_000, times=24, more=0.02
    )
