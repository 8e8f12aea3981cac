"""Which addresses may be connected to. Pure: `watchers.dialer` asks here.

Feeds come from strangers: an address inside the operator's own network, however it is
written, is refused unless the operator allowed it (DADKHAH_ALLOWED_PRIVATE_HOSTS).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 6052, 2.1: an IPv4 address in the last 32 bits, reached through a translator.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# What the registries of special addresses do not say, or say only to newer Pythons.
_SPECIAL: tuple[tuple[IPNetwork, str], ...] = (
    # Azure's wire server: metadata and credentials of the machine, at a public-looking address.
    (ipaddress.ip_network("168.63.129.16/32"), "a cloud's metadata address"),
    # RFC 8215: translators of one's own network, whose layout within the prefix is unknown.
    (ipaddress.ip_network("64:ff9b:1::/48"), "a private address"),
    (ipaddress.ip_network("192.0.0.0/24"), "a private address"),  # RFC 6890; clouds use it too
    (ipaddress.ip_network("192.88.99.0/24"), "a private address"),  # RFC 7526: 6to4 relays, dead
    (ipaddress.ip_network("3fff::/20"), "a private address"),  # RFC 9637: documentation
    (ipaddress.ip_network("5f00::/16"), "a private address"),  # RFC 9602: segment identifiers
)


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One entry of the operator's list: a host name or a network, perhaps with a port."""

    host: str | None
    network: IPNetwork | None
    port: int | None

    def allows(self, host: str, port: int, address: IPAddress | None = None) -> bool:
        """Whether this entry covers a URL's host and port, or the address connected to."""
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address is not None and address in self.network
        return host.lower().strip("[]").rstrip(".") == self.host


def parse_allowed_host(text: str) -> AllowedHost:
    """Read `host[:port]`, `network/prefix[:port]` or `[v6]:port`; ValueError says what is wrong."""
    text = text.strip().lower()
    if text.startswith("[") and "]" in text:
        name, _, rest = text[1:].partition("]")
        port_text = rest.removeprefix(":") if rest else ""
    elif text.count(":") > 1:  # a bare IPv6 address or network
        name, port_text = text, ""
    else:
        name, _, port_text = text.partition(":")
    if not re.fullmatch(r"[\w.:/-]+", name) or (
        port_text and not (port_text.isdecimal() and 0 < int(port_text) < 65536)
    ):
        msg = f"{text!r} is no host[:port], network/prefix[:port] or [v6]:port"
        raise ValueError(msg)
    port = int(port_text) if port_text else None
    if "/" in name:
        return AllowedHost(None, ipaddress.ip_network(name, strict=False), port)
    return AllowedHost(name.rstrip("."), None, port)


def _inner(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 form carries, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is not None:
            return carried
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def refusal(address: IPAddress) -> str | None:
    """Why an address is not connected to, or None if it is public."""
    inner = _inner(address)
    for network, what in _SPECIAL:
        if inner in network:
            return what
    if inner.is_multicast:
        return "a multicast address"
    if inner.is_loopback:
        return "an address of this machine"
    site_local = isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local
    if not inner.is_global or inner.is_reserved or site_local:
        return "a private address"
    return None
