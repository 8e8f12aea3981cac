"""Procrastinate's tables: installed with the database, brought up to date, left to others."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from storage import open_store, state, tasks_schema, upgrade
from storage.engine import Mode, make_engine, transaction
from watchers.errors import StoreError

# What its schema consists of: functions with their texts, columns, indexes, triggers, values.
_LOOKS = (
    """SELECT proname, pg_get_functiondef(oid) FROM pg_proc
    WHERE proname LIKE 'procrastinate%' AND proname <> 'procrastinate_retry_job_v1' ORDER BY 1""",
    "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate%' ORDER BY 1",
    "SELECT enumtypid::regtype::text, enumlabel FROM pg_enum ORDER BY 1, 2",
    """SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_name LIKE 'procrastinate%' ORDER BY 1, 2""",
)


@pytest.fixture
def engine(fresh_postgres: str) -> Iterator[Engine]:
    made = make_engine(fresh_postgres)
    yield made
    made.dispose()


def looks(engine: Engine) -> list[list[tuple[object, ...]]]:
    """What the catalogue says of the queue's tables."""
    with transaction(engine, Mode.READ) as connection:
        return [[tuple(row) for row in connection.execute(text(look))] for look in _LOOKS]


def pretend(engine: Engine, name: str) -> None:
    """Make this the migration that was applied last."""
    with transaction(engine, Mode.WRITE) as connection:
        connection.execute(
            text(f"UPDATE {tasks_schema.VERSION_TABLE} SET name = :name"), {"name": name}
        )


def test_a_new_database_has_the_queues_tables(fresh_postgres: str) -> None:
    upgrade(fresh_postgres)
    upgrade(fresh_postgres)  # a second time changes nothing
    assert tasks_schema.state(fresh_postgres) == "current"


def test_the_librarys_migrations_are_applied_one_after_the_other(
    fresh_postgres: str, engine: Engine, postgres_server: object
) -> None:
    """From the library's very first version to the installed one, as its own file has it."""
    with transaction(engine, Mode.WRITE) as connection:
        first = tasks_schema.migrations()[0]
        tasks_schema._run(connection, tasks_schema._text("migrations", first))
        connection.exec_driver_sql(f"CREATE TABLE {tasks_schema.VERSION_TABLE} (name text)")
        tasks_schema._note(connection, first)
    assert tasks_schema.state(fresh_postgres) == "older"
    upgrade(fresh_postgres)
    assert tasks_schema.state(fresh_postgres) == "current"
    migrated = looks(engine)
    with transaction(engine, Mode.WRITE) as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    upgrade(fresh_postgres)
    assert migrated == looks(engine)


def test_a_migration_that_fails_leaves_what_was_there(
    fresh_postgres: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(fresh_postgres)
    before = looks(engine)
    last = tasks_schema.migrations()[-1]
    later = (*tasks_schema.migrations(), "98.00.00_01_good.sql", "99.00.00_01_bad.sql")
    broken = {later[-2]: "CREATE TABLE procrastinate_more (id int)", later[-1]: "CREATE TABEL x ()"}
    monkeypatch.setattr(tasks_schema, "migrations", lambda: later)
    monkeypatch.setattr(tasks_schema, "_text", lambda *path: broken[path[-1]])
    with pytest.raises(StoreError):
        upgrade(fresh_postgres)
    assert looks(engine) == before
    open_store(fresh_postgres, create=False).close()  # the embedded engine does not mind
    monkeypatch.undo()
    assert tasks_schema.state(fresh_postgres) == "current"
    assert tasks_schema.migrations()[-1] == last


def test_a_database_of_a_later_library_is_recognised(fresh_postgres: str, engine: Engine) -> None:
    upgrade(fresh_postgres)
    pretend(engine, "99.00.00_01_from_the_future.sql")
    assert tasks_schema.state(fresh_postgres) == "newer"
    upgrade(fresh_postgres)
    assert (state(fresh_postgres), tasks_schema.state(fresh_postgres)) == ("current", "newer")


def test_tables_of_another_program_are_left_alone(fresh_postgres: str, engine: Engine) -> None:
    with transaction(engine, Mode.WRITE) as connection:
        connection.exec_driver_sql("CREATE TABLE procrastinate_jobs (theirs int)")
    upgrade(fresh_postgres)
    assert (state(fresh_postgres), tasks_schema.state(fresh_postgres)) == ("current", "foreign")
