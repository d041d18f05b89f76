"""Groups of servers that take turns (ngx_http_upstream_module). No I/O."""

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

#: Directives that send a client to the same server again; sticky needs the commercial nginx, or a
#: module of its own, as `sticky_cookie_insert` and Tengine's `session_sticky` do.
_STICKY = ("ip_hash", "hash", "sticky", "sticky_cookie_insert", "session_sticky")


def unsticky_group(match: LocationMatch) -> Directive | None:
    """Return the group of several servers to which a location passes requests, if nothing sends a
    client to the same server again."""
    directive = proxy_pass_of(match)
    name = directive.args[0].partition("://")[2].partition("/")[0] if directive else ""
    for group in children(match.blocks[0], "upstream"):
        if group.args == (name,) and len(children(group, "server")) > 1:
            is_sticky = any(children(group, method) for method in _STICKY)
            return None if is_sticky else group
    return None
