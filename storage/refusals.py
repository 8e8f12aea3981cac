"""Why a PostgreSQL could not be connected to, or refused, told in a line for operators.

A failed connection has no SQLSTATE, only the words of libpq and of the server
(https://www.postgresql.org/docs/current/errcodes-appendix.html says what there is later). Those of
a server in another language are not known here, and get the general line. The words themselves
are never shown: they name the user.
"""

from __future__ import annotations

from dataclasses import dataclass

from watchers.errors import (
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreReadOnly,
    StoreRefused,
    StoreUnreachable,
)

OLDEST = 13  # Procrastinate's least, and the oldest that anybody still has a reason to run


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong, and what to do; `kind` says whether waiting may help."""

    kind: type[StoreError]
    message: str  # with {place}
    advice: str

    def error(self, place: str) -> StoreError:
        """The error to raise for a database at this place."""
        return self.kind(self.message.format(place=place), advice=self.advice)


_CREDENTIALS = Refusal(
    StoreRefused,
    "The server refuses the user or the password: {place}.",
    "Check DADKHAH_DATABASE_URL, and the server's pg_hba.conf.",
)
_NO_ROLE = Refusal(
    StoreRefused,
    "The user of DADKHAH_DATABASE_URL does not exist there, or may not log in: {place}.",
    "Create it: CREATE ROLE ... LOGIN PASSWORD ....",
)
_NO_DATABASE = Refusal(
    StoreRefused,
    "There is no such database on the server: {place}.",
    "Create it (`createdb`), or check the name in DADKHAH_DATABASE_URL.",
)
_CLOSED = Refusal(
    StoreRefused,
    "The user of DADKHAH_DATABASE_URL may not connect to this database: {place}.",
    "Make that user its owner, or GRANT CONNECT.",
)
_ENCRYPTION = Refusal(
    StoreRefused,
    "No encrypted connection that both sides accept: {place}.",
    "Check sslmode and sslrootcert in DADKHAH_DATABASE_URL.",
)
OPTION = Refusal(
    StoreRefused,
    "An option of DADKHAH_DATABASE_URL is none that PostgreSQL knows: {place}.",
    "Look at what stands after the question mark.",
)
_STARTING = Refusal(
    StoreUnreachable,
    "The server is starting or stopping: {place}.",
    "Try again in a moment.",
)
_CROWDED = Refusal(
    StoreBusy,
    "The server takes no more connections: {place}.",
    "Raise its max_connections (or the user's limit), or run fewer processes.",
)
_NO_NAME = Refusal(
    StoreUnreachable,
    "The name of the database's server is not found: {place}.",
    "Check the host in DADKHAH_DATABASE_URL, and the resolver.",
)
_SILENT = Refusal(
    StoreUnreachable,
    "The database's server does not answer: {place}.",
    "Check host and port in DADKHAH_DATABASE_URL, and firewalls in between.",
)
_NOBODY = Refusal(
    StoreUnreachable,
    "No server listens there: {place}.",
    "Start PostgreSQL, or check host and port in DADKHAH_DATABASE_URL.",
)
_NOT_WRITABLE = Refusal(
    StoreUnreachable,
    "None of the servers takes writes: {place}.",
    "Wait for the failover, or check the hosts in DADKHAH_DATABASE_URL.",
)
_GENERAL = Refusal(
    StoreUnreachable,
    "The database cannot be reached: {place}.",
    "Check DADKHAH_DATABASE_URL and that the server runs.",
)
READ_ONLY = Refusal(
    StoreReadOnly,
    "The database takes no writes (a standby, or default_transaction_read_only): {place}.",
    "Name the primary server in DADKHAH_DATABASE_URL, or end its read-only state.",
)
NO_RIGHTS = Refusal(
    StoreReadOnly,
    "The user of DADKHAH_DATABASE_URL lacks rights in this database: {place}.",
    "Make that user the owner of the database and of the tables of Dadkhah in it.",
)
CANCELLED = Refusal(
    StoreBusy,
    "A statement took too long, or was cancelled: {place}.",
    "Nothing was lost; try again, and look at what else the server does.",
)
TABLES_MISSING = Refusal(
    StoreCorrupt,
    "Tables of Dadkhah are missing or changed in the database: {place}.",
    "Restore a backup (`dadkhah db restore`; to a server into an empty database), or empty the "
    "database to begin anew.",
)

# Words of libpq, psycopg and the server; the first that is found decides.
_WORDS: tuple[tuple[str, Refusal], ...] = (
    ("password authentication failed", _CREDENTIALS),
    ("no password supplied", _CREDENTIALS),
    ("authentication failed", _CREDENTIALS),
    ("no pg_hba.conf entry", _CREDENTIALS),
    ("pg_hba.conf rejects", _CREDENTIALS),
    ("role ", _NO_ROLE),
    ("the database system is", _STARTING),
    ("too many connections", _CROWDED),
    ("too many clients", _CROWDED),
    ("connection slots are reserved", _CROWDED),
    ("permission denied for database", _CLOSED),
    ("is not currently accepting connections", _CLOSED),
    ("session is read-only", _NOT_WRITABLE),
    ("database ", _NO_DATABASE),
    ("invalid connection option", OPTION),
    ("invalid sslmode", OPTION),
    ("certificate", _ENCRYPTION),
    ("does not support ssl", _ENCRYPTION),
    ("ssl error", _ENCRYPTION),
    ("failed to resolve host", _NO_NAME),
    ("could not translate host name", _NO_NAME),
    ("connection refused", _NOBODY),
    ("no such file or directory", _NOBODY),
    ("timeout expired", _SILENT),
    ("timed out", _SILENT),
    ("no route to host", _SILENT),
    ("network is unreachable", _SILENT),
)
_QUOTED = {_NO_ROLE: ("does not exist", "not permitted to log in"), _NO_DATABASE: ("does not",)}


def why(words: str) -> Refusal:
    """What a failed connection's words mean; the general line for words that are not known."""
    told = words[:2_000].lower()
    if "too many connections" in told:  # "... for role": of a limit, not of a role
        return _CROWDED
    for mark, refusal in _WORDS:
        more = _QUOTED.get(refusal, ("",))
        if mark in told and any(part in told for part in more):
            return refusal
    return _GENERAL


def too_old(version: int) -> StoreError:
    """The error for a server that is older than we work with; `version` as libpq says it."""
    message = (
        f"The server is PostgreSQL {version // 10_000}; "
        f"{OLDEST} is the least that Dadkhah works with."
    )
    return StoreRefused(message, advice="Upgrade the server.")
