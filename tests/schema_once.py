"""The revisions run once a process; other empty databases are given what they said then.

Running all of Alembic takes 0.3 s, the statements it comes to 0.02 s, and hundreds of tests need
a database. Nothing else is left out: `storage.schema` looks, locks and commits as ever. Only an
empty database made by the shipped revisions to the end is spared them, so an upgrade of a former
one, and a later program's revisions, are always the real thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, inspect

from storage import schema

_Said = tuple[str, Any, bool]  # a statement, its parameters, whether they are many rows
_ASKING = ("SELECT", "PRAGMA")  # statements by which Alembic only looks
_REAL = schema._run_revisions
_SHIPPED = schema.SCRIPTS, schema.REVISIONS


@dataclass
class SchemaOnce:
    """In place of `schema._run_revisions`."""

    run: Callable[..., None] = _REAL
    _said: dict[str, list[_Said]] = field(default_factory=dict)  # by database

    def __call__(self, connection: Connection, target: str = "head") -> None:
        """Bring the database to a revision."""
        shipped = (schema.SCRIPTS, schema.REVISIONS) == _SHIPPED
        if target != "head" or not shipped or inspect(connection).has_table(schema.VERSION_TABLE):
            self.run(connection, target)
            return
        name = connection.dialect.name
        if name in self._said:
            _say(connection, self._said[name])
        else:
            self._said[name] = self._listened(connection)

    def _listened(self, connection: Connection) -> list[_Said]:
        said: list[_Said] = []

        def listen(*args: Any) -> None:
            _, _, statement, parameters, _, many = args
            if not statement.lstrip().upper().startswith(_ASKING):
                said.append((statement, parameters, many))

        event.listen(connection, "before_cursor_execute", listen)
        try:
            self.run(connection)
        finally:
            event.remove(connection, "before_cursor_execute", listen)
        return said


def _say(connection: Connection, said: list[_Said]) -> None:
    cursor = connection.connection.cursor()
    for statement, parameters, many in said:
        (cursor.executemany if many else cursor.execute)(statement, parameters)
    cursor.close()
