"""What `dadkhah doctor` says of the database: each finding with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.findings import Finding, failed, note, ok
from config.settings import Settings
from storage import open_store, state, tasks_schema
from storage.examining import FileFacts, ServerFacts, facts, latest_reading
from storage.postgres import POOL_MOST
from watchers.errors import DadkhahError

_RELEASED = datetime(2025, 1, 1, tzinfo=UTC)  # a clock before this is wrong
_DRIFT = timedelta(seconds=5)  # between two machines: known of
_APART = timedelta(minutes=1)  # claims and schedules go wrong
_QUIET = timedelta(hours=25)  # every feed is asked once a day at least
_LONG_LOG = 1 << 30  # bytes of a WAL that somebody keeps from being emptied
_ROOM = POOL_MOST + 8  # connections of a process: its pool, the lease, some channels' locks


def database(settings: Settings) -> list[Finding]:
    """All findings on the database; the first is on whether it can be used at all."""
    url = settings.database
    try:
        found = state(url)
        set_up = facts(url) if found != "missing" or not url.startswith("sqlite") else None
        findings = [] if set_up is None else [_set_up(set_up)]
        if found == "missing":
            none = note("database", "none yet; the first command that writes makes it")
            return [none, *findings]
        return [_content(url), *_held(url), *findings, *_queue(settings), _polls(url)]
    except DadkhahError as error:
        return [failed("database", str(error))]


def _content(url: str) -> Finding:
    store = open_store(url, create=False)
    try:
        problems, counts = store.check(), store.counts()
    finally:
        store.close()
    if problems:
        return failed("database", "; ".join(problems))
    return ok("database", f"sound: {counts.feeds} feeds, {counts.articles} articles")


def _held(url: str) -> list[Finding]:
    """Nothing is posted after a restore until somebody decides."""
    store = open_store(url, create=False)
    try:
        held = store.posting_held()
    finally:
        store.close()
    return [] if held is None else [failed("posting", str(held.error()))]


def _set_up(found: ServerFacts | FileFacts) -> Finding:
    if isinstance(found, FileFacts):
        return _file(found)
    name = f"PostgreSQL {found.version}, {_size(found.size)}"
    wrong = server_faults(found)
    if wrong:
        return failed("database server", f"{name}: {'; '.join(wrong)}")
    odd = server_oddities(found)
    if odd:
        return note("database server", f"{name}: {'; '.join(odd)}")
    return ok("database server", f"{name}, {found.left} of {found.most} connections free")


def server_faults(found: ServerFacts) -> list[str]:
    """What does not work with such a server, each with what to do."""
    faults = []
    if found.read_only:
        faults.append("it takes no writes (a standby, or default_transaction_read_only): name the "
                      "primary server in DADKHAH_DATABASE_URL")  # fmt: skip
    elif not found.may_create:
        faults.append("the user may make no tables, so no upgrade: make it the database's owner")
    if found.is_pooled:
        faults.append("a pooler in transaction mode is in between, and locks do not hold: use "
                      "session mode, or connect directly")  # fmt: skip
    if abs(found.ahead) > _APART:
        faults.append(f"its clock is {_apart(found.ahead)}: set both by NTP")
    if found.left < 2:
        faults.append(f"{found.left} of {found.most} connections free: raise max_connections")
    return faults


def server_oddities(found: ServerFacts) -> list[str]:
    """What works, and should be known, each with what to do."""
    odd = []
    if not found.vacuums:
        odd.append("autovacuum is off, so tables grow without end: turn autovacuum and "
                   "track_counts on")  # fmt: skip
    if found.bloated:
        odd.append(f"more dead rows than others in {', '.join(found.bloated)}: run VACUUM, and "
                   "look why autovacuum does not keep up")  # fmt: skip
    if _DRIFT < abs(found.ahead) <= _APART:
        odd.append(f"its clock is {_apart(found.ahead)}: set both by NTP")
    if 2 <= found.left < _ROOM:
        odd.append(f"{found.left} of {found.most} connections free, and a process may want "
                   f"{_ROOM}: raise max_connections")  # fmt: skip
    if not found.is_private:
        odd.append("the connection is not encrypted: add ?sslmode=require to DADKHAH_DATABASE_URL")
    return odd


def _file(found: FileFacts) -> Finding:
    name = f"SQLite {found.version}, {_size(found.size)}"
    if found.journal != "wal":
        return failed("database file", f"{name}: its journal is {found.journal!r} and not WAL; is "
                      "it on a network file system? Put it on a local disk")  # fmt: skip
    if found.log_size > _LONG_LOG:
        return note("database file", f"{name}: its WAL has {_size(found.log_size)}; some program "
                    "reads without end, and keeps it from being emptied")  # fmt: skip
    return ok("database file", name)


def _queue(settings: Settings) -> list[Finding]:
    if settings.engine != "distributed":
        return []
    found = tasks_schema.state(settings.database)
    if found == "current":
        return [ok("queue", "the tables of its jobs are there")]
    what = (
        "`dadkhah db upgrade` mends it" if found in ("missing", "older") else "see docs/scaling.md"
    )
    return [failed("queue", f"the tables of its jobs are {found}: {what}")]


def _polls(url: str) -> Finding:
    """Whether somebody polls; and that the clock did not go back."""
    now = datetime.now(UTC)
    number, polled, read = latest_reading(url)
    if polled is not None and polled > now + timedelta(minutes=5):
        return failed("polls", "feeds were polled in the future: the clock went back")
    if number == 0:
        return note("polls", "no feed is watched, or all are paused")
    if polled is None:
        return note("polls", "none yet; `dadkhah run` polls, and so does `dadkhah poll`")
    if now - polled > _QUIET:
        return note("polls", f"none since {polled:%Y-%m-%d %H:%M} UTC: does `dadkhah run` run?")
    if read is None or now - read > _QUIET:
        return note("polls", "no feed could be read for a day: look at `dadkhah feeds list`")
    return ok("polls", f"a feed was read at {read:%Y-%m-%d %H:%M} UTC")


def clock() -> Finding:
    """Whether this machine knows what year it is."""
    now = datetime.now(UTC)
    if now < _RELEASED:
        return failed("clock", f"the clock shows {now:%Y-%m-%d}; set it (NTP)")
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _apart(ahead: timedelta) -> str:
    seconds = abs(ahead).total_seconds()
    return f"{seconds:.0f} s {'ahead of' if ahead > timedelta() else 'behind'} this machine's"


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
