"""Fresh databases for runs: copies of one that was made once."""

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from storage import SqlStore, open_store, upgrade

_NUMBERS = itertools.count(1)


class SqliteFolder:
    """Databases in files."""

    def __init__(self, folder: Path) -> None:
        """Make the one that is copied."""
        self._folder = folder
        self._first = folder / "first.db"
        open_store(f"sqlite:///{self._first}", create=True).close()

    @contextlib.contextmanager
    def fresh(self) -> Iterator[tuple[str, SqlStore, Path]]:
        """The URL of an empty database, its store, and the folder of the run."""
        folder = self._folder / f"run{next(_NUMBERS)}"
        folder.mkdir()
        file = folder / "dadkhah.db"
        shutil.copyfile(self._first, file)
        url = f"sqlite:///{file}"
        yield url, open_store(url, create=False), folder
        shutil.rmtree(folder)  # unless something went wrong: then it is looked at


class PostgresFolder:
    """Databases of one server."""

    def __init__(self, server: str, folder: Path, prefix: str = "run") -> None:
        """Make the one that is copied; `server` is the URL of any of its databases."""
        self._server, self._folder, self._prefix = make_url(server), folder, prefix
        self._execute(f"CREATE DATABASE {prefix}_first TEMPLATE template0 STRATEGY file_copy")
        upgrade(self._url(f"{prefix}_first"))

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        url = self._server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def fresh(self) -> Iterator[tuple[str, SqlStore, Path]]:
        """As :meth:`SqliteFolder.fresh`."""
        name = f"{self._prefix}_{next(_NUMBERS)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._prefix}_first STRATEGY file_copy")
        url = self._url(name)
        folder = self._folder / name
        folder.mkdir()
        yield url, open_store(url, create=False), folder
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(folder)


Databases = SqliteFolder | PostgresFolder
