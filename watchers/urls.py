"""Canonical URLs: one article, one address, whatever was hung on it. Pure.

w3lib does the general part (percent-encoding, parameter order, fragment); the rules of our
own take away what only says how a reader came: trackers, AMP, mobile and print forms,
`www`, the scheme. Part of an article's identity, so a change here needs a migration.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from watchers.addresses import refusal

MAX_URL = 2_000  # browsers and Telegram cope with about that

_TRACKERS = re.compile(
    r"(?i)^(?:utm_\w+|fbclid|gclid|dclid|yclid|msclkid|igshid|igsh|mc_[ce]id|at_\w+|_ga|_gl|spm|"
    r"xtor|cmpid|ocid|oc|ref|ref_src|referrer|source|src|share|smid|sh|s_cid|wt_mc|pk_\w+|mtm_\w+|"
    r"ns_\w+|trk|wickedid|amp|amp_\w+|usqp|output|outputtype|print|printer|printable|"
    r"print_view|view|taid|sr_share|feature|from|via|fb_\w+|guccounter|guce_\w+)$"
)
_MIRROR_HOST = re.compile(r"^(?:www\d?|m|mobile|amp|touch)\.(?=[^.]+\.)")
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_FORM_TAIL = re.compile(r"(?:/(?:amp|print|mobile)|\.amp)/?$", re.IGNORECASE)
_AMP_FILE = re.compile(r"\.amp(\.s?html?)$", re.IGNORECASE)
_IMPOSSIBLE = re.compile("[\0-\x1f\x7f\ud800-\udfff]")  # no database stores some of them
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
# Most articles' addresses: a name, and a path and a query without escapes and dot segments.
_PLAIN = re.compile(
    r"https?://((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(/(?:[\w~-][\w.~/-]*)?)"
    r"(?:\?([\w.~=&-]*))?(?:#[^\s%]*)?",
    re.ASCII,
)
# What joining to a base leaves as it is: no dot segment, no empty query or fragment.
_ABSOLUTE = re.compile(
    r"https?://[A-Za-z0-9.-]*[A-Za-z0-9](?:/(?!\.)(?:[\w~%+,:@=&!$'()*-]|\.|/(?!\.))*)?"
    r"(?:\?[\w.~/%+,:@=&!$'()*-]+)?",
    re.ASCII,
)
_FORM_HEAD = re.compile(r"^/(?:amp|print|mobile)(?=/.)", re.IGNORECASE)


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
        return name.encode("idna").decode("ascii") if not name.isascii() else name
    except (ValueError, UnicodeError):
        return ""


def canonical(url: str) -> str:
    """The one address of an article. Idempotent; a text that is no URL comes back as it is."""
    plain = _PLAIN.fullmatch(url) if "/." not in url else None
    if plain:  # nothing to quote, and w3lib takes 0.1 ms a call
        bare = f"https://{_bare_host(plain[1].lower())}{_bare_path(plain[2]) or '/'}"
        query = _plain_query(plain[3] or "")
        return f"{bare}?{query}" if query else bare
    for _ in range(4):  # quoting can bring a rule to light; real addresses need one round
        previous, url = url, _canonical_once(url)
        if url == previous:
            break
    return url


def _plain_query(query: str) -> str:
    """A query without escapes: its parameters in order, less the trackers."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    kept = sorted((name, value) for name, _, value in pairs if not _TRACKERS.match(name))
    return "&".join(f"{name}={value.replace('=', '%3D')}" for name, value in kept)


def _canonical_once(url: str) -> str:
    try:
        parts = urlsplit(canonicalize_url(url.strip(), keep_fragments=False))
        name, port = host(url), parts.port
    except ValueError:
        return url
    if parts.scheme not in ("http", "https") or not name:
        return url
    netloc = _bare_host(name)
    if port not in (None, 80, 443):
        netloc = f"{netloc}:{port}"
    bare = SplitResult("https", netloc, _bare_path(parts.path), _bare_query(parts.query), "")
    return canonicalize_url(urlunsplit(bare), keep_fragments=False)


def _bare_host(name: str) -> str:
    if ":" in name:
        return f"[{name}]"
    while (shorter := _MIRROR_HOST.sub("", name)) != name:
        name = shorter
    return name


def _bare_path(path: str) -> str:
    previous = None
    path = re.sub("/{2,}", "/", path)
    while path != previous:
        previous = path
        path = _AMP_FILE.sub(r"\1", path)
        path = _FORM_HEAD.sub("", _FORM_TAIL.sub("", _INDEX.sub("", path)))
        path = path.rstrip("/")
    return path


def _bare_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    return urlencode([pair for pair in pairs if not _TRACKERS.match(pair[0])])


def without_trackers(url: str) -> str:
    """The address as printed, less the parameters that tell on the reader.

    Used for links that are sent: the site gets the address it gave, the reader stays private.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [p for p in parts.query.split("&") if not _TRACKERS.match(p.partition("=")[0])]
    return urlunsplit(parts._replace(query="&".join(kept), fragment=""))


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
