"""The limit of nginx for the body of a request (client_max_body_size)."""

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import proxy_headers
from diagnose.parsers.nginx.locations import LocationMatch

NAME = "client_max_body_size"
#: Bytes, where no line sets it.
DEFAULT_LIMIT = 1 << 20
#: Bytes, at least, of a new limit for a chunked body: nginx saw its beginning, its size is unknown.
_CHUNKED = 64 << 20


def limit_place(match: LocationMatch) -> Directive:
    """Return the directive that sets the limit of a location, or the location if none does."""
    return match.directive(NAME) or match.block


def limit_of(match: LocationMatch) -> int:
    """Return client_max_body_size in bytes; 0 means no limit."""
    directive = match.directive(NAME)
    amount = proxy_headers.parse_size(directive.args[0]) if directive and directive.args else None
    return DEFAULT_LIMIT if amount is None else amount


def new_limit(size: int, *, is_cut: bool) -> int:
    """Return a limit in bytes that lets a body of this size in; `is_cut` if only the beginning of
    the body is known."""
    wanted = max(4 * size, _CHUNKED) if is_cut else size
    return next(limit for limit in (1 << shift for shift in range(20, 64)) if limit >= wanted)
