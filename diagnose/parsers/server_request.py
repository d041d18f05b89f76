"""What a request of this run is, for the conditions of a web server's rules. No I/O.

Conditions have three truths: True, False, and None where a request decides that is not known.
"""

from collections.abc import Iterable, Iterator

from diagnose.model import Target
from diagnose.model.frozen import frozen

#: Truth of a condition.
Truth = bool | None


@frozen
class ServerRequest:
    """A request: its path without a query, the query, the site's name, port, TLS, method, whether
    it asks for a WebSocket, and the page from which a browser sends it (Referer), "" for none.
    `is_file` is True if a file is there for the path, False if that is not known. `agent` is the
    User-Agent, "" for those of this program and of browsers."""

    path: str
    query: str = ""
    host: str = ""
    port: int = 443
    tls: bool = True
    method: str = "GET"
    websocket: bool = False
    referer: str = ""
    is_file: bool = False
    agent: str = ""

    @property
    def authority(self) -> str:
        """The Host field: without the port that the scheme has by itself."""
        default = 443 if self.tls else 80
        return self.host if self.port == default else f"{self.host}:{self.port}"


def requests_of(target: Target, method: str = "") -> Iterator[ServerRequest]:
    """Return the requests for the target's page and its WebSockets."""
    for full, websocket in ((target.path, False), *((path, True) for path in target.websockets)):
        path, _, query = full.partition("?")
        own_method = "GET" if websocket else method or "GET"
        yield ServerRequest(
            path, query, target.host, target.port, target.uses_tls, own_method, websocket
        )


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """Return True if one is true, False if all are false, else None."""
    values = list(truths)
    if True in values:
        return True
    return None if None in values else False


def all_of(truths: Iterable[Truth]) -> Truth:
    """Return False if one is false, True if all are true, else None."""
    values = list(truths)
    if False in values:
        return False
    return None if None in values else True
