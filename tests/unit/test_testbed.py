"""The rest of what tests stand on: the feed server, the network guard, PostgreSQL."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.conftest import NetworkRefused
from tests.feedserver import FeedServer, Request, Route

# --- The feed server ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with FeedServer(hosts=("127.0.0.1", "127.0.0.2")) as feeds:
        yield feeds


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=5) as http:
        yield http


def test_feeds_carry_status_headers_and_body(server: FeedServer, client: httpx.Client) -> None:
    url = server.set("/gone", "rest in peace", status=410, headers={"X-Why": "closed"})
    answer = client.get(url, headers={"User-Agent": "me"})
    assert (answer.status_code, answer.text) == (410, "rest in peace")
    assert answer.headers["X-Why"] == "closed"
    assert server.asked("/gone")[-1].headers["User-Agent"] == "me"
    assert client.get(server.url("/nowhere")).status_code == 404


def test_known_feeds_answer_304(server: FeedServer, client: httpx.Client) -> None:
    day = datetime(2024, 1, 2, tzinfo=UTC)
    url = server.set("/feed", "<rss/>", etag='"v1"', last_modified=day)
    first = client.get(url)
    known = {"If-None-Match": first.headers["ETag"]}
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    statuses = [client.get(url, headers=h).status_code for h in (known, since)]
    changed = client.get(url, headers={**since, "If-None-Match": '"v0"'}).status_code
    assert (first.status_code, statuses, changed) == (200, [304, 304], 200)


def test_feeds_are_compressed_for_those_who_accept_it(
    server: FeedServer, client: httpx.Client
) -> None:
    url = server.set("/zip", "x" * 1000, gzip=True)
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text == "x" * 1000


def test_redirects_calls_and_other_addresses(server: FeedServer, client: httpx.Client) -> None:
    def echo(request: Request) -> Route:
        return Route(f"{request.host} {request.path}".encode())

    server.call("/echo", echo)
    server.redirect("/old", server.url("/echo?a=1", host="127.0.0.2"), status=308)
    answer = client.get(server.url("/old"), follow_redirects=True)
    assert answer.text == f"127.0.0.2:{server.port} /echo?a=1"


def test_slow_endless_and_cut_bodies(server: FeedServer, client: httpx.Client) -> None:
    started = time.monotonic()
    slow = client.get(server.set("/slow", "x" * 4, drip=0.02, piece=1, delay=0.05))
    assert (slow.text, time.monotonic() - started >= 0.1) == ("xxxx", True)

    with client.stream("GET", server.set("/endless", "spam", endless=True)) as answer:
        pieces = answer.iter_raw(1000)
        assert b"".join(next(pieces) for _ in range(3)) == b"spam" * 750
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(server.set("/cut", "x" * 100, cut=10))


# --- The network guard -------------------------------------------------------------------------


def connect_ex() -> None:
    with socket.socket() as sock:
        sock.connect_ex(("93.184.216.34", 80))


def datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"?", ("8.8.8.8", 53))


def in_a_loop(host: str) -> Callable[[], None]:
    async def reach() -> None:
        await asyncio.open_connection(host, 80)

    def run() -> None:
        work: Coroutine[Any, Any, None] = reach()
        asyncio.run(work)

    return run


REACHING_OUT = [
    pytest.param(lambda: socket.create_connection(("10.0.0.1", 80), 1), id="connect"),
    pytest.param(lambda: socket.create_connection(("::ffff:10.0.0.1", 80), 1), id="IPv6"),
    pytest.param(connect_ex, id="connect_ex"),
    pytest.param(datagram, id="datagram"),
    pytest.param(lambda: socket.getaddrinfo("example.org", 80), id="getaddrinfo"),
    pytest.param(lambda: socket.gethostbyname("example.org"), id="gethostbyname"),
    pytest.param(lambda: httpx.get("http://example.org/", trust_env=False), id="httpx"),
    pytest.param(in_a_loop("10.0.0.1"), id="asyncio by address"),
    pytest.param(in_a_loop("example.org"), id="asyncio by name"),
]


@pytest.mark.parametrize("reach", REACHING_OUT)
def test_nothing_beyond_loopback_is_reached(
    reach: Callable[[], object], network_refusals: list[str]
) -> None:
    with pytest.raises(NetworkRefused):
        reach()
    assert len(network_refusals) == 1
    network_refusals.clear()


def test_a_name_that_never_resolves_fails_as_it_would_outside() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("feeds.invalid", 80)
    assert socket.getaddrinfo("localhost", 80)
    assert socket.getaddrinfo("10.0.0.1", 80)


def test_ambient_settings_and_proxies_are_gone() -> None:
    left = [n for n in os.environ if n.startswith("DADKHAH_") or n.lower().endswith("_proxy")]
    assert not left


# --- PostgreSQL --------------------------------------------------------------------------------


@pytest.mark.parametrize("round_", [1, 2])
def test_every_fresh_database_is_empty(fresh_postgres: str, postgres_url: str, round_: int) -> None:
    engine = create_engine(fresh_postgres)
    with engine.begin() as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(text(tables)).scalar_one() == 0
        connection.execute(text("CREATE TABLE left_behind (id int)"))
    engine.dispose()
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as plain:
        assert plain.info.dbname == "postgres"
