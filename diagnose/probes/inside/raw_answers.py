"""An application's answer to one of our own requests, as its bytes came."""

import re
from collections.abc import Iterator

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.proxy_headers import ResponseHead, parse_response_head
from diagnose.parsers.sanitize import clean

#: Maximum characters of a field's value.
MAX_VALUE = 2000


@frozen
class RawAnswer:
    """The bytes of a response, the address and port that sent them, and the equivalent command.
    `failure` says why there are no more bytes, None if nothing failed."""

    peer: tuple[str, int]
    equivalent: str
    reply: bytes
    failure: Failure | None

    @property
    def head(self) -> ResponseHead:
        return parse_response_head(self.reply)

    @property
    def text(self) -> str:
        """The body as far as it came, as text."""
        return self.reply.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")

    @property
    def fault(self) -> Failure | None:
        """Why this is no HTTP response; None if it is one."""
        if self.head.status is not None:
            return None
        return self.failure or Failure("protocol", "no HTTP answer")

    @property
    def is_html(self) -> bool:
        return self.field("Content-Type").lower().startswith("text/html")

    def field(self, name: str) -> str:
        """Return the value of the first field of this name, "" without one (RFC 9110, section
        5.1: names are the same in upper and lower case)."""
        return next(self.fields(name), "")

    def fields(self, name: str) -> Iterator[str]:
        """Yield the values of the fields of this name."""
        head = re.split(rb"\r?\n\r?\n", self.reply, maxsplit=1)[0]
        pattern = rb"(?im)^" + re.escape(name.encode()) + rb":[ \t]*([^\r\n]{0,%d})" % MAX_VALUE
        for match in re.finditer(pattern, head):
            yield clean(match[1].decode("latin-1"), MAX_VALUE)
