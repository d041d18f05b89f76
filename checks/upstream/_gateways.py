"""Locations that pass a request on, and the lines of the error log that are about each."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import request_locations
from diagnose.parsers.nginx.locations import LocationMatch

#: The prefix of a gateway's directives, by the directive that forwards to it.
PREFIXES = {
    "proxy_pass": "proxy", "fastcgi_pass": "fastcgi", "uwsgi_pass": "uwsgi", "scgi_pass": "scgi",
    "grpc_pass": "grpc",
}  # fmt: skip

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


def is_of_gateway(line: LogLine, prefix: str) -> bool:
    """Return whether a line may be about a server of this gateway: it names the one that
    answered."""
    return not line.upstream or line.upstream.startswith(_SCHEMES[prefix])
