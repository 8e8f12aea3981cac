"""Most hosts fail at once: our own network. Otherwise the feed's fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.model import FAILURE_KINDS, FetchFailure
from watchers.outage import Attempt, Outage, Outages, attempt, is_network

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """That long after noon."""
    return NOW + timedelta(seconds=seconds)


def tried(
    host: object, ended: float, *, reached: bool = False, takes: float = 1.0, known: bool = False
) -> Attempt:
    """A fetch that ended then."""
    return Attempt(f"{host}.example", at(ended - takes), at(ended), reached, known)


FAILED = tried("mine", 20, takes=20)  # a time-out: from noon on

Case = tuple[list[Attempt], float, bool, str]
VERDICTS: dict[str, Case] = {
    # what else was tried, seconds after noon, whether that is all, the verdict
    "alone, for now": ([], 21, False, "wait"),
    "alone, half a minute on": ([], 50, False, "feed"),
    "alone, at the end of a cycle": ([], 21, True, "feed"),
    "three more fail": ([tried(n, 5) for n in range(3)], 21, False, "ours"),
    "two more fail": ([tried(n, 5) for n in range(2)], 21, False, "wait"),
    "two more fail, and that is all": ([tried(n, 5) for n in range(2)], 21, True, "feed"),
    "three more feeds of one host": ([tried("b", n) for n in range(3)], 21, True, "feed"),
    "a hundred of its own host": ([tried("mine", 5) for _ in range(100)], 21, True, "feed"),
    "they fail afterwards": ([tried(n, 30 + n) for n in range(3)], 40, False, "ours"),
    "they fail much later": ([tried(n, 60 + n) for n in range(3)], 70, False, "feed"),
    "four answer": ([tried(n, 5, reached=True) for n in range(4)], 21, False, "feed"),
    "one answers, three more fail": (
        [tried(n, 5, reached=n == 0) for n in range(4)], 21, False, "ours",
    ),
    "two answer, three more fail": (
        [tried(n, 5, reached=n < 2) for n in range(5)], 21, False, "wait",
    ),
    "one of five answers": ([tried(n, 5, reached=n < 4) for n in range(20)], 21, False, "ours"),
    "half do not answer": ([tried(n, 5, reached=n > 9) for n in range(20)], 50, False, "feed"),
    "those that failed before say nothing": (
        [tried(n, 5, known=True) for n in range(50)], 50, False, "feed",
    ),
    "a host that answered once did not fail": (
        [tried(n, s, reached=s == 5) for n in range(9) for s in (5, 15)], 21, False, "feed",
    ),
    "what answered before it began": (
        [tried(n, -5 - n, reached=True) for n in range(9)], 50, False, "feed",
    ),
    "three failed before it, since the last answer": (
        [tried("up", -120, reached=True), *(tried(n, -90 + n) for n in range(3))],
        21, False, "ours",
    ),
    "three failed before it, then one answered": (
        [*(tried(n, -90 + n) for n in range(3)), tried("up", -60, reached=True)], 50, False, "feed",
    ),
    "three timed out before it, one answered meanwhile": (
        [*(tried(n, -60 + n, takes=20) for n in range(3)), tried("up", -65, reached=True)],
        50, False, "feed",
    ),
    "three quiet feeds failed before it, within hours": (
        [tried(n, -5_000 * n) for n in range(1, 4)], 21, False, "ours",
    ),
    "three failed before it, long ago": ([tried(n, -22_000) for n in range(3)], 50, False, "feed"),
}  # fmt: skip


@pytest.mark.parametrize(("others", "now", "over", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_whose_fault_it_is(others: list[Attempt], now: float, over: bool, verdict: str) -> None:
    outages = Outages()
    for one in sorted([*others, FAILED], key=lambda one: one.ended):
        outages.note(one)
    assert outages.judge(FAILED, at(now), cycle_over=over) == verdict
    assert (outages.since is not None) is (verdict == "ours")


FETCHES = st.lists(st.tuples(st.integers(0, 30), st.floats(0, 29), st.booleans()), max_size=60)


@given(FETCHES, st.booleans())
def test_while_half_of_the_hosts_answer_it_is_never_ours(
    fetches: list[tuple[int, float, bool]], over: bool
) -> None:
    outages = Outages()
    failing = {host for host, _, reached in fetches if not reached} | {"mine"}
    answers = [tried(f"up{n}", 20, reached=True) for n in range(len(failing))]
    others = [tried(host, ended, reached=reached) for host, ended, reached in fetches]
    for one in sorted([*others, *answers, FAILED], key=lambda one: one.ended):
        outages.note(one)
    for now in (21, 30, 50, 500):
        assert outages.judge(FAILED, at(now), cycle_over=over) != "ours"
    assert outages.changes() == ()


@given(FETCHES)
def test_every_failure_is_judged_within_half_a_minute(
    fetches: list[tuple[int, float, bool]],
) -> None:
    outages = Outages()
    for host, ended, reached in fetches:
        outages.note(tried(host, ended, reached=reached))
    outages.note(FAILED)
    assert outages.judge(FAILED, at(50)) != "wait"


# ---------------------------------------------------------------- from beginning to end


def down(outages: Outages, since: float, hosts: int, step: float = 1.0) -> list[str]:
    """Hosts that fail one after the other, each judged at once."""
    verdicts: list[str] = []
    for number in range(hosts):
        one = tried(f"down{number}", since + number * step)
        outages.note(one)
        verdicts.append(outages.judge(one, one.ended))
    return verdicts


def up(outages: Outages, since: float, hosts: int, step: float = 1.0) -> None:
    """Hosts that answer one after the other."""
    for number in range(hosts):
        outages.note(tried(f"up{number}", since + number * step, reached=True))


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    outages = Outages()
    assert down(outages, 0, 20)[3:] == ["ours"] * 17
    assert outages.changes() == (Outage(at(-1)),)
    down(outages, 600, 20)
    assert outages.changes() == ()
    up(outages, 900, 40)
    assert outages.changes() == (Outage(at(-1), at(900)),)
    assert (outages.changes(), outages.since) == ((), None)


def test_polls_few_and_far_between_show_an_outage_too() -> None:
    """119 feeds are some four polls a minute; at night one."""
    outages = Outages()
    up(outages, -300, 5, step=60)
    assert down(outages, 0, 6, step=60)[3:] == ["ours"] * 3


def test_while_an_outage_goes_on_one_failure_is_enough() -> None:
    outages = Outages()
    down(outages, 0, 4)
    late = tried("mine", 7_200)
    outages.note(late)
    assert outages.judge(late, at(7_200)) == "ours"


def test_after_the_first_answer_one_failure_is_not_enough() -> None:
    outages = Outages()
    down(outages, 0, 4)
    up(outages, 3_600, 1)
    late = tried("mine", 3_630)
    outages.note(late)
    assert outages.judge(late, at(3_660)) == "feed"


def test_a_few_quick_answers_among_slow_failures_do_not_end_it() -> None:
    """One host in six answers, at once; the others time out 20 seconds later. Told once."""
    outages = Outages()
    fetches = [
        tried(n % 300, n / 2 + (1 if n % 6 == 0 else 20), reached=n % 6 == 0,
              takes=1 if n % 6 == 0 else 20)
        for n in range(1_000)
    ]  # fmt: skip
    told: list[Outage] = []
    for one in sorted(fetches, key=lambda one: one.ended):
        outages.note(one)
        if not one.reached:
            outages.judge(one, one.ended)
        told += outages.changes()
    assert len(told) == 1


def test_failures_that_last_for_hours_while_others_answer_are_no_outage() -> None:
    """Most hosts blocked for good: that is their state, not an outage of ours."""
    outages = Outages()
    by_hour = []
    for hour in range(9):
        ended = hour * 3_600
        tries = [tried(f"{hour}-{n}", ended + n, reached=True) for n in range(2)]
        tries += [tried(f"{hour}-{n}", ended + n, takes=20) for n in range(10, 18)]
        for one in tries:
            outages.note(one)
        now = tries[-1].ended
        by_hour.append({outages.judge(one, now) for one in tries if not one.reached})
    assert by_hour == [{"ours"}] * 6 + [{"feed"}] * 3


def test_an_outage_outlives_the_process_that_saw_it_begin() -> None:
    outages = Outages(since=at(-3_600))
    alone = tried("mine", 0)
    outages.note(alone)
    assert outages.judge(alone, at(0)) == "ours"
    assert outages.changes() == ()
    up(outages, 60, 40)
    assert outages.changes() == (Outage(at(-3_600), at(60)),)


def test_where_there_are_few_feeds_an_outage_ends_as_well() -> None:
    outages = Outages(since=at(-3_600))
    for minute in range(20):
        outages.note(tried("only", 60 * minute, reached=True))
    assert outages.since is None


def test_an_outage_dated_in_the_future_ends_all_the_same() -> None:
    """It was seen to begin by a clock that was put right since."""
    outages = Outages(since=at(86_400))
    up(outages, 0, 40)
    assert outages.since is None
    (over,) = outages.changes()
    assert over.until is not None
    assert over.since <= over.until <= at(40)


def test_what_ended_before_the_clock_was_put_back_counts_no_more() -> None:
    outages = Outages()
    down(outages, 86_400, 8)
    up(outages, 0, 40)
    assert outages.since is None
    outages.note(FAILED)
    assert outages.judge(FAILED, at(50)) == "feed"
    down(outages, 86_390, 1)
    late = tried("mine", 86_420, takes=40)
    outages.note(late)
    assert outages.judge(late, at(86_420), cycle_over=True) == "feed"


def test_a_poll_noted_a_minute_late_is_no_clock_put_back() -> None:
    """One that waited for its pages ended before an outage that was seen meanwhile."""
    outages = Outages()
    down(outages, 60, 8)
    outages.note(tried("up", 0, reached=True))
    assert outages.since == at(59)
    assert down(outages, 70, 1) == ["ours"]


def test_changes_that_could_not_be_told_are_given_again_first() -> None:
    outages = Outages()
    down(outages, 0, 8)
    began = outages.changes()
    up(outages, 60, 40)
    outages.put_back(began)
    assert outages.changes() == (*began, Outage(at(-1), at(60)))
    assert outages.changes() == ()


def test_memory_is_bounded() -> None:
    outages = Outages()
    for number in range(5_000):
        outages.note(tried(number, number / 100))
    assert len(outages._attempts) == 1_000


# ---------------------------------------------------------------- evidence


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_any_answer_shows_that_the_network_works(kind: str) -> None:
    said = attempt("a.example", NOW, at(1), FetchFailure(kind, "", status=502))
    nobody_asked = kind in ("refused", "turn")
    assert said is None if nobody_asked else said is not None and said.reached


NO_ANSWER = ("dns", "connect", "tls", "timeout", "cut")


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_only_some_kinds_may_be_our_own_network(kind: str) -> None:
    assert is_network(FetchFailure(kind, "")) is (kind in NO_ANSWER)


@pytest.mark.parametrize("kind", ["refused", "turn"])
def test_what_nobody_was_asked_for_says_nothing(kind: str) -> None:
    assert attempt("a.example", NOW, at(1), FetchFailure(kind, "")) is None


def test_a_success_is_an_answer() -> None:
    assert attempt("a.example", NOW, at(1), None) == tried("a", 1, reached=True)
