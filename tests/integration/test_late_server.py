"""The feeds' server of `make bench-scale` and `make storm`: late, and it keeps a diary."""

import asyncio
import contextlib
import time

from benchmarks.late_server import Answer, LateServer
from tests.storm.judge import Visit, at_once

LATE = 0.15


async def _ask(server: LateServer, host: str, who: str, patience: float = 5.0) -> bytes:
    reader, writer = await asyncio.open_connection(host, server.port)
    writer.write(f"GET /feed HTTP/1.1\r\nUser-Agent: D/1 (x; +{who})\r\n\r\n".encode())
    try:
        return await asyncio.wait_for(reader.read(), patience)
    finally:
        writer.close()
        await writer.wait_closed()


def _seen(server: LateServer) -> list[Visit]:
    return [Visit(v.host, v.path, v.who, v.began, v.ended, v.status) for v in server.visits]


async def test_waiting_answers_hold_each_other_up_in_nothing() -> None:
    server = LateServer(lambda host, path, head: Answer(200, host.encode(), b"", LATE))
    async with await server.start():
        began = time.monotonic()
        hosts = [f"127.1.0.{n}" for n in range(1, 101)]
        answers = await asyncio.gather(*(_ask(server, host, "a") for host in hosts))
        took = time.monotonic() - began
    assert [answer.rpartition(b"\n")[2].decode() for answer in answers] == hosts
    assert LATE <= took < 20 * LATE  # one after another it would be a hundred times
    assert list(at_once(_seen(server))) == []


async def test_two_who_ask_one_host_at_once_are_seen() -> None:
    server = LateServer(lambda host, path, head: Answer(200, b"", b"", LATE))
    async with await server.start():
        await asyncio.gather(*(_ask(server, "127.1.0.1", who) for who in ("one", "two")))
        await _ask(server, "127.1.0.1", "three")
    (problem,) = at_once(_seen(server))
    assert "another" in problem
    assert [visit.status for visit in server.visits] == [200, 200, 200]


async def test_who_left_asks_no_longer() -> None:
    server = LateServer(lambda host, path, head: Answer(200, b"", b"", 5.0))
    async with await server.start():
        with contextlib.suppress(TimeoutError):
            await _ask(server, "127.1.0.1", "one", patience=0.05)
        while not server.visits[0].ended:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        server.site = lambda host, path, head: Answer(0)
        assert await _ask(server, "127.1.0.1", "two") == b""  # cut
    assert list(at_once(_seen(server))) == []
    assert server.visits[0].status == 0
