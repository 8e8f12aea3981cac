"""Stage 3: normalise. An entry becomes an article: canonical URL, plain text, UTC time. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from watchers import urls, wrappers
from watchers.folding import fold
from watchers.furniture import without_feed_furniture
from watchers.headings import is_feed_tail
from watchers.model import Article, Entry
from watchers.text import MAX_HTML, key, plain, plain_title, with_words_joined

_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff]+")
_LATIN = re.compile(r"[A-Za-z]+")
_PERSIAN_ONLY = re.compile("[پچژگیکۀ\u200c]")
_ARABIC_ONLY = re.compile("[ةيىكأإ]")
_WORD = re.compile(r"\w+")
_PERSIAN_WORDS = frozenset(
    ("از", "که", "این", "در", "را", "به", "است", "شد", "برای", "با", "های", "می")
)
_ARABIC_WORDS = frozenset(("من", "في", "فى", "على", "إلى", "الى", "أن", "التي", "الذي", "عن", "مع"))
# Small words that the others of these languages do not have, or seldom.
_LATIN_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to that was with for his were from by has have",
        "fr": "le les des et une dans pour qui est du sur au aux avec",
        "de": "der die und das den von mit ist dem ein im auf nicht zu",
        "sv": "och att det som av är för på med till inte ett om har",
        "es": "el los las que por con del para se su una fue como y",
        "it": "il che di per gli della dei nel con sono è alla delle ha",
    }.items()
}
_CLEAR = 3  # times as many small words of another language, and so many at least
_ARABIC_SCRIPT_LANGUAGES = ("fa", "ar", "ur", "ps", "ku", "ckb", "ug", "sd")


def normalise(
    entry: Entry, *, feed_url: str, feed_language: str | None, now: datetime, unique_guid: bool
) -> Article | None:
    """The article that an entry stands for; None for an entry that is nothing at all.

    `unique_guid` is false when the document repeats this guid: then it identifies nothing
    and the link and title stand in. Times in the future are clamped to `now`. An aggregator's
    link gives way to the article's that it carries; where it hides it, the outlet is kept as
    the entry's source names it, so that the copy at the outlet is found by its title.
    """
    url = urls.resolve(entry.link or "", feed_url) if entry.link else None
    brought = news = hidden = False
    wrapper = None
    if url is not None and wrappers.may_wrap(url):
        brought, news = wrappers.is_aggregator(url), wrappers.is_google_news(url)
        wrapper, url = url, wrappers.unwrap(url) or url
        hidden = brought and wrappers.is_aggregator(url)
    source = plain_title(entry.source)
    title = without_outlet(plain_title(entry.title), source)
    text = body_text(entry.summary, entry.content)
    if news or says_only(text, title, source):  # Google News prints headlines as summaries
        text = ""
    if url is None and not title and not text:
        return None
    identity = [entry.guid] if entry.guid and unique_guid else [entry.guid, entry.link, title]
    guid_key = key(*(part or "" for part in identity))
    # An entry without a link still is an article, named within its feed.
    canonical_url = urls.canonical(url) if url else f"{feed_url}#entry-{guid_key.hex()}"
    published = entry.published
    return Article(
        url=url or feed_url,
        canonical_url=canonical_url,
        url_key=key(canonical_url),
        guid_key=guid_key,
        content_key=key(title, text, canonical_url),
        title=title or text[:120].partition("\n")[0],
        text=text,
        published=_believable(published, now),
        language=language_of(f"{title}\n{text}", entry.language or feed_language),
        source=source if hidden else "",
        source_url=urls.resolve(entry.source_url or "", feed_url) if hidden and source else None,
        wrapper=wrapper if wrapper != url else None,
    )


def without_outlet(title: str, outlet: str) -> str:
    """The title without " - Outlet" at its end, which aggregators hang on it."""
    head, dash, tail = title.rpartition(" - ")
    return (
        head.rstrip() if dash and head.strip() and outlet and fold(tail) == fold(outlet) else title
    )


def says_only(text: str, title: str, outlet: str) -> bool:
    """True if a text is no more than the title and the outlet's name, in whatever dress."""
    if not outlet or len(text) > len(title) + len(outlet) + 20:
        return False
    return fold(text) in (fold(title), fold(f"{title} {outlet}"), fold(f"{outlet} {title}"))


def _believable(time: datetime | None, now: datetime) -> datetime | None:
    """Not later than now; feeds that know nothing date entries in year 1 or on 1 January 1970."""
    return None if time is None or time.year < 1971 else min(time, now)


def body_text(summary_html: str, content_html: str) -> str:
    """The plain content, with the summary before it unless the content says that already.

    Furniture that the markup shows is left out, unless there is nothing else.
    """
    summary, content = (_text_of(html, own=True) for html in (summary_html, content_html))
    if not (summary or content):
        summary, content = (_text_of(html, own=False) for html in (summary_html, content_html))
    if not content:
        return summary
    start = summary.rstrip("….[] ")[:200]
    return content if start in content else f"{summary}\n{content}"


def _text_of(markup: str, *, own: bool) -> str:
    text = plain(without_feed_furniture(markup[:MAX_HTML]) if own else markup)
    if any(map(is_feed_tail, text.split("\n"))):
        text = "\n".join(line for line in text.split("\n") if not is_feed_tail(line)).strip()
    return with_words_joined(text)


def language_of(text: str, declared: str | None) -> str | None:
    """The language's primary subtag: as declared, unless script or words plainly say otherwise.

    Text in Arabic script is told apart as Persian or Arabic by letters and small words. Feeds
    declare one language and print several: which of them gave a text first must not matter.
    """
    known = (declared or "").strip().replace("_", "-").partition("-")[0].lower() or None
    sample = text[:2_000]
    if sample.isascii() and known not in _ARABIC_SCRIPT_LANGUAGES:
        return _of_latin(sample, known)
    arabic, latin = (sum(map(len, letters.findall(sample))) for letters in (_ARABIC_SCRIPT, _LATIN))
    if arabic > latin:
        if known in _ARABIC_SCRIPT_LANGUAGES:
            return known
        words = _WORD.findall(sample)
        persian = len(_PERSIAN_ONLY.findall(sample)) + 3 * sum(w in _PERSIAN_WORDS for w in words)
        other = len(_ARABIC_ONLY.findall(sample)) + 3 * sum(w in _ARABIC_WORDS for w in words)
        return "fa" if persian >= other else "ar"
    if known in _ARABIC_SCRIPT_LANGUAGES and latin > 20:
        return None
    return _of_latin(sample, known)


def _of_latin(sample: str, declared: str | None) -> str | None:
    """The declared language, or the one of those known here that the small words are of."""
    if declared in _LATIN_WORDS:
        words = sample.lower().split()
        found = {name: sum(map(small.__contains__, words)) for name, small in _LATIN_WORDS.items()}
        best = max(found, key=lambda name: (found[name], name))
        if found[best] >= _CLEAR * max(1, found[declared]):
            return best
    return declared if declared and 2 <= len(declared) <= 3 and declared.isalpha() else None
