"""Proof that what judges a storm would notice."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from tests.storm.judge import Remains, Stories, Visit, at_once, hurried, remains, some, stories

ONE = Visit("a.example", "/1", "worker-1", 1.0, 1.3)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        pytest.param({"host": "b.example"}, None, id="another host"),
        pytest.param({"began": 1.3, "ended": 1.6}, None, id="after it"),
        pytest.param({"began": 1.2, "who": "worker-2"}, "another", id="by two at once"),
        pytest.param({"began": 1.2}, "the same", id="by one twice at once"),
    ],
)
def test_requests_of_one_host_at_once(second: Mapping[str, Any], said: str | None) -> None:
    found = list(at_once([dataclasses.replace(ONE, **second), ONE]))
    assert (len(found) == 1 and said in found[0]) if said else found == []


def test_a_long_request_counts_until_its_end() -> None:
    long = dataclasses.replace(ONE, ended=9.0)
    later = [Visit("a.example", "/2", "worker-2", at, at + 0.1) for at in (2.0, 3.0, 9.0)]
    assert len(list(at_once([long, *later]))) == 2


def test_hurry() -> None:
    visits = [dataclasses.replace(ONE, began=at) for at in (1.0, 1.4, 2.0)]
    assert hurried(visits, 0.5) == 1


SOUND = Stories(
    channels=(1, 2),
    wanted={"https://a.example/1": "s1", "https://a.example/2": "s1"},
    told={(1, "s1"), (2, "s1")},
    placed=[(1, 10, "s1"), (2, 11, "s1")],
    links=[(1, "https://a.example/1"), (2, "https://a.example/1")],
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({}, None, id="sound"),
        pytest.param({"wanted": {"https://a.example/9": None}}, "not stored", id="not stored"),
        pytest.param({"told": {(1, "s1")}}, "never told in channel 2", id="not told"),
        pytest.param({"placed": [(1, 10, "s1"), (1, 12, "s1")]}, "twice: s1", id="two digests"),
        pytest.param({"links": [(1, "https://a"), (1, "https://a")]}, "in 2 messages", id="seen"),
    ],
)
def test_stories(change: Mapping[str, Any], said: str | None) -> None:
    found = list(stories(dataclasses.replace(SOUND, **change)))
    assert (said in found[0]) if said else found == []


def test_what_is_left_over() -> None:
    assert list(remains(Remains())) == []
    left = Remains(hosts_held=1, locks=2, jobs_doing=3, orphans=4, late_stops=["run-1: 20 s"])
    assert [problem.split()[2] for problem in remains(left)][:4] == ["1", "2", "3", "4"]
    assert len(list(remains(left))) == 5


def test_many_problems_are_cut_short() -> None:
    assert some(f"problem {n}" for n in range(13))[-1] == "... and 3 more of this kind"
    assert some(["one"]) == ["one"]
