"""Of somebody who asked to be forgotten nothing stays in the files, not even in free pages."""

from dataclasses import replace
from pathlib import Path

from storage import open_store
from tests.contract.making import (
    DAY,
    NOW,
    add_subscriber,
    item,
    key,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.model import FetchFailure
from watchers.telling import AuditRecord

SOMEBODY = 987_654_321_012


def test_no_byte_of_a_forgotten_chat_is_in_any_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/dadkhah.db", create=True)
    others = [add_subscriber(store, SOMEBODY + number) for number in range(1, 4)]
    own = add_subscriber(store, SOMEBODY)
    for channel in (*others, own):
        queue(store, channel, f"page of {channel.chat}")

    def holds(what: str) -> list[str]:
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        return [path.name for path in files if what.encode() in path.read_bytes()]

    assert holds(f"page of {SOMEBODY}")
    store.remove_channel(own.id, at=NOW, actor="subscriber")
    assert not holds(str(SOMEBODY))
    assert holds(f"page of {others[0].chat}")
    store.close()


def test_no_byte_of_what_retention_threw_away_is_in_any_file(tmp_path: Path) -> None:
    """Texts, their former versions, the words of the search index, ledger and audit log."""
    store = open_store(f"sqlite:///{tmp_path}/dadkhah.db", create=True)
    feed = old_feed(store)
    early, texts = NOW - 50 * DAY, {}
    for number in range(60):  # enough to fill pages, and to be moved between them
        text = " ".join(f"secret{number}word{place}" for place in range(number * 4))
        texts[number] = f"Begin{number} {text} Finish{number}"
        one = item(f"n{number}", text=texts[number], relevant=True, published=early)
        store.save_poll(poll(feed, one, at=early))
        if number % 3 == 0:
            article = replace(one.article, text="Corrected.", content_key=key("other"))
            store.save_poll(poll(feed, replace(one, article=article), at=early))
    settle(store)
    while store.to_index():
        store.index_part()
    store.save_poll(poll(feed, outcome="failed", failure=FetchFailure("dns", "no secret.host"),
                         at=early, next_due=NOW))  # fmt: skip
    store.note(AuditRecord(early, "7", "feed.add", "secret-subject", "secret-detail"))
    kept = item("new", text="This one stays.", relevant=True)
    store.save_poll(poll(feed, kept, at=NOW))

    def holds(*words: str) -> list[str]:
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        return [word for word in words if any(word.encode() in data for data in files)]

    words = [word for text in texts.values() for word in text.split()]
    words += ["secret-subject", "secret-detail"]
    assert len(holds(*words[::50], "secret-detail")) > 60
    before = NOW - DAY
    assert store.forget_texts(before) == 60
    assert store.forget_audit(before) >= 1
    assert store.forget_ledger(before) >= 1
    while store.to_index() or store.scrub_part():  # as the service does (bot.indexing)
        store.index_part()
    assert not holds(*words)
    assert holds("This one stays.")
    again = item("n7", text=texts[7], relevant=True, published=early)
    assert store.save_poll(poll(feed, again, at=NOW)).new == 0  # what was known stays known
    assert store.check() == ()
    store.close()
