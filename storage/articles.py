"""Single articles: with all that is kept of them, and when their pages are asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, update

from storage import exporting, revising
from storage.columns import UtcTime
from storage.mapping import strings
from storage.revised import GONE, PAGE_GONE, PAGE_THERE, page_gone
from storage.tables import ADDRESS, ARTICLE, REVISION
from watchers.articles import ArticleView, PageCheck, Revision, address_keys
from watchers.errors import ArticleUnknown

MOST_COPIES = 200  # that are shown: one text may be printed a thousand times
MOST_REVISIONS = 200

# Built once: building a statement costs more than SQLite needs to run it.
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_ARTICLE: BindParameter[Any] = bindparam("article")
_BY_URL = select(ARTICLE.c.id).where(ARTICLE.c.url_key.in_(_KEYS)).order_by(ARTICLE.c.id).limit(1)
_BY_ADDRESS = (
    select(ADDRESS.c.article_id)
    .where(ADDRESS.c.url_key.in_(_KEYS))
    .order_by(ADDRESS.c.article_id)
    .limit(1)
)
_STATE = select(ARTICLE.c.changed_at, ARTICLE.c.gone_at, ARTICLE.c.baseline).where(
    ARTICLE.c.id == _ARTICLE
)
_OF_FIRST = ARTICLE.c.duplicate_of == _ARTICLE
_COPIES = select(ARTICLE.c.canonical_url).where(_OF_FIRST).order_by(ARTICLE.c.id).limit(MOST_COPIES)
_COUNT = select(func.count()).select_from(ARTICLE).where(_OF_FIRST)
_REVISIONS = (
    select(REVISION)
    .where(REVISION.c.article_id == _ARTICLE)
    .order_by(REVISION.c.id.desc())
    .limit(MOST_REVISIONS)
)
_CHECKS = (
    select(ARTICLE.c.id, ARTICLE.c.url, ARTICLE.c.first_seen)
    .where(ARTICLE.c.check_at.is_not(None), ARTICLE.c.check_at <= bindparam("now", type_=UtcTime()))
    .order_by(ARTICLE.c.check_at, ARTICLE.c.id)
    .limit(bindparam("most"))
)
_CHECK = (
    update(ARTICLE)
    .where(ARTICLE.c.id == _ARTICLE)
    .values(check_at=bindparam("again", type_=UtcTime()))
)
_LATEST_GONE = (
    select(REVISION.c.reason)
    .join(ARTICLE, ARTICLE.c.id == REVISION.c.article_id)
    .where(
        REVISION.c.article_id == _ARTICLE,
        REVISION.c.kind == GONE,
        ARTICLE.c.gone_at.is_not(None),
    )
    .order_by(REVISION.c.id.desc())
    .limit(1)
)


def view(connection: Connection, address: str) -> ArticleView:
    """The article with this address. ArticleUnknown."""
    keys = {"keys": address_keys(address)}
    found = connection.execute(_BY_URL, keys).scalar()
    if found is None:
        found = connection.execute(_BY_ADDRESS, keys).scalar()
    if found is None:
        raise ArticleUnknown.of(address)
    article = {"article": found}
    state = connection.execute(_STATE, article).one()
    copies = tuple(connection.execute(_COPIES, article).scalars())
    count = len(copies)
    if count == MOST_COPIES:
        count = connection.execute(_COUNT, article).scalar_one()
    return ArticleView(
        article=exporting.one(connection, found),
        copies=copies,
        revisions=tuple(map(_revision_of, connection.execute(_REVISIONS, article))),
        changed_at=state.changed_at,
        gone_at=state.gone_at,
        baseline=state.baseline,
        more_copies=count - len(copies),
    )


def _revision_of(row: Any) -> Revision:
    return Revision(row.at, row.kind, row.reason, strings(row.fields), row.title, row.text)


def page_checks(connection: Connection, now: datetime, limit: int) -> tuple[PageCheck, ...]:
    """Articles whose page is to be asked for, longest overdue first."""
    rows = connection.execute(_CHECKS, {"now": now, "most": limit})
    return tuple(PageCheck(*row) for row in rows)


def save_page_check(
    connection: Connection, article: int, again: datetime | None, status: int | None, at: datetime
) -> bool:
    """When to ask once more, and what the answer says; whether that is news."""
    connection.execute(_CHECK, {"article": article, "again": again})
    if status in (404, 410):
        return bool(revising.note_gone(connection, article, at, page_gone(status)))
    if status == 200:
        reason = connection.execute(_LATEST_GONE, {"article": article}).scalar()
        if reason is not None and reason.startswith(PAGE_GONE):
            revising.bring_back(connection, [article], at, PAGE_THERE)
            return True
    return False
