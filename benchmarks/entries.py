"""The entries of the generated feeds. Pure: entry k of feed n is always the same.

A few speak of the subject, and a few are agency texts that several feeds of one hundred print
with a word or two changed: matching, copies and stories have real work to do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from benchmarks.plans import Plan
from benchmarks.words import on_subject, sentences, some_words, title

_SUBJECT = 0.005  # share of entries that speak of the subject
_AGENCY = 0.02  # share of the others that are agency texts
_AGENCY_SUBJECT = 0.4  # share of entries on the subject that are
_STORIES = 6  # agency texts of each kind and language that a hundred feeds share
_SUMMARY = 45  # words of a summary where the content stands beside it


@dataclass(frozen=True, slots=True)
class Written:
    """One entry, before it is put into a format; `summary` and `content` are HTML."""

    guid: str  # empty: has none
    link: str
    title: str
    summary: str
    content: str
    published: datetime | None
    author: str
    categories: tuple[str, ...]


def written(plan: Plan, number: int, *, newest: int, seed: int, at: datetime) -> Written:
    """Entry `number` of a feed whose entry `newest` is the newest at the time `at`.

    Later entries bear that time.
    """
    rng = random.Random(f"{seed}/entry/{plan.number}/{number}")
    headline, text = _text(plan, rng, seed)
    slug = f"{number:06d}-{rng.getrandbits(32):08x}"
    site = f"https://feed{plan.number}.example"
    link = f"{site}/{plan.language}/{slug}.html?id={number}&utm_source=rss&utm_medium=feed"
    guid = {"permalink": link, "opaque": f"tag:{plan.number}.example:{slug}", "none": ""}
    age = (newest - number + rng.random()) * plan.rhythm
    paragraphs = _paragraphs(text, site, rng)
    return Written(
        guid=guid[plan.guids],
        link=link,
        title=headline,
        summary=escape(" ".join(text)[:300], quote=False) if plan.full else paragraphs,
        content=paragraphs if plan.full else "",
        published=at - timedelta(seconds=max(0.0, age)) if plan.dated else None,
        author=" ".join(some_words(plan.language, 2, rng)),
        categories=tuple(some_words(plan.language, rng.randint(1, 3), rng)),
    )


def _text(plan: Plan, rng: random.Random, seed: int) -> tuple[str, list[str]]:
    """Headline and sentences."""
    is_subject = rng.random() < _SUBJECT
    words = max(12, round(plan.words * rng.uniform(0.6, 1.4)) - (_SUMMARY if plan.full else 0))
    if rng.random() >= (_AGENCY_SUBJECT if is_subject else _AGENCY):
        return _report(plan.language, words, rng, is_subject=is_subject)
    story = f"{seed}/agency/{plan.number // 100}/{plan.language}/{rng.randrange(_STORIES)}"
    own = random.Random(f"{story}/{is_subject}")
    headline, text = _report(plan.language, 120, own, is_subject=is_subject)
    for _ in range(rng.randrange(3)):  # as editors do
        place = rng.randrange(1, len(text))
        text[place] = f"{text[place][:-1]} {some_words(plan.language, 1, rng)[0]}."
    return headline, text


def _report(
    language: str, words: int, rng: random.Random, *, is_subject: bool
) -> tuple[str, list[str]]:
    text = sentences(language, words, rng)
    if not is_subject:
        return title(language, rng), text
    headline, opening = on_subject(language, rng)
    return headline, [opening, *text]


def _paragraphs(text: list[str], site: str, rng: random.Random) -> str:
    """Sentences as a content management system prints them."""
    html, start = [], 0
    if rng.random() < 0.5:
        picture = f"{site}/images/{rng.getrandbits(40):010x}.jpg?w=640&h=360"
        html.append(f'<img src="{escape(picture)}" alt="{escape(text[0][:40])}" width="640" />')
    while start < len(text):
        size = rng.randint(2, 5)
        lines = [escape(line, quote=False) for line in text[start : start + size]]
        if rng.random() < 0.4:
            lines[0] = f'<a href="{site}/tag/{rng.randrange(99)}?a=1&amp;b=2">{lines[0]}</a>'
        if rng.random() < 0.3:
            lines[-1] = f"<strong>{lines[-1]}</strong>&nbsp;"
        html.append(f"<p>{' '.join(lines)}</p>")
        start += size
    return "\n".join(html)
