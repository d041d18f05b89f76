"""A stream written down beforehand, for what would come over the network."""

from diagnose.net import DEFAULT_TIMEOUT


class Script:
    """A stream that gives these pieces, one a read, and keeps what was written."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.peer = ("203.0.113.10", 80)
        self.is_truncated = self.ends_abruptly = False
        self.pieces = list(pieces)
        self.written = b""
        self.closed = False

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        if not self.pieces:
            self.is_truncated = self.ends_abruptly
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True
