"""How it is kept: SQL (SQLite or PostgreSQL) and memory behind the ports of the core.

:func:`open_store` is the way in. Rows are not the domain: `tables` has the rows, `mapping`
turns them into the nouns of `watchers`, one module a noun holds the statements, and
`SqlStore` runs each port method as one transaction.
"""

from storage.memory import MemoryStore
from storage.schema import open_store, state, upgrade
from storage.store import SqlStore

__all__ = ["MemoryStore", "SqlStore", "open_store", "state", "upgrade"]
