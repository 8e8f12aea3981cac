"""The XML parser that feedparser is told to use: expat, handing over text in one piece.

The standard library's driver calls back for every entity and line of a text; feedparser does
a dictionary's work at each call (seen: 76 calls an entry, a fifth of the time of a reading).
The module's form is what `xml.sax.make_parser` asks of a driver.
"""

from __future__ import annotations

from typing import Any
from xml.sax.expatreader import ExpatParser

_BUFFER = 1 << 16  # code points; a longer text comes in several pieces, as it does without


class _Buffered(ExpatParser):
    def reset(self) -> None:
        """As the standard library's, with expat's own buffer for text."""
        super().reset()
        parser: Any = vars(self)["_parser"]  # pyexpat's; the base class makes it in `reset`
        parser.buffer_text = True
        parser.buffer_size = _BUFFER


def create_parser() -> ExpatParser:
    """A parser for `xml.sax.make_parser`."""
    return _Buffered()
