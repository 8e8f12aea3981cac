"""Hosts and paths of canonical URLs: the forms in which a site serves one article. Pure.

Which error is worse: two addresses of one article that stay two are found by their texts
(`watchers.dedupe`); two articles joined under one address are lost. So a form is taken away
only where what stays surely names an article, or where no site means anything else by it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

# A site's other faces. What stays must be a name of its own, no public suffix as in "m.co.uk".
_SITE = r"(?=[^.]+\.)(?!(?:com?|org|net|ac)\.\w\w$)"
_MIRROR = re.compile(
    rf"(?:www\d?|m|mobile|amp|touch|wap)\.{_SITE}|([a-z]{{2,3}}\.)(?:m|amp)\.{_SITE}"
)
_BLOGSPOT = re.compile(r"([a-z0-9-]+)\.blogspot\.(?:com?\.)?[a-z]{2,3}")
_FACEBOOK = re.compile(r"(?:mbasic|web|[a-z]{2}-[a-z]{2})\.facebook\.com")
_SAME_SITE = {
    "telegram.me": "t.me",
    "telegram.dog": "t.me",
    "twitter.com": "x.com",
    "youtube-nocookie.com": "youtube.com",
}
_VIDEO = re.compile(r"/(?:shorts|embed|live|v)/([\w-]{11})", re.ASCII)
_SHORT_VIDEO = re.compile(r"/([\w-]{11})", re.ASCII)
_POST = re.compile(r"/(?:s/)?([A-Za-z]\w{3,31})/(\d+)", re.ASCII)  # of a public Telegram channel
_TWEET = re.compile(r"(?i)/(\w+)/status(?:es)?/(\d+)(?:/(?:photo|video)/\d+)?", re.ASCII)

_INDEX = re.compile(r"(?:index|default)\.(?:html?|php|aspx?)", re.IGNORECASE)
_FORM_FILE = re.compile(r"(?i)(?<=[^.])\.(?:amp|print)(\.s?html?)$")
_AMP_END = re.compile(r"(?i)(?<=[^.])\.amp$")
_FORMED = re.compile(r"(?i)amp|print|mobile|index|default|//|/\.|;")  # a part of each form's path
_SESSION = re.compile(r"(?i);(?:jsessionid|phpsessid|sessionid)=[^/;]*")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}$")
_SCRIPT = re.compile(r"(?i)[\w-]+\.(?:php\d?|aspx?|jsp|jsf|cgi|pl|cfm|do|action|dll)")
_DIGITS = re.compile(r"\d+")
_YEAR = r"(?:1[34]|19|20)\d\d"  # solar, lunar and Gregorian
_DATE = re.compile(rf"{_YEAR}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])\d{{0,6}})?)?")
_SLUG_WORDS = 5  # a section's name has fewer
_LONG_SLUG = 60  # characters of percent escapes: ten letters of another script


def bare_host(name: str) -> str:
    """A host, lower-case and ASCII, as its site is called without www, m, amp."""
    if ":" in name:
        return f"[{_shortest(name)}]"
    while mirror := _MIRROR.match(name):
        name = (mirror[1] or "") + name[mirror.end() :]
    if name in _SAME_SITE:
        return _SAME_SITE[name]
    if ".blogspot." in name and (blog := _BLOGSPOT.fullmatch(name)):
        return f"{blog[1]}.blogspot.com"
    if name.endswith(".facebook.com") and _FACEBOOK.fullmatch(name):
        return "facebook.com"
    return name


def _shortest(address: str) -> str:
    try:
        return ipaddress.IPv6Address(address).compressed
    except ValueError:
        return address


def bare_path(path: str) -> str:
    """A path without empty segments, index pages, and AMP, mobile and print forms.

    Escapes are normalised before. "/mobile" and "/print" are also sections and what is in
    them: there they stay, unless they stand beside an article's own number or slug.
    """
    if not _FORMED.search(path):
        return path.rstrip("/")
    if ";" in path:
        path = _SESSION.sub("", path)
    segments = [part for part in path.split("/") if part and part != "."]
    while segments and (shorter := _without_tail(segments)) != segments:
        segments = shorter
    while len(segments) > 1 and (shorter := _without_head(segments)) != segments:
        segments = shorter
    return "".join(f"/{part}" for part in segments)


def _without_tail(segments: list[str]) -> list[str]:
    last = segments[-1]
    word = last.lower()
    if word == "amp" or _INDEX.fullmatch(last):
        return segments[:-1]
    if word in ("print", "mobile") and len(segments) > 1 and may_name(segments[-2]):
        return segments[:-1]
    bare = _AMP_END.sub("", _FORM_FILE.sub(r"\1", last))
    return segments if bare == last else [*segments[:-1], bare]


def _without_head(segments: list[str]) -> list[str]:
    words = [segment.lower() for segment in segments[:-1]]
    last = segments[-1]
    if words[0] == "amp":
        return segments[1:]
    if words[0] == "mobile" and names_article(last) and not _is_small(last):
        return segments[1:]
    for form, sure in (("print", may_name(last)), ("amp", names_article(last))):
        if sure and form in words:
            place = words.index(form)
            return [*segments[:place], *segments[place + 1 :]]
    return segments


def names_article(segment: str) -> bool:
    """Whether a segment is surely an article's own: a number that is no date, a long slug."""
    stem = _EXTENSION.sub("", segment)
    if any(len(run) > 2 and not _DATE.fullmatch(run) for run in _DIGITS.findall(stem)):
        return True
    words = stem.count("-") + stem.count("_") + 1
    return (words >= _SLUG_WORDS and not stem.replace("-", "").isdigit()) or (
        "%" in stem and len(stem) >= _LONG_SLUG
    )


def may_name(segment: str) -> bool:
    """Whether a segment looks like an article's rather than a section's: a digit, a hyphen."""
    return names_article(segment) or any(not char.isalpha() for char in _EXTENSION.sub("", segment))


def is_script(segment: str) -> bool:
    """Whether a path's last segment is a program, or none: then the query names the article."""
    return not segment or _SCRIPT.fullmatch(segment) is not None


def _is_small(segment: str) -> bool:
    """Its numbers are those of a section's first articles."""
    return not any(len(run) > 4 for run in _DIGITS.findall(segment)) and "-" not in segment


def of_site(host: str, path: str, names: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """Host and path with query of what a large site shows at several addresses; None elsewhere.

    `host` and `path` are bare; `names` are the parameters as they stand.
    """
    if host in ("youtube.com", "youtu.be"):
        video = (_SHORT_VIDEO if host == "youtu.be" else _VIDEO).fullmatch(path)
        number = video[1] if video else dict(names).get("v") if path == "/watch" else None
        return ("youtube.com", f"/watch?v={number}") if number else None
    if host == "t.me" and (post := _POST.fullmatch(path)):
        if any(name in ("comment", "thread") for name, _ in names):
            return None  # somebody else's words
        return (host, f"/{post[1].lower()}/{post[2]}")
    if host == "x.com" and (tweet := _TWEET.fullmatch(path)):
        return (host, f"/{tweet[1].lower()}/status/{tweet[2]}")
    return None
