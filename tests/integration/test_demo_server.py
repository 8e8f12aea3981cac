"""The sample server as the fetcher meets it: a forward proxy on loopback, with validators."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from bot.demo.samples import render, sample_feeds
from bot.demo.server import Exchange, SampleServer

NOW = datetime(2026, 11, 20, 12, 34, 56, 789, tzinfo=UTC)
CHANGING = "http://rights-monitor.example/feed.xml"
STEADY = "http://palais-notebook.example/rss/all.xml"
FEEDS = {feed.url: feed for feed in sample_feeds()}


@pytest.fixture
async def server() -> AsyncIterator[SampleServer]:
    async with SampleServer(NOW) as running:
        yield running


@pytest.fixture
async def client(server: SampleServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(proxy=server.proxy_url, trust_env=False, timeout=10) as made:
        yield made


def validators(response: httpx.Response) -> dict[str, str]:
    return {
        "If-None-Match": response.headers["ETag"],
        "If-Modified-Since": response.headers["Last-Modified"],
    }


@pytest.mark.parametrize("url", sorted(FEEDS))
async def test_every_feed_is_served_with_validators(client: httpx.AsyncClient, url: str) -> None:
    response = await client.get(url)
    feed = FEEDS[url]
    assert response.status_code == 200
    assert response.content == render(feed, 1, NOW)
    assert response.headers["Content-Type"] == f"{feed.content_type}; charset={feed.charset}"
    assert response.headers["ETag"].startswith('"')
    assert response.headers["Last-Modified"] == "Fri, 20 Nov 2026 12:33:56 GMT"


async def test_an_unchanged_feed_is_answered_304_in_both_waves(
    server: SampleServer, client: httpx.AsyncClient
) -> None:
    first = await client.get(STEADY)
    for wave in (1, 2):
        server.wave = wave
        again = await client.get(STEADY, headers=validators(first))
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


async def test_the_second_wave_has_a_new_body_and_new_validators(
    server: SampleServer, client: httpx.AsyncClient
) -> None:
    first = await client.get(CHANGING)
    server.wave = 2
    second = await client.get(CHANGING, headers=validators(first))
    assert second.status_code == 200
    assert second.content == render(FEEDS[CHANGING], 2, NOW)
    assert second.headers["ETag"] != first.headers["ETag"]
    assert (await client.get(CHANGING, headers=validators(second))).status_code == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Fri, 20 Nov 2026 12:33:56 GMT", 304),
        ("Fri, 20 Nov 2026 12:33:55 GMT", 200),
        ("yesterday", 200),
    ],
)
async def test_if_modified_since_counts_when_there_is_no_etag(
    client: httpx.AsyncClient, since: str, status: int
) -> None:
    response = await client.get(STEADY, headers={"If-Modified-Since": since})
    assert response.status_code == status


async def test_etag_outranks_the_date(client: httpx.AsyncClient) -> None:
    headers = {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 20 Nov 2026 23:00:00 GMT"}
    assert (await client.get(STEADY, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "url", ["http://nobody.example/feed.xml", "http://rights-monitor.example/robots.txt"]
)
async def test_unknown_addresses_are_404(client: httpx.AsyncClient, url: str) -> None:
    assert (await client.get(url)).status_code == 404


async def test_a_request_without_the_proxy_form_is_answered_by_its_host_header(
    server: SampleServer,
) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as direct:
        response = await direct.get(
            f"{server.proxy_url}/feed.xml", headers={"Host": "Rights-Monitor.example"}
        )
    assert response.content == render(FEEDS[CHANGING], 1, NOW)


async def test_a_tunnel_is_refused(server: SampleServer) -> None:
    port = int(server.proxy_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
    status = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await writer.wait_closed()
    assert status.startswith(b"HTTP/1.1 405")


async def test_the_log_tells_what_was_asked_and_answered(
    server: SampleServer, client: httpx.AsyncClient
) -> None:
    first = await client.get(STEADY)
    await client.head(STEADY, headers=validators(first))
    await client.get("http://nobody.example/x")
    assert server.log == [
        Exchange("GET", STEADY, 200, False),
        Exchange("HEAD", STEADY, 304, True),
        Exchange("GET", "http://nobody.example/x", 404, False),
    ]


async def test_there_are_two_waves_only_and_no_address_once_closed() -> None:
    async with SampleServer(NOW) as server:
        with pytest.raises(ValueError):
            server.wave = 3
        assert server.wave == 1
    with pytest.raises(RuntimeError):
        _ = server.proxy_url


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError):
        SampleServer(NOW.replace(tzinfo=None))
