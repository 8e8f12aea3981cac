"""Settings, logging and the shipped lists: a leaf that imports nothing of Dadkhah.

The lists are handed out as they are; their schemas and validation are pure and live in
`watchers` (watchlist, feedlist, outlets).
"""

from importlib.resources import files


def shipped_watchlist() -> str:
    """The text of the shipped `watchlist.toml`."""
    return (files(__name__) / "watchlist.toml").read_text(encoding="utf-8")


def shipped_feeds() -> bytes:
    """The bytes of the shipped `feeds.toml`."""
    return (files(__name__) / "feeds.toml").read_bytes()


def shipped_concepts() -> str:
    """The text of the shipped `concepts.toml`."""
    return (files(__name__) / "concepts.toml").read_text(encoding="utf-8")


def shipped_outlets() -> str:
    """The text of the shipped `outlets.toml`."""
    return (files(__name__) / "outlets.toml").read_text(encoding="utf-8")
