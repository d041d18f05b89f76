"""Web servers of this machine that get the page from another one in front, in plain HTTP."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import ServerView, server_on_port
from checks.server._backend_answers import route_to_application
from diagnose.model import Evidence
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.nginx import UpstreamTry
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of

_FIELD, LOOPBACK = "X-Forwarded-For", "127.0.0.1"
#: Values of nginx's field that end with the visitor's address.
_SENT = {("$proxy_add_x_forwarded_for",), ("$remote_addr",)}
_FORWARDFOR = re.compile(r"(?m)^[ \t]*option[ \t]+forwardfor\b")


@frozen
class InnerServer:
    """A server behind another one. `front` is the title of that one, `port` where this one gets the
    page, and `address` that from which the front asks. `sends_visitor` is True if the front sends
    the visitor's address as the last one of X-Forwarded-For."""

    view: ServerView
    front: str
    port: int
    sends_visitor: bool
    address: str = LOOPBACK


def inner_servers(evidence: Evidence, refusing: bool = True) -> Iterator[InnerServer]:
    """Yield the servers to which the page is passed on over the loopback interface; `refusing`:
    those alone that may refuse the server in front."""
    front = server_on_port(evidence)
    if front is None:
        # One that answered this machine with another status refuses nobody for this address.
        tries = [
            upstream_try
            for upstream_try in evidence.of(UpstreamTry)
            if is_loopback(upstream_try.address or upstream_try.host)
            if not refusing or upstream_try.status in {None, 403}
        ]
        ports, title, sends = {each.port for each in tries}, "nginx", _nginx_sends(evidence)
    else:
        route = route_to_application(front)
        is_inner = route is not None and route.scheme == "http" and is_loopback(route.host)
        ports = {route.port} if route and is_inner else set()
        title, sends = front.server.title, sends_visitor(front)
    for server in evidence.good(WebServer):
        own = sorted(ports & set(server.ports))
        if server.foreign or server.container or evidence.target.port in server.ports or not own:
            continue
        config = next(
            (each for each in evidence.good(WebServerConfig) if each.product == server.product),
            None,
        )
        if config is not None:
            yield InnerServer(ServerView(evidence, server, config, None), title, own[0], sends)


def _nginx_sends(evidence: Evidence) -> bool:
    nginx = Nginx.of(evidence)
    matches = nginx.location_matches(evidence.target.path_without_query)
    passing = [match for match in matches if proxy_pass_of(match)]
    fields = [proxy_set_header_of(match, _FIELD) for match in passing]
    return bool(fields) and all(field and field.args[1:] in _SENT for field in fields)


def sends_visitor(view: ServerView) -> bool:
    """Return whether a server sends the field: Apache (mod_proxy_http) and Caddy do by
    themselves, HAProxy by a line."""
    if view.server.product == "haproxy":
        files = view.config.files if view.config else ()
        return any(_FORWARDFOR.search(file.text) for file in files)
    return view.server.product in {"apache", "caddy"}
