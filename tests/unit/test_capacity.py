"""The model of how much machine so many feeds need."""

from dataclasses import fields, replace

import pytest

from benchmarks.capacity import SIZES, SOURCES, Inputs, changed, main, need, table

BY = Inputs()


def test_every_input_says_where_it_is_from() -> None:
    assert [one.name for one in fields(Inputs)] == list(SOURCES)


def test_the_figures_of_a_size() -> None:
    by = replace(
        BY, polls_a_day=86.4, changed_share=0.25, cpu_changed_ms=10, cpu_unchanged_ms=2,
        entries_a_day=10, bytes_article=2_000, answer_seconds=0.5, slots=32, core_share=0.5, peak=2,
    )  # fmt: skip
    found = need(100_000, by)
    assert found.fetches == pytest.approx(100)
    assert found.cores == pytest.approx(25 * 0.010 + 75 * 0.002)
    assert found.under_way == pytest.approx(50)
    assert found.workers == 4  # by slots: 2 x 50 / 32; by CPU: 2 x 0.4 / 0.5
    assert found.articles_gb_a_year == pytest.approx(100_000 * 10 * 365 * 2_000 / 1e9)
    assert found.full_in_days == pytest.approx(100)


def test_a_small_one_has_one_worker() -> None:
    assert need(100, BY).workers == 1


def test_all_but_the_workers_grows_in_proportion() -> None:
    one, ten = need(10_000, BY), need(100_000, BY)
    assert ten.ledger_rows == pytest.approx(10 * one.ledger_rows)
    assert ten.megabits == pytest.approx(10 * one.megabits)
    assert ten.workers <= 10 * one.workers


def test_the_table_has_a_column_a_size() -> None:
    head, _, *rows = table([need(size, BY) for size in SIZES])
    assert head == "| feeds | 10,000 | 100,000 | 1,000,000 |"
    assert {row.count("|") for row in rows} == {5}


@pytest.mark.parametrize("given", ["polls=1", "peak=none", "peak=0", "peak=nan", "peak"])
def test_what_is_no_input_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="."):
        changed(BY, [given])


def test_inputs_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["10000", "--set", "polls_a_day=8.64"]) == 0
    assert "| fetches a second | 1.0 |" in capsys.readouterr().out
    assert main(["--list"]) == 0
    assert "bench-scale" in capsys.readouterr().out
