"""No address inside somebody's network is connected to, however it is written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from watchers.addresses import AllowedHost, parse_allowed_host, refusal

REFUSED = {
    "private 10": "10.0.0.1",
    "private 172": "172.16.5.4",
    "private 192": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback, another": "127.255.255.254",
    "this host": "0.0.0.0",
    "link-local": "169.254.1.1",
    "cloud metadata": "169.254.169.254",
    "cloud metadata in CGNAT": "100.100.100.200",
    "carrier NAT": "100.64.0.1",
    "benchmark": "198.18.0.1",
    "documentation": "192.0.2.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 site-local": "fec0::1",
    "IPv6 unique local": "fd00::1",
    "IPv6 cloud metadata": "fd00:ec2::254",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv4-compatible": "::127.0.0.1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped metadata": "::ffff:169.254.169.254",
    "NAT64 private": "64:ff9b::10.0.0.1",
    "NAT64 loopback": "64:ff9b::127.0.0.1",
    "local NAT64": "64:ff9b:1::10.0.0.1",
    "local NAT64, public inside": "64:ff9b:1::8.8.8.8",
    "local NAT64, another layout": "64:ff9b:1:808:8:800::",
    "NAT64 metadata": "64:ff9b::169.254.169.254",
    "Azure's metadata": "168.63.129.16",
    "Azure's metadata, mapped": "::ffff:168.63.129.16",
    "Azure's metadata by NAT64": "64:ff9b::168.63.129.16",
    "Azure's metadata by 6to4": "2002:a83f:8110::1",
    "Oracle's metadata": "192.0.0.192",
    "protocol assignments": "192.0.0.9",
    "6to4 relays": "192.88.99.1",
    "translated": "::ffff:0:127.0.0.1",
    "discard": "100::1",
    "new documentation": "3fff::1",
    "segment identifiers": "5f00::1",
    "this network": "0.1.2.3",
    "6to4 private": "2002:0a00:0001::",
    "6to4 loopback": "2002:7f00:0001::1",
    "Teredo": "2001:0:a00:1:0:0:f5ff:fffe",
}
PUBLIC = {
    "IPv4": "8.8.8.8",
    "beside Azure's metadata": "168.63.129.17",
    "beside local NAT64": "64:ff9b::8.8.4.4",
    "beside 172.16/12": "172.32.0.1",
    "beside 100.64/10": "100.128.0.1",
    "IPv6": "2606:4700::1111",
    "mapped": "::ffff:8.8.8.8",
    "NAT64": "64:ff9b::8.8.8.8",
    "6to4": "2002:0808:0808::1",
}


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert refusal(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.values(), ids=PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert refusal(ip_address(address)) is None


ENTRIES: dict[str, tuple[str, AllowedHost]] = {
    "host": ("feeds.lan", AllowedHost("feeds.lan", None, None)),
    "host and port": ("feeds.lan:8080", AllowedHost("feeds.lan", None, 8080)),
    "case, dot, space": (" Feeds.LAN. ", AllowedHost("feeds.lan", None, None)),
    "address": ("10.0.0.5", AllowedHost("10.0.0.5", None, None)),
    "network": ("10.0.0.0/8", AllowedHost(None, ip_network("10.0.0.0/8"), None)),
    "network and port": ("10.0.0.0/8:80", AllowedHost(None, ip_network("10.0.0.0/8"), 80)),
    "host bits": ("10.1.2.3/8", AllowedHost(None, ip_network("10.0.0.0/8"), None)),
    "IPv6": ("::1", AllowedHost("::1", None, None)),
    "IPv6 and port": ("[::1]:8080", AllowedHost("::1", None, 8080)),
    "IPv6 in brackets": ("[::1]", AllowedHost("::1", None, None)),
    "IPv6 network": ("fd00::/8", AllowedHost(None, ip_network("fd00::/8"), None)),
}


@pytest.mark.parametrize(("text", "entry"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_a_host_or_a_network_with_or_without_a_port(
    text: str, entry: AllowedHost
) -> None:
    assert parse_allowed_host(text) == entry


WRONG = ["", ":80", "a:b", "a:0", "a:65536", "a:²", "a/b", "10.0.0.0/40", "[::1]x", "http://a"]


@pytest.mark.parametrize("text", WRONG, ids=[w or "empty" for w in WRONG])
def test_an_entry_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=".+"):
        parse_allowed_host(text)


ALLOWS: dict[str, tuple[str, str, int, str | None, bool]] = {
    "host, any port": ("feeds.lan", "Feeds.LAN.", 80, None, True),
    "host and its port": ("feeds.lan:8080", "feeds.lan", 8080, None, True),
    "another port": ("feeds.lan:8080", "feeds.lan", 80, None, False),
    "a subdomain": ("feeds.lan", "x.feeds.lan", 80, None, False),
    "network": ("10.0.0.0/8", "a.example", 80, "10.9.9.9", True),
    "outside the network": ("10.0.0.0/8", "a.example", 80, "192.168.0.1", False),
    "network, name only": ("10.0.0.0/8", "10.9.9.9", 80, None, False),
    "network, other port": ("10.0.0.0/8:80", "a.example", 81, "10.9.9.9", False),
    "other family": ("10.0.0.0/8", "a.example", 80, "fd00::1", False),
    "bracketed": ("[::1]:80", "[::1]", 80, None, True),
}


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "allowed"), ALLOWS.values(), ids=ALLOWS
)
def test_an_entry_allows_what_it_names_and_no_more(
    entry: str, host: str, port: int, address: str | None, *, allowed: bool
) -> None:
    ip = ip_address(address) if address else None
    assert parse_allowed_host(entry).allows(host, port, ip) is allowed
