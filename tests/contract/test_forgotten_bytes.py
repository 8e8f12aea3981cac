"""Of somebody who asked to be forgotten nothing stays in the files, not even in free pages."""

from pathlib import Path

from storage import open_store
from tests.contract.making import NOW, add_subscriber, queue

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
