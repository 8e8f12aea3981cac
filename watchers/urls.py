"""Canonical URLs: one article, one address, whatever was hung on it. Pure.

w3lib does the general part (percent-encoding, parameter order, dot segments); the rules of our
own take away what only says how a reader came: trackers (`watchers.url_parameters`), AMP,
mobile and print forms, `www` (`watchers.url_paths`), the scheme. Part of an article's identity:
after a change here an entry that is known is found by its guid and gets its new address beside
the old one; a stored article that comes anew through another feed is stored twice, as copies.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from watchers import url_parameters, url_paths
from watchers.addresses import refusal

MAX_URL = 2_000  # browsers and Telegram cope with about that

_IMPOSSIBLE = re.compile("[\0-\x1f\x7f\ud800-\udfff]")  # no database stores some of them
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
# Most articles' addresses: a name, and a path and a query without escapes and dot segments.
_PLAIN = re.compile(
    r"https?://((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(/(?:[\w~-][\w.~/-]*)?)"
    r"(?:\?([\w.~=&-]*))?(?:#[\w=.:-]*)?",
    re.ASCII,
)
# What joining to a base leaves as it is: no dot segment, no empty query or fragment.
_ABSOLUTE = re.compile(
    r"https?://[A-Za-z0-9.-]*[A-Za-z0-9](?:/(?!\.)(?:[\w~%+,:@=&!$'()*-]|\.|/(?!\.))*)?"
    r"(?:\?[\w.~/%+,:@=&!$'()*-]+)?",
    re.ASCII,
)
_AMPERSAND = re.compile("^(?:amp;)+")
_ESCAPED_AMPERSAND = re.compile("&(?:amp;)+")
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")
_TWICE = re.compile("%(?:25)+([89A-Fa-f][0-9A-Fa-f])")  # letters that were escaped two times
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")  # which IDNA 2003 takes for others, or none
_FULL_STOPS = str.maketrans("\u3002\uff0e\uff61", "...")


def resolve(link: str, base: str) -> str | None:
    """The link as an absolute http(s) address, or None if it is none (mailto:, empty...)."""
    if len(link) <= MAX_URL and _ABSOLUTE.fullmatch(link):
        return link
    try:
        url = urljoin(base, _IMPOSSIBLE.sub("", link).strip())
        parts = urlsplit(url)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > MAX_URL:
        return None
    return url


def joined(base: str, link: str) -> str:
    """The link against a base, as RFC 3986 has it; ValueError where it cannot be read."""
    return link if _ABSOLUTE.fullmatch(link) else urljoin(base, link)


def host(url: str) -> str:
    """The host in lower-case IDNA form, without a trailing dot; empty if there is none."""
    try:
        name = (urlsplit(url).hostname or "").strip(". ").lower()
        return name if name.isascii() else _ascii(name)
    except (ValueError, UnicodeError):
        return ""


def _ascii(name: str) -> str:
    """A host in punycode; Python's codec is of IDNA 2003, in which ZWNJ and ß are lost."""
    if _DEVIATIONS.isdisjoint(name):
        return name.encode("idna").decode("ascii")
    labels = unicodedata.normalize("NFKC", name.translate(_FULL_STOPS)).split(".")
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in labels
    )


def canonical(url: str) -> str:
    """The one address of an article. Idempotent; a text that is no URL comes back as it is."""
    plain = _PLAIN.fullmatch(url) if "/." not in url else None
    if plain:  # nothing to quote, and w3lib takes 0.05 ms a call
        return _assembled(plain[1].lower(), plain[2], _plain_pairs(plain[3] or ""))
    for _ in range(4):  # quoting can bring a rule to light; real addresses need one round
        previous, url = url, _canonical_once(url)
        if url == previous:
            break
    return url


def _plain_pairs(query: str) -> list[tuple[str, str]]:
    """The parameters of a query without escapes, in order."""
    parts = (part.partition("=") for part in query.split("&") if part)
    pairs = sorted((name, value) for name, _, value in parts)
    return [(name, value.replace("=", "%3D")) for name, value in pairs]


