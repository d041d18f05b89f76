"""The line of HAProxy's that tells the application the visitor's scheme, or should
(X-Forwarded-Proto)."""

from checks.server import ServerView
from checks.server._haproxy import haproxy_view, insert_after
from diagnose.model import Edit
from diagnose.parsers.haproxy.config import Line

_CHANGES = {"set-header", "add-header", "del-header", "replace-header"}
_ADDED = "http-request set-header X-Forwarded-Proto https if { ssl_fc }"
#: How the scheme https is written for a request that came over TLS (Configuration Manual, "ssl_fc",
#: "iif").
_VALUES = {"https", "%[ssl_fc,iif(https,http)]"}
_CONDITIONS: tuple[tuple[str, ...], ...] = ((), ("if", "{", "ssl_fc", "}"))


def scheme_edit(view: ServerView, path: str = "") -> Edit | None:
    """Return an edit of the frontend that sends the scheme to the application of a path (the
    target's by default): another of its sockets may have no TLS. What a line sets there or in the
    backend is set anew below it. None if HAProxy does not read the requests, or ends no TLS."""
    haproxy = haproxy_view(view.evidence, path)
    if haproxy is None or not haproxy.proxies.tls or haproxy.proxies.frontend.mode != "http":
        return None
    return insert_after(view, scheme_line(view, path) or haproxy.proxies.bind, _ADDED)


def scheme_line(view: ServerView, path: str = "") -> Line | None:
    """Return the last line of HAProxy that sets or removes the field of a request for a path."""
    haproxy = haproxy_view(view.evidence, path)
    backend = haproxy.proxies.backend if haproxy else None
    lines = (
        *(haproxy.proxies.frontend.lines if haproxy else ()),
        *(backend.lines if backend else ()),
    )
    own = [
        line
        for line in lines
        if line.keyword == "http-request" and line.words[1:2] and line.words[1] in _CHANGES
        if "".join(line.words[2:3]).lower() == "x-forwarded-proto"
    ]
    return own[-1] if own else None


def says_https(line: Line) -> bool:
    """Return whether a line sends the scheme https for a request that came over TLS."""
    value, condition = "".join(line.words[3:4]).lower(), line.words[4:]
    return line.words[1] == "set-header" and value in _VALUES and condition in _CONDITIONS
