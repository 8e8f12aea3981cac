"""What the tests' databases are made of is what the revisions make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, MetaData, Table

from storage import open_store, schema, upgrade
from storage.engine import Mode, make_engine, transaction
from tests.schema_once import SchemaOnce
from watchers.errors import StoreError


def _made(url: str) -> tuple[object, ...]:
    """All of a database's schema, in its own words."""
    engine = make_engine(url)
    with transaction(engine, Mode.READ) as connection:
        found = _described(connection)
    engine.dispose()
    return found


def _described(connection: Connection) -> tuple[object, ...]:
    if connection.dialect.name == "sqlite":
        asked = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        return tuple(map(tuple, connection.exec_driver_sql(asked).all()))
    asked = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position"
    )
    columns = connection.exec_driver_sql(asked).all()
    asked = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    indexes = connection.exec_driver_sql(asked).all()
    asked = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY conname, oid"
    constraints = connection.exec_driver_sql(asked).all()
    return tuple(tuple(row) for rows in (columns, indexes, constraints) for row in rows)


def _rows(url: str, name: str) -> list[tuple[object, ...]]:
    engine = make_engine(url)
    with transaction(engine, Mode.READ) as connection:
        table = Table(name, MetaData(), autoload_with=connection)
        rows = [tuple(row) for row in connection.execute(table.select())]
    engine.dispose()
    return rows


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_statements_said_again_make_what_the_revisions_make(
    database: str,
    schema_once: SchemaOnce,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[object] = []

    def run(*asked: Any) -> None:
        ran.append(asked)
        schema_once.run(*asked)

    once = SchemaOnce(run)
    monkeypatch.setattr(schema, "_run_revisions", once)
    made = []
    for name in ("first", "second"):
        url = f"sqlite:///{tmp_path}/{name}.db"
        if database == "postgres":
            url = request.getfixturevalue("fresh_postgres")
            with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
        upgrade(url)
        made.append((_made(url), _rows(url, schema.VERSION_TABLE)))
    assert len(ran) == 1
    assert made[0] == made[1]
    assert len(made[0][0]) > 50


def test_later_revisions_are_always_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    once = SchemaOnce(lambda *asked: ran.append(asked))
    monkeypatch.setattr(schema, "_run_revisions", once)
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "9999"))
    for name in ("first", "second"):
        with pytest.raises(StoreError, match="no database yet"):
            open_store(f"sqlite:///{tmp_path}/{name}.db", create=True)
    assert len(ran) == 2