def _canonical_once(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        name, port = host(url.strip()), parts.port
        if parts.scheme not in ("http", "https") or not name:
            return url
        quoted = _quoted(parts.path, parts.query)
        fragment = _quoted_fragment(parts.fragment, name)
    except ValueError:
        return url
    pairs = [_named(part) for part in quoted[1].split("&") if part]
    return _assembled(name, quoted[0], pairs, port=port, fragment=fragment)


def _quoted(path: str, query: str) -> tuple[str, str]:
    """Path and query in the one spelling of their escapes, the parameters in order."""
    path = _STRAY.sub("%25", path)
    query = _ESCAPED_AMPERSAND.sub("&", f"&{query}")  # a feed that escaped its links twice
    parts = urlsplit(canonicalize_url(urlunsplit(("https", "site.example", path, query, ""))))
    twice = _TWICE.sub(lambda found: f"%{found[1].upper()}", parts.path)
    return twice, parts.query


def _quoted_fragment(fragment: str, name: str) -> str:
    """A fragment that names an article, less its trackers, or ""."""
    if not _names_article(fragment):
        return ""
    route, _, query = _STRAY.sub("%25", fragment).partition("?")
    pairs = [_named(part) for part in query.split("&") if part]
    kept = url_parameters.without_trackers(pairs, name, route.rstrip("/"))
    query = "&".join("=".join(pair) for pair in kept)
    return quote(route.rstrip("/") + ("?" + query if query else ""), safe="%!/?:@&=+$,;~*'()")


def _names_article(fragment: str) -> bool:
    """Whether a fragment is a single-page site's route: "!/article/5", "/2026/…", "news/5"."""
    if not fragment or fragment.startswith(":~:"):
        return False
    head, slash, rest = fragment.lstrip("!").partition("/")
    routed = fragment[0] in "!/" or (slash and head.isalpha())
    return bool(routed) and any(char.isalnum() for char in head + rest)


def _assembled(
    name: str,
    path: str,
    pairs: Sequence[tuple[str, str]],
    *,
    port: int | None = None,
    fragment: str = "",
) -> str:
    """The canonical URL of parts that are quoted and in order."""
    name, path = url_paths.bare_host(name), url_paths.bare_path(path)
    found = url_paths.of_site(name, path, pairs)
    if found:
        return f"https://{found[0]}{found[1]}"
    kept = url_parameters.without_trackers(pairs, name, path) if pairs else pairs
    query = "?" + "&".join(f"{key}={value}" for key, value in kept) if kept else ""
    site = name if port in (None, 80, 443) else f"{name}:{port}"
    return f"https://{site}{path or '/'}{query}{'#' if fragment else ''}{fragment}"


def without_trackers(url: str) -> str:
    """The address as printed, less the parameters that tell on the reader.

    Used for links that are sent: the site gets the address it gave, the reader stays private.
    """
    try:
        parts = urlsplit(url)
        path = url_paths.bare_path(_quoted(parts.path, "")[0])
    except ValueError:
        return url
    pairs = [_named(part) for part in parts.query.split("&") if part]
    left = url_parameters.without_trackers(pairs, url_paths.bare_host(host(url)), path)
    query = "&".join(part for part in parts.query.split("&") if _named(part) in left)
    query = _ESCAPED_AMPERSAND.sub("&", f"&{query}")[1:]
    fragment = parts.fragment if _names_article(parts.fragment) else ""
    return urlunsplit(parts._replace(query=query, fragment=fragment))


def _named(part: str) -> tuple[str, str]:
    name, _, value = _AMPERSAND.sub("", part).partition("=")
    return name, value


def is_local_name(name: str) -> bool:
    """A host that never names a public site: localhost, one label, .local, a private address."""
    name = name.strip("[]").rstrip(".").lower()
    try:
        return refusal(ipaddress.ip_address(name)) is not None
    except ValueError:
        pass
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return True  # "127.1", "0x7f.0.0.1": resolvers read short and odd forms of an address
    local_ends = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".onion.local")
    return "." not in name or name.endswith(local_ends)
