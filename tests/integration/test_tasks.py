"""The queue on a real PostgreSQL: one of a key waits and one is done, whatever dies."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException

from bot.tasks import Job, Kind, Lane, Queue
from storage import tasks_schema, upgrade
from tests.journey.harness import CommandLine
from watchers.errors import StoreUnreachable

POLL, SETTLE = Job(Kind.POLL, 0), Job(Kind.SETTLE)


@pytest.fixture
def database(fresh_postgres: str) -> str:
    """A database with the queue's tables."""
    upgrade(fresh_postgres)
    return fresh_postgres


@pytest.fixture
async def queue(database: str) -> AsyncIterator[Queue]:
    made = Queue(database)
    async with made.opened():
        yield made


async def asked(database: str, statement: str) -> list[Any]:
    """The rows of a statement, run by somebody else."""
    url = database.replace("+psycopg", "", 1)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute(statement.encode())
        return await found.fetchall() if found.description else []


async def until_asked(database: str, statement: str, *, some: bool) -> None:
    """Wait until it finds some rows, or none."""
    async with asyncio.timeout(10):
        found = not some
        while found != some:
            found = bool(await asked(database, statement))


async def test_one_of_a_key_waits(queue: Queue) -> None:
    assert await queue.order([SETTLE, POLL, Job(Kind.POLL, 1), SETTLE]) == 3
    assert await queue.order([SETTLE, POLL]) == 0


async def test_a_job_is_done_and_gone_its_successor_waits_for_it(
    queue: Queue, database: str
) -> None:
    under_way, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def do(job: Job) -> None:
        done.append(job)
        under_way.set()
        await go_on.wait()

    queue.does(do)
    working = asyncio.create_task(queue.work(Lane.WORK, 2, listen=True, finish=1.0))
    await queue.order([SETTLE])
    await under_way.wait()
    assert await queue.order([SETTLE]) == 1
    assert await asked(database, "SELECT status::text FROM procrastinate_jobs ORDER BY id") == [
        ("doing",),
        ("todo",),
    ]
    go_on.set()
    await until_asked(database, "SELECT 1 FROM procrastinate_jobs", some=False)
    assert done == [SETTLE, SETTLE]
    working.cancel()
    await asyncio.wait([working])
    assert await queue.workers() == 0


async def test_an_end_that_could_not_be_told_blocks_nobody(
    queue: Queue, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = queue._app.connector
    failed: list[str] = []
    tell = connector.execute_query_async

    async def cut_once(query: str, **values: Any) -> None:
        if "finish_job" in query and not failed:
            failed.append(query)
            raise ConnectorException from psycopg.OperationalError("the connection was cut")
        await tell(query, **values)

    monkeypatch.setattr(connector, "execute_query_async", cut_once)
    queue.does(lambda _: asyncio.sleep(0))
    working = asyncio.create_task(queue.work(Lane.WORK, 2, listen=True, finish=1.0))
    await queue.order([SETTLE])
    await until_asked(database, "SELECT 1 FROM procrastinate_jobs", some=False)
    assert failed
    working.cancel()
    await asyncio.wait([working])


async def test_what_a_dead_worker_had_blocks_nobody(queue: Queue, database: str) -> None:
    await queue.order([SETTLE, POLL])
    worker = "(SELECT procrastinate_register_worker_v1())"
    await asked(database, f"SELECT procrastinate_fetch_job_v2(NULL, {worker})")
    assert await queue.give_back() == 0
    await asked(
        database, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'"
    )
    assert await queue.give_back() == 1
    assert await queue.order([SETTLE, POLL]) == 1


async def test_the_embedded_engine_sees_workers(database: str) -> None:
    assert tasks_schema.live_workers(database) == 0
    await asked(database, "SELECT procrastinate_register_worker_v1()")
    assert tasks_schema.live_workers(database) == 1
    await asked(
        database, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'"
    )
    assert tasks_schema.live_workers(database) == 0
    await asked(database, f"DROP TABLE {tasks_schema.VERSION_TABLE}")  # another program's queue
    assert tasks_schema.live_workers(database) == 0


async def test_whoever_posts_alone_takes_back_what_was_under_way(
    queue: Queue, database: str
) -> None:
    await queue.order([Job(Kind.DELIVER, 5), SETTLE])
    worker = "(SELECT procrastinate_register_worker_v1())"
    for _ in range(2):
        await asked(database, f"SELECT procrastinate_fetch_job_v2(NULL, {worker})")
    assert await queue.give_back(Lane.TELLING) == 1
    assert await queue.order([Job(Kind.DELIVER, 5)]) == 1


async def test_a_worker_that_loses_its_connection_says_so(queue: Queue, database: str) -> None:
    queue.does(lambda _: asyncio.sleep(0))
    working = asyncio.create_task(queue.work(Lane.POLL, 1, listen=False, finish=1.0))
    await until_asked(database, "SELECT 1 FROM procrastinate_workers", some=True)
    await asked(database, "ALTER TABLE procrastinate_jobs RENAME TO away")
    with pytest.raises(Exception, match="refused"):
        await asyncio.wait_for(working, 10)


async def test_a_server_that_does_not_answer_is_our_error_without_the_password() -> None:
    url = "postgresql://somebody:hunter2@127.0.0.1:1/nothing"
    made = Queue(url)
    made._pool.timeout = 0.2
    async with made.opened():
        with pytest.raises(StoreUnreachable) as caught:
            await made.workers()
    assert "hunter2" not in str(caught.value)
    assert tasks_schema.connection_arguments(url)["password"] == "hunter2"


def test_a_worker_needs_the_distributed_engine(dadkhah: CommandLine) -> None:
    said = dadkhah("worker")
    assert said.code == 2
    assert said.err.startswith("error: a worker is for DADKHAH_ENGINE=distributed")
    assert len(said.err.splitlines()) == 1
