"""The plan of a storm, and what is served in it."""

import signal

from tests.storm.plan import PROCESSES, plan_of
from tests.storm.play import errors
from tests.storm.world import FEEDS, World, host_of


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert plan_of(5, 600) == plan_of(5, 600)
    assert len({plan_of(seed, 600).blows for seed in range(20)}) == 20


def test_each_process_is_struck_in_both_ways() -> None:
    struck = {(blow.process, blow.signal) for blow in plan_of(1, 120).blows}
    assert struck == {(p, s) for p in PROCESSES for s in (signal.SIGKILL, signal.SIGTERM)}
    assert all(0 < blow.at < 120 for blow in plan_of(1, 120).blows)


def test_news_are_served_until_they_are_known() -> None:
    world = World(1, calm=True)
    while not world.wanted():
        world.publish()
    number = next(n for n in range(FEEDS) if any(one.relevant for one in world.news[n]))
    first = world.answer(host_of(number), f"/feed/{number}", b"\r\n")
    if first.status == 302:
        first = world.answer("127.2.1.1", f"/moved/{number}", b"\r\n")
    assert b"recalls the 1988 massacre in Iran" in first.body
    tag = first.headers.partition(b"\r\n")[0].removeprefix(b"ETag: ")
    known = b"\r\nif-none-match: " + tag + b"\r\n"
    assert world.answer("127.2.1.1", f"/moved/{number}", known).status == 304


def test_bugs_are_found_in_a_log() -> None:
    log = "12:00 [info     ] started\n12:01 [error    ] poll_broke feed=1\nTraceback ...\n"
    assert errors(log) == ["12:01 [error    ] poll_broke feed=1"]
