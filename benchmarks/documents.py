"""Generated entries become feed documents: RSS, Atom, RDF, JSON Feed, each sound. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from benchmarks.entries import Written
from benchmarks.plans import Plan

_RSS = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n'
)
_RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/">\n'
)


def document(plan: Plan, entries: Sequence[Written], at: datetime) -> str:
    """The feed's document as text, with its XML declaration."""
    if plan.format == "json":
        return _json(plan, entries)
    made = {"rss": _rss, "atom": _atom, "rdf": _rdf}[plan.format](plan, entries, at)
    # A document that is declared as something else than it is: one of the faults.
    said = "utf-8" if plan.fault == "wrong-charset" else plan.charset
    charset = f' encoding="{said}"' if plan.declared else ""
    return f'<?xml version="1.0"{charset}?>\n{made}'


def _site(plan: Plan) -> str:
    return f"https://feed{plan.number}.example/"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>\n" if text else ""


def _date(entry: Written, plan: Plan) -> str:
    """RFC 822 in the ways that sites write it."""
    if entry.published is None:
        return ""
    if plan.number % 3:
        return format_datetime(entry.published)
    return format_datetime(entry.published, usegmt=True)


def _rss(plan: Plan, entries: Sequence[Written], at: datetime) -> str:
    rows = [
        _RSS,
        "<channel>\n",
        _tag("title", f"Feed {plan.number}"),
        _tag("link", _site(plan)),
        _tag("description", f"Generated feed {plan.number}"),
        _tag("language", plan.language),
        _tag("lastBuildDate", format_datetime(at)),
        f'<atom:link href="{_site(plan)}feed" rel="self" type="application/rss+xml"/>\n',
    ]
    for entry in entries:
        is_link = str(plan.guids == "permalink").lower()
        guid = escape(entry.guid, quote=False)
        rows += [
            "<item>\n",
            _tag("title", entry.title),
            _tag("link", entry.link),
            f'<guid isPermaLink="{is_link}">{guid}</guid>\n' if guid else "",
            _tag("pubDate", _date(entry, plan)),
            _tag("dc:creator", entry.author),
            *(f"<category><![CDATA[{name}]]></category>\n" for name in entry.categories),
            _html("description", entry.summary, plan),
            _html("content:encoded", entry.content, plan),
            "</item>\n",
        ]
    return "".join([*rows, "</channel>\n</rss>\n"])


def _html(name: str, html: str, plan: Plan) -> str:
    """HTML in an element: as CDATA in most feeds, escaped in the others."""
    if html and plan.number % 5:
        return f"<{name}><![CDATA[{html}]]></{name}>\n"
    return _tag(name, html)


def _atom(plan: Plan, entries: Sequence[Written], at: datetime) -> str:
    rows = [
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{plan.language}">\n',
        _tag("title", f"Feed {plan.number}"),
        _tag("id", _site(plan)),
        _tag("updated", at.isoformat(timespec="seconds")),
        f'<link rel="alternate" href="{_site(plan)}"/>\n',
    ]
    for entry in entries:
        time = entry.published.isoformat(timespec="seconds") if entry.published else ""
        rows += [
            "<entry>\n",
            _tag("id", entry.guid),
            f'<title type="text">{escape(entry.title, quote=False)}</title>\n',
            f'<link rel="alternate" type="text/html" href="{escape(entry.link)}"/>\n',
            _tag("published", time),
            _tag("updated", time),
            f"<author>{_tag('name', entry.author).strip()}</author>\n",
            *(f'<category term="{escape(name)}"/>\n' for name in entry.categories),
            f'<summary type="html">{escape(entry.summary, quote=False)}</summary>\n',
            f'<content type="html">{escape(entry.content, quote=False)}</content>\n'
            if entry.content
            else "",
            "</entry>\n",
        ]
    return "".join([*rows, "</feed>\n"])


def _rdf(plan: Plan, entries: Sequence[Written], at: datetime) -> str:
    listed = "".join(f'<rdf:li rdf:resource="{escape(entry.link)}"/>\n' for entry in entries)
    rows = [
        _RDF,
        f'<channel rdf:about="{_site(plan)}">\n',
        _tag("title", f"Feed {plan.number}"),
        _tag("link", _site(plan)),
        _tag("description", f"Generated feed {plan.number}"),
        _tag("dc:language", plan.language),
        _tag("dc:date", at.isoformat(timespec="seconds")),
        f"<items><rdf:Seq>\n{listed}</rdf:Seq></items>\n</channel>\n",
    ]
    for entry in entries:
        rows += [
            f'<item rdf:about="{escape(entry.link)}">\n',
            _tag("title", entry.title),
            _tag("link", entry.link),
            _tag("dc:date", entry.published.isoformat() if entry.published else ""),
            _tag("dc:creator", entry.author),
            _html("description", entry.summary, plan),
            _html("content:encoded", entry.content, plan),
            "</item>\n",
        ]
    return "".join([*rows, "</rdf:RDF>\n"])


def _json(plan: Plan, entries: Sequence[Written]) -> str:
    items = [
        {
            "id": entry.guid or entry.link,
            "url": entry.link,
            "title": entry.title,
            "summary": entry.summary if entry.content else "",
            "content_html": entry.content or entry.summary,
            "authors": [{"name": entry.author}],
            "tags": list(entry.categories),
            **({"date_published": entry.published.isoformat()} if entry.published else {}),
        }
        for entry in entries
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"Feed {plan.number}",
        "home_page_url": _site(plan),
        "language": plan.language,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=plan.number % 2 == 0)
