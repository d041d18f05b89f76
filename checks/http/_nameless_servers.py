"""The servers to which a proxy of this machine connects with TLS and names no site, or another one,
in the handshake (SNI): HAProxy sends no name, Caddy the host of `reverse_proxy` if it is none, and
Apache the Host that it sends on (mod_proxy, `ProxyPreserveHost`)."""

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from checks.server._caddy_proxy_lines import handshake_name_edit
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.haproxy.addresses import BackendServer, servers_of

#: The Host without its port: a name in TLS has none (Configuration Manual, section 5.2, "sni").
_SNI = "sni req.hdr(host),field(1,:)"
#: HAProxy sends the Host as the name by itself since this version ("sni-auto").
_SENDS_THE_NAME = (3, 3)


def nameless_servers(evidence: Evidence) -> tuple[str, ...]:
    """Return the places of the lines that pass the target's path on with TLS and without its name;
    () if another server is in front, or sends it by itself."""
    other = _other_route(evidence)
    if other is not None:
        return (place_text(other[1].file, other[1].line),)
    haproxy = haproxy_view(evidence)
    servers = _servers(haproxy) if haproxy else ()
    return tuple(place_text(server.line.file, server.line.number) for server in servers)


def naming_fix(evidence: Evidence) -> Fix | None:
    """Return the fix with which these lines send the name of the request; None if it takes a
    person: a "server-template" or a line with quotes."""
    if other := _other_route(evidence):
        return _other_fix(*other)
    haproxy = haproxy_view(evidence)
    servers = _servers(haproxy) if haproxy else ()
    if haproxy is None or not servers or len({server.line.file for server in servers}) > 1:
        return None
    changed: dict[int, tuple[str, ...]] = {}
    for server in servers:
        own = line_text(haproxy.view, server.line.file, server.line.number)
        body, mark, comment = own.partition("#")
        if server.line.keyword != "server" or not body.strip() or {'"', "'", "\\"} & set(body):
            return None
        changed[server.line.number] = (
            f"{body.rstrip()} {_SNI}" + (f"  {mark}{comment}" if mark else ""),
        )
    edit = line_edit(haproxy.view, servers[0].line.file, changed)
    # Another site of these servers may be asked for on purpose: a person looks at it.
    if edit is None:
        return None
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def proxy_title(evidence: Evidence) -> str:
    """Return the title of the server that has the target's port; "" if there is none."""
    view = server_on_port(evidence)
    return view.server.title if view else ""


def _other_route(evidence: Evidence) -> tuple[ServerView, SiteRoute] | None:
    """Return the route of Caddy or Apache to a server with TLS that gets another name than the
    Host."""
    view = server_on_port(evidence)
    route = route_to_application(view) if view else None
    if view is None or route is None or route.scheme != "https" or not route.file:
        return None
    wanted = _sent_host(view, route)
    is_caddys = view.server.product == "caddy" and (route.server_name or route.host) != wanted
    is_apaches = view.server.product == "apache" and not route.keeps_host and not route.sent_host
    return (view, route) if is_caddys or is_apaches else None


def _sent_host(view: ServerView, route: SiteRoute) -> str:
    """Return the name in the Host that the server behind gets."""
    return view.evidence.target.host if route.keeps_host else route.sent_host or route.host


def _other_fix(view: ServerView, route: SiteRoute) -> Fix | None:
    if view.server.product == "apache":
        # Imported late: few sites answer so.
        from checks.server._visitor_fields import HOST, visitor_fix

        return visitor_fix(view, view.evidence.target.path, HOST)
    names = {name for site in view.answering_sites for name in site.names}
    if len(names) > 1:
        # Each of them has another name in TLS.
        return None
    edit = handshake_name_edit(view, route, _sent_host(view, route))
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _servers(haproxy: HaproxyView) -> tuple[BackendServer, ...]:
    backend = haproxy.proxies.backend
    numbers = haproxy.view.server.version.split(".")[:2]
    is_older = all(map(str.isdecimal, numbers)) and [*map(int, numbers)] < [*_SENDS_THE_NAME]
    if backend is None or backend.mode != "http" or not is_older:
        return ()
    return tuple(
        server
        for server in servers_of(backend)
        if server.tls and not server.sni and not server.disabled
    )
