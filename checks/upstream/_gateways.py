"""Locations that pass a request on, and the lines of the error log that are about each."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.model import Edit
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


def gateways_of(nginx: Nginx, path: str) -> tuple[LocationMatch, ...]:
    """Return the locations on a request's way that pass it on, in the block that visitors reach and
    in the blocks of the same nginx behind it."""
    # Imported late: few runs have a request that failed behind another block.
    from checks.nginx._inner_blocks import passed_locations

    ways = passed_locations(nginx, path)
    gateways = {id(match.block): match for way in ways for match in way if gateway_prefix(match)}
    return tuple(gateways.values())


def logged_gateway(nginx: Nginx, line: LogLine, path: str) -> LocationMatch | None:
    """Return the location that passes a request on to the server which a line of the error log
    names: of several blocks, one behind the other, each writes lines of its own. Where none is
    known to do so (a name that was resolved), it is the first that speaks to such a gateway."""
    from diagnose.parsers.nginx.error_log import upstream_authority

    gateways = [
        match for match in gateways_of(nginx, path) if is_of_gateway(line, gateway_prefix(match))
    ]
    named = [
        match for match in gateways if _passes_to(nginx, match, path, upstream_authority(line))
    ]
    return next(iter((*named, *gateways)), None)


def _passes_to(nginx: Nginx, match: LocationMatch, path: str, authority: str) -> bool:
    from diagnose.parsers.nginx.upstreams import proxy_target_of, route_variables

    variables = route_variables(nginx.evidence.target, match, path)
    passed = proxy_target_of(match, variables)
    return passed is not None and authority in map(str, passed.endpoints)


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
        return self.directive.text if self.directive else ""


def read_timeout_of(match: LocationMatch | None, prefix: str) -> ReadTimeout:
    """Return how long nginx waits where a location passes requests on to this gateway; what is the
    default if the location is not known."""
    name = f"{prefix}_read_timeout"
    directive = match.directive(name) if match else None
    given = seconds(directive.args[0]) if directive and directive.args else None
    return ReadTimeout(name, directive, DEFAULT_TIMEOUT if given is None else given)


def longer_waits(nginx: Nginx, path: str, seconds: int) -> tuple[Edit, ...]:
    """Return the edits by which every location on a request's way waits so long for the answer: the
    shortest time of them ends the request."""
    from checks.nginx._edits import Changes, config_edits
    from checks.nginx._location_edits import set_values

    changes: Changes = {}
    for match in gateways_of(nginx, path):
        timeout = read_timeout_of(match, gateway_prefix(match))
        if 0 < timeout.patience < seconds:
            set_values(nginx, match, {timeout.name: f"{seconds}s"}, changes)
    return config_edits(nginx, changes)


def is_of_gateway(line: LogLine, prefix: str) -> bool:
    """Return whether a line may be about a server of this gateway: it names the one that
    answered."""
    return not line.upstream or line.upstream.startswith(_SCHEMES[prefix])
