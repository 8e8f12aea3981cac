"""An article read again with its page: its text and its own address, each taken or left. Pure.

The page's text takes the summary's place only if it is longer and shares its subject: at least
half of the longer words of the title, or of title and summary, occur in it (by their first
letters, for languages inflect), or five words in a row of the summary do. So a request for
consent, a front page or another article behind a moved address does not speak for this one.
What title and summary made relevant stays so: a page may add, not take.

The address that the page gives itself (`watchers.page_address`) becomes the article's identity;
the key of the feed's link stays beside it, so that both lead to the article.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from watchers import page_address, urls
from watchers.dedupe import fingerprint
from watchers.extract import article_text, decoded
from watchers.folding import fold
from watchers.match import Matcher
from watchers.model import Article, Item
from watchers.reader import PageJob
from watchers.text import MAX_TEXT, key

_LONG = 4  # letters of a word that says something about the subject
_STEM = 5  # letters by which words are compared: prison, prisoner; Gefängnis, Gefängnisse
_SHARE = 0.5  # of the title's words: headlines add the outlet's name and words of their own
_RUN = 5  # words in a row that two texts do not share by chance
_SAID = 200  # words of the summary that are looked for
_FEW = 3  # fewer words decide nothing


def read_page(job: PageJob, matcher: Matcher) -> Item:
    """The article with its page's text, judged anew; as it was where the page has none for it.

    `is_full` tells which. `content_key` stays: it tells that the feed's entry changed. With the
    page's own address, where it may be believed, whether its text is taken or not.
    """
    article = _addressed(job)
    before = _item(article, matcher)
    text = article_text(job.body, job.content_type, article.url)
    if len(text) <= len(article.text) or not shares_subject(article.title, article.text, text):
        return before
    item = _item(replace(article, text=_joined(article, text), is_full=True), matcher)
    return before if before.verdict.relevant and not item.verdict.relevant else item


def _addressed(job: PageJob) -> Article:
    """The article under the address that its page names, if it names another."""
    article = job.article
    kind = job.content_type.partition(";")[0].strip().lower()
    if kind and "html" not in kind:
        return article
    page = decoded(job.body[: page_address.HEAD], job.content_type)
    named = page_address.own_address(page, job.url or article.url, article.url, article.title)
    if named is None or named == article.canonical_url:
        return article
    return replace(
        article,
        canonical_url=named,
        url_key=key(named),
        link_key=key(urls.canonical(article.url)),
    )


def shares_subject(title: str, summary: str, text: str) -> bool:
    """Whether a text is about what the title and the summary say."""
    folded = fold(text)
    present = set(_stems(folded))
    for said in (title, f"{title} {summary}"):
        stems = set(_stems(fold(said)))
        if len(stems) >= _FEW and len(stems & present) >= _SHARE * len(stems):
            return True
    words = fold(summary).split()[:_SAID]
    runs = (words[start : start + _RUN] for start in range(len(words) - _RUN + 1))
    return any(f" {' '.join(run)} " in f" {folded} " for run in runs)


def _stems(folded: str) -> Iterator[str]:
    """The beginnings of the words that say something about a subject."""
    return (word[:_STEM] for word in folded.split() if len(word) >= _LONG)


def _joined(article: Article, text: str) -> str:
    """The page's text, with the summary before it unless the text says that already."""
    first, _, rest = text.partition("\n")
    if rest and fold(first) == fold(article.title):
        text = rest
    summary = article.text.rstrip("….[] ")
    if fold(summary[:200]) not in fold(text):
        text = f"{article.text}\n{text}"
    return text[:MAX_TEXT].rstrip()


def _item(article: Article, matcher: Matcher) -> Item:
    verdict = matcher.judge(article.title, article.text)
    return Item(
        article, verdict, fingerprint(article.title, article.text, close=verdict.kept_close)
    )
