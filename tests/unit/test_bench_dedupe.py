"""The benchmark of copies: what is planted is what it claims, and it is counted right."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from benchmarks.dedupe_scoring import Found, score, score_peer
from benchmarks.dedupe_store import Making
from benchmarks.dedupe_texts import COPIES, EVERY, LANGUAGES, TRAPS, YEAR, Made, World
from watchers.folding import fold

WORLD = World(100_000, seed=7)
RELEVANT = [WORLD.article(index * EVERY + EVERY - 1) for index in range(1_500)]


def of_kind(*kinds: str) -> list[tuple[Made, Made]]:
    """Copies or traps of these kinds, each with what it was made of."""
    pairs = []
    for index, made in enumerate(RELEVANT):
        role = WORLD.role(index)
        if role.kind in kinds:
            pairs.append((made, RELEVANT[role.of]))
    assert len(pairs) >= 10
    return pairs


def test_every_twentieth_article_is_relevant_and_a_third_of_these_are_copies() -> None:
    kinds = Counter(WORLD.article(number).relevant for number in range(1_000))
    assert kinds == {True: 50, False: 950}
    found = Counter(made.kind for made in RELEVANT)
    assert set(found) == {"original", *COPIES, *TRAPS}
    assert 0.25 < sum(found[kind] for kind in COPIES) / len(RELEVANT) < 0.35
    assert {made.language for made in RELEVANT} == set(LANGUAGES)


def test_an_article_depends_on_its_seed_and_number_alone() -> None:
    again, other = World(100_000, seed=7), World(100_000, seed=8)
    for number in (3, 19, 99, 1_999):
        assert again.article(number) == WORLD.article(number)
        assert other.article(number) != WORLD.article(number)


def test_texts_have_40_to_some_300_words_and_times_rise_within_a_year() -> None:
    made = [WORLD.article(number) for number in range(0, 100_000, 97)]
    assert all(38 <= len(one.text.split()) <= 320 for one in made)
    late = [one.time for one in made]
    assert max(late) - min(late) <= YEAR + timedelta(hours=24)
    assert all(after > before - timedelta(hours=24) for before, after in zip(late, late[1:]))  # noqa: B905, RUF007


def test_copies_are_of_other_outlets_within_three_days() -> None:
    for made, original in of_kind(*COPIES):
        assert made.outlet != original.outlet
        assert abs(made.time - original.time) < timedelta(days=3, hours=24)
        assert made.group == original.number


@pytest.mark.parametrize("share", [5, 10, 15])
def test_an_edited_copy_has_other_words_and_the_same_figures_and_names(share: int) -> None:
    for made, original in of_kind(f"{share} % edited", f"{share} % edited, other headline"):
        words, others = made.text.split(" "), original.text.split(" ")
        changed = sum(a != b for a, b in zip(words, others, strict=True)) / len(words)
        assert changed <= share / 100 + 0.02
        assert re.findall(r"\d+", made.text) == re.findall(r"\d+", original.text)
        assert made.name in made.text
        assert (made.title != original.title) == made.kind.endswith("headline")


def test_a_respelt_copy_reads_the_same_once_folded() -> None:
    for made, original in of_kind("Persian respelt"):
        assert made.text != original.text
        assert fold(made.text) == fold(original.text)


@pytest.mark.parametrize("kind", TRAPS)
def test_a_trap_is_its_original_but_for_one_fact(kind: str) -> None:
    for made, original in of_kind(kind):
        assert made.group == made.number
        assert made.text != original.text
        a, b = made.text.split(" "), original.text.split(" ")
        assert len(a) == len(b)
        assert sum(x != y for x, y in zip(a, b, strict=True)) <= 2


def test_items_of_the_banded_year_all_have_bands() -> None:
    near, far = Making(WORLD, banded=True), Making(WORLD, banded=False)
    for drawn in (False, True):
        items = near.items(0, 40, drawn=drawn)
        assert all(item.fingerprint.bands and item.verdict.kept_close for item in items)
        assert sum(item.verdict.relevant for item in items) == 2
    assert sum(bool(item.fingerprint.bands) for item in far.items(0, 40, drawn=False)) == 2


def _copy() -> tuple[int, int]:
    """A copy and its original, by number among the relevant articles."""
    found = next(n for n in range(1_500) if WORLD.role(n).kind == "syndicated")
    return found, WORLD.role(found).of


def test_a_copy_counts_as_found_in_either_direction_and_through_a_third() -> None:
    copy, original = _copy()
    numbers = {n + 1: n * EVERY + EVERY - 1 for n in range(copy + 1)}
    for copies in ({copy + 1: original + 1}, {original + 1: copy + 1}):
        found = score(WORLD, numbers, copies)
        assert (found.found["syndicated"], found.wrong) == (1, 0)
    assert score(WORLD, numbers, {}).found.total() == 0


def test_a_join_of_two_reports_is_wrong_and_a_trap_is_told_apart() -> None:
    trap = next(n for n in range(1_500) if WORLD.role(n).kind in TRAPS)
    originals = [n for n in range(40) if WORLD.role(n).kind == "original"]
    numbers = {n + 1: n * EVERY + EVERY - 1 for n in range(1_500)}
    joined = {trap + 1: WORLD.role(trap).of + 1, originals[1] + 1: originals[0] + 1}
    found = score(WORLD, numbers, joined)
    assert (found.wrong, found.relevant) == (2, 1_500)
    assert found.trapped == {WORLD.role(trap).kind: 1}
    assert found.traps.total() > 100


def test_the_peers_answer_is_counted_alike() -> None:
    copy, original = _copy()
    joined = {str(n): original if n == copy else -1 for n in range(copy + 1)}
    found = score_peer(WORLD, joined)
    assert (found.hits("all copies"), found.wrong) == (1, 0)
    assert found.count("all copies") >= 1
    assert Found().recall("all copies") == 0
