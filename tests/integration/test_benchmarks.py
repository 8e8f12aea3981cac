"""The benchmarks' server and their measuring, for real."""

import gzip
import http.client
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from benchmarks.measure import CommandFailed, measured
from benchmarks.ours import ROOT
from benchmarks.poll import Served, served

COUNT = 20  # one in twenty changes


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(COUNT, 1988, tmp_path_factory.mktemp("bench")) as site:
        yield site


def ask(
    site: Served, number: int, headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[http.client.HTTPResponse, bytes]:
    plan = site.corpus.plans[number]
    connection = http.client.HTTPConnection(plan.address, site.port, timeout=10)
    connection.request("GET", "/feed", headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_each_address_serves_its_own_feed(site: Served) -> None:
    site.cycle(1)
    for number in (0, 11):
        expected = site.corpus.document(number)
        answer, body = ask(site, number)
        assert (answer.status, body) == (200, expected.body)
        assert answer.headers["Content-Type"] == expected.content_type
        _, zipped = ask(site, number, {"Accept-Encoding": "gzip"})
        assert gzip.decompress(zipped) == expected.body


def test_three_cycles(site: Served) -> None:
    site.cycle(1)
    tags = [ask(site, number)[0].headers["ETag"] or "" for number in range(COUNT)]
    assert all(tags)
    seen = [site.cycle(1)]
    for cycle in (2, 3):
        site.cycle(cycle)
        for number in range(COUNT):
            ask(site, number, {"If-None-Match": tags[number]})
        seen.append(site.cycle(cycle))
    assert [told.get("304", 0) for told in seen] == [0, COUNT, 13 if _changed_keeps(site) else 14]
    assert [told["requests"] for told in seen] == [COUNT] * 3


def _changed_keeps(site: Served) -> bool:
    """Whether the one feed that changes keeps its validators."""
    return any(plan.changes and plan.conditional for plan in site.corpus.plans)


def test_in_the_third_cycle_a_changed_feed_has_new_entries(site: Served) -> None:
    number = next(plan.number for plan in site.corpus.plans if plan.changes)
    site.cycle(3)
    assert ask(site, number)[1] == site.corpus.document(number, 1).body


def test_the_cpu_and_memory_of_child_processes_are_counted(tmp_path: Path) -> None:
    burn = (
        "import time\nwhile time.process_time() < 0.3: pass\nx = b'1' * 30_000_000\ntime.sleep(.4)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    command = [sys.executable, "-c", parent]
    told = measured(command, env=dict(os.environ), cwd=ROOT, scratch=tmp_path)
    assert told.cpu >= 0.3
    assert told.memory > 30_000_000
    assert told.processes == 2


def test_orphans_are_counted(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
    command = [sys.executable, "-c", parent]
    told = measured(command, env=dict(os.environ), cwd=ROOT, scratch=tmp_path)
    assert told.cpu >= 0.3


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
    with pytest.raises(CommandFailed, match="no such thing"):
        measured(command, env=dict(os.environ), cwd=ROOT, scratch=tmp_path)


def test_the_server_tells_its_own_cpu(site: Served) -> None:
    site.cycle(1)
    ask(site, 3)
    told = site.cycle(1)
    assert told["requests"] == 1
    assert told["cpu_seconds"] >= 0
