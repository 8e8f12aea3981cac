"""Bodies as they were before compression, in bounded steps. Pure.

What a body is, its first bytes say: servers label plain bodies as gzip, and serve `.xml.gz`
files with no label or compressed once more.
"""

from __future__ import annotations

import zlib

_MAGIC = b"\x1f\x8b\x08"  # RFC 1952, 2.3: a gzip member of the only method there is
_OVERHEAD = 64 * 1024  # bytes by which gzip may lengthen what cannot be compressed
_MEMBERS = 1_000  # of one body; each costs, even if it holds nothing
_STEP = 64 * 1024  # bytes at once: what follows a member's end is copied
_GZIP = 31  # zlib's wbits: a gzip header and checksum, and nothing else


class TooLarge(Exception):
    """More bytes than the limit."""


class Damaged(Exception):
    """Compressed data that is none."""


class Cut(Exception):
    """Compressed data that ends in the middle."""


class Body:
    """Collects a body chunk by chunk; at most `limit` bytes, counted after decompression."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._arrived = 0  # bytes as they came
        self._body = bytearray()
        self._is_gzip: bool | None = None  # unknown until enough bytes are there
        self._members = 0
        self._is_over = False  # only padding follows
        self._member: zlib._Decompress | None = None

    def add(self, chunk: bytes) -> None:
        """The next bytes as they came over the wire. TooLarge, Damaged."""
        self._arrived += len(chunk)
        if self._is_gzip is None:
            self._body += chunk
            if len(self._body) < len(_MAGIC):
                return
            self._is_gzip = self._body.startswith(_MAGIC)
            chunk = bytes(self._body)
            self._body.clear()
        if self._is_gzip:
            # Padding could go on for ever without the body growing.
            if self._arrived > self._limit + _OVERHEAD:
                raise TooLarge
            self._inflate(chunk)
        else:
            self._keep(chunk)

    def whole(self) -> bytes:
        """The body once all has come; a second layer of gzip is taken off too. As `add`, Cut."""
        if self._member is not None:
            raise Cut
        body = bytes(self._body)
        if self._is_gzip and body.startswith(_MAGIC):
            inner = Body(self._limit)
            for start in range(0, len(body), _STEP):
                inner.add(body[start : start + _STEP])
            if inner._member is not None:
                raise Cut
            return bytes(inner._body)
        return body

    def _inflate(self, chunk: bytes) -> None:
        """All members, one after another (RFC 1952, 2.2); what follows the last is padding."""
        while chunk:
            if self._member is None:
                if self._is_over or not _MAGIC.startswith(chunk[: len(_MAGIC)]):
                    self._is_over = True
                    return
                self._members += 1
                if self._members > _MEMBERS:
                    raise Damaged
                self._member = zlib.decompressobj(wbits=_GZIP)
            try:
                self._keep(self._member.decompress(chunk, self._limit + 1 - len(self._body)))
            except zlib.error as error:
                raise Damaged from error
            if not self._member.eof:
                return
            chunk = self._member.unused_data
            self._member = None

    def _keep(self, data: bytes) -> None:
        self._body += data[: self._limit + 1 - len(self._body)]
        if len(self._body) > self._limit:
            raise TooLarge
