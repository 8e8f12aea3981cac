"""Databases that cannot be used, of both kinds: one line, what to do, nothing changed."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from storage import postgres, upgrade
from storage.engine import parse_url
from tests.conftest import PostgresServer
from tests.integration.test_bad_input import complaint
from tests.integration.test_run import free_port
from tests.journey.harness import CommandLine, Environment
from tests.postgres_lines import answering, refused, welcomed

SECRET = "hunter2-secret"


@pytest.fixture
def at(dadkhah: CommandLine) -> Callable[[str], None]:
    """Let the command line use this database."""
    return lambda url: dadkhah.use({"DADKHAH_DATABASE_URL": url})


def _told(dadkhah: CommandLine, message: str, advice: str) -> None:
    """A command that writes, one that reads and the doctor say the same."""
    for command in (("admins", "grant", "7"), ("feeds", "list")):
        line = complaint(dadkhah(*command))
        assert message in line
        assert advice in line
        assert SECRET not in line
    said = dadkhah("doctor")
    assert said.code == 1
    (line,) = [line for line in said.out.splitlines() if "database" in line and message in line]
    assert advice in line
    assert SECRET not in said.out + said.err
    assert "Traceback" not in said.err


# ---------------------------------------------------------------- a server that does not let us in

ANSWERS = {  # what it answers: what is told, what to do
    "password": (
        refused("28P01", 'password authentication failed for user "me"'),
        "refuses the user or the password",
        "pg_hba.conf",
    ),
    "not-from-here": (
        refused("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "me"'),
        "refuses the user or the password",
        "pg_hba.conf",
    ),
    "starting": (
        refused("57P03", "the database system is starting up"),
        "starting or stopping",
        "Try again",
    ),
    "full": (
        refused("53300", "sorry, too many clients already"),
        "takes no more connections",
        "max_connections",
    ),
    "other-language": (
        refused("28P01", "Passwort ist falsch"),
        "cannot be reached",
        "DATABASE_URL",
    ),
    "old": (
        welcomed("12.22"),
        "The server is PostgreSQL 12; 13 is the least",
        "Upgrade the server",
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_server_that_refuses_is_told_as_what_it_is(
    answer: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    words, message, advice = ANSWERS[answer]
    with answering(words) as port:
        at(f"postgresql://me:{SECRET}@127.0.0.1:{port}/x")
        _told(dadkhah, message, advice)


ADDRESSES = {
    "nobody-listens": ("127.0.0.1:{free}/x", "No server listens there", "Start PostgreSQL"),
    "no-such-name": ("nowhere.invalid/x", "name of the database's server is not found", "host in"),
    "no-such-socket": ("/x?host=/nonexistent", "No server listens there", "Start PostgreSQL"),
    "no-such-option": ("127.0.0.1/x?colour=red", "none that PostgreSQL knows", "question mark"),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_address_without_a_server_is_told(
    address: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    where, message, advice = ADDRESSES[address]
    at(f"postgresql://me:{SECRET}@{where.format(free=free_port())}")
    _told(dadkhah, message, advice)


def test_server_that_never_answers_is_given_up(
    dadkhah: CommandLine, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres._LINE, "connect_timeout", 2)
    with answering(None) as port:
        at(f"postgresql://me:{SECRET}@127.0.0.1:{port}/x")
        line = complaint(dadkhah("feeds", "list"))
    assert "does not answer" in line
    assert "firewalls" in line


# ---------------------------------------------------------------- a real one


@pytest.fixture
def weak(postgres_server: PostgresServer, fresh_postgres: str) -> Iterator[str]:
    """The URL of a database for a user who may connect and no more."""
    with postgres_server.connect() as connection:
        connection.execute("CREATE ROLE weak LOGIN")
        connection.execute("CREATE ROLE barred")
    yield fresh_postgres.replace("postgres@", "weak@")
    with postgres_server.connect() as connection:
        connection.execute("DROP ROLE weak")
        connection.execute("DROP ROLE barred")


WRONG = {
    "database": ("/weak?", "/nowhere?", "no such database", "createdb"),
    "role": ("weak@", "nobody@", "does not exist there", "CREATE ROLE"),
    "login": ("weak@", "barred@", "may not log in", "CREATE ROLE"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_database_or_user_that_does_not_exist_is_told(
    wrong: str, weak: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    _, new, message, advice = WRONG[wrong]
    name = parse_url(weak).database
    at(weak.replace(f"/{name}?", new) if wrong == "database" else weak.replace("weak@", new))
    _told(dadkhah, message, advice)


def test_user_without_rights_is_told(
    weak: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    at(weak)
    line = complaint(dadkhah("admins", "grant", "7"))
    assert "lacks rights" in line
    assert "owner of the database" in line
    upgrade(weak.replace("weak@", "postgres@"))  # made by another user
    _told(dadkhah, "lacks rights", "owner of the database")


def test_database_that_takes_no_writes_can_be_read(
    fresh_postgres: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    at(fresh_postgres)
    assert dadkhah("admins", "grant", "7").code == 0
    name = parse_url(fresh_postgres).database
    with _connected(fresh_postgres) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    line = complaint(dadkhah("admins", "grant", "8"))
    assert "takes no writes (a standby" in line
    assert "Name the primary" in line
    assert "7" in dadkhah("admins", "list", "--json").out
    assert "takes no writes" in dadkhah("doctor").out


@contextlib.contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        yield connection


# ---------------------------------------------------------------- what is in it


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, settings: Environment) -> str:
    """Where no database was made yet."""
    if request.param == "sqlite":
        folder = Path(settings["DADKHAH_DATA_DIR"])
        folder.mkdir()
        return f"sqlite:///{folder}/dadkhah.db"
    return str(request.getfixturevalue("fresh_postgres"))


def _run(url: str, *statements: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            for statement in statements:
                file.execute(statement)
        return
    with _connected(url) as connection:
        for statement in statements:
            connection.execute(statement)


def test_tables_of_another_program_are_not_built_upon(
    url: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    _run(url, "CREATE TABLE article (headline text)", "INSERT INTO article VALUES ('Theirs')")
    at(url)
    for command in (("poll",), ("db", "upgrade")):
        line = complaint(dadkhah(*command))
        assert "tables that Dadkhah did not make (article)" in line
        assert "a database of its own" in line
    _run(url, "INSERT INTO article VALUES ('Still theirs')")


def test_version_without_tables_is_told(
    url: str, dadkhah: CommandLine, at: Callable[[str], None]
) -> None:
    at(url)
    assert dadkhah("admins", "grant", "7").code == 0
    _run(url, "DROP TABLE admin" if url.startswith("sqlite") else 'DROP TABLE "admin" CASCADE')
    line = complaint(dadkhah("admins", "list"))
    assert "Tables of Dadkhah are missing" in line
    assert "Restore a backup" in line


def test_folder_in_place_of_the_file_is_told(
    dadkhah: CommandLine, at: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    at(f"sqlite:///{tmp_path}/folder")
    _told(dadkhah, "cannot be opened for writing", "permissions")
