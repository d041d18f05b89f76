"""Locations that pass a request on, and the lines of the error log that are about each."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children, seconds
from diagnose.parsers.nginx.final_requests import request_locations
from diagnose.parsers.nginx.locations import LocationMatch

#: The prefix of a gateway's directives, by the directive that forwards to it.
PREFIXES = {
    "proxy_pass": "proxy", "fastcgi_pass": "fastcgi", "uwsgi_pass": "uwsgi", "scgi_pass": "scgi",
    "grpc_pass": "grpc",
}  # fmt: skip

#: Seconds: what nginx waits by default for the answer of each.
DEFAULT_TIMEOUT = 60

#: How the error log writes the server to which each passes a request.
_SCHEMES = {
    "proxy": ("http://", "https://"), "fastcgi": ("fastcgi://",), "uwsgi": ("uwsgi://", "suwsgi://"),
    "scgi": ("scgi://",), "grpc": ("grpc://", "grpcs://"),
}  # fmt: skip


def request_matches(nginx: Nginx, path: str) -> Iterator[LocationMatch]:
    """Yield the locations on a request's way: a folder's index or try_files leads to the one that
    passes it on."""
    if not nginx.is_refused:
        for selected in nginx.answering_servers():
            yield from request_locations(selected.server, path)


def gateway_prefix(match: LocationMatch) -> str:
    """Return the prefix of the directives of the gateway to which a location passes requests on,
    "" if it does not."""
    return next((prefix for name, prefix in PREFIXES.items() if children(match.block, name)), "")


@frozen
class ReadTimeout:
    """How long nginx waits for an application's answer: the name of the directive, the one in force
    (None if it is not set), and the seconds."""

    name: str
    directive: Directive | None
    patience: float

    @property
    def text(self) -> str:
        """The directive as it is set, "" if it is not."""
        return " ".join((self.directive.name, *self.directive.args)) if self.directive else ""


def read_timeout_of(match: LocationMatch | None, prefix: str) -> ReadTimeout:
    """Return how long nginx waits where a location passes requests on to this gateway; what is the
    default if the location is not known."""
    name = f"{prefix}_read_timeout"
    directive = match.directive(name) if match else None
    given = seconds(directive.args[0]) if directive and directive.args else None
    return ReadTimeout(name, directive, DEFAULT_TIMEOUT if given is None else given)


def is_of_gateway(line: LogLine, prefix: str) -> bool:
    """Return whether a line may be about a server of this gateway: it names the one that
    answered."""
    return not line.upstream or line.upstream.startswith(_SCHEMES[prefix])
