"""The embedded engine polls nothing while workers of the distributed one are alive."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.app import Knowledge, Program
from bot.beside import LOOK, Beside
from bot.database import Database
from config.settings import Settings
from storage import MemoryStore, tasks_schema

KNOWLEDGE = Knowledge()
POSTGRES = "postgresql+psycopg://db.example/dadkhah"


class Alive:
    """What the database says of workers, and how often it was asked."""

    lanes = 0
    asked = 0

    def __call__(self, _: str) -> int:
        self.asked += 1
        return self.lanes


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> Alive:
    made = Alive()
    monkeypatch.setattr(tasks_schema, "live_workers", made)
    return made


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    made = Database(MemoryStore())
    yield made
    made.close()


def program(database: Database, url: str) -> Program:
    settings = Settings(contact="a@b.example", database_url=SecretStr(url))
    return Program(settings, KNOWLEDGE, database, None, None)  # type: ignore[arg-type]


async def test_workers_are_told_of_once_and_looked_for_again(
    database: Database, alive: Alive
) -> None:
    now = [0.0]
    beside = Beside(program(database, POSTGRES), steady=lambda: now[0])
    assert not await beside.are_alive()
    alive.lanes = 2
    assert not await beside.are_alive()  # looked a moment ago
    for _ in range(2):
        now[0] += LOOK
        assert await beside.are_alive()
    assert alive.asked == 3
    (notice,) = await database(lambda store: store.notices(untold=True))
    assert "DADKHAH_ENGINE=distributed" in notice.text
    alive.lanes, now[0] = 0, now[0] + LOOK
    assert not await beside.are_alive()


async def test_on_sqlite_there_is_nobody_to_look_for(database: Database, alive: Alive) -> None:
    assert not await Beside(program(database, "sqlite:///x.sqlite")).are_alive()
    assert alive.asked == 0
