"""The servers to which HAProxy connects with TLS and sends no name (SNI)."""

from checks.server import line_edit, line_text, place_text, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.model import Applicability, Evidence, Fix
from diagnose.parsers.haproxy.addresses import BackendServer, servers_of

#: The Host without its port: a name in TLS has none (Configuration Manual, section 5.2, "sni").
_SNI = "sni req.hdr(host),field(1,:)"
#: HAProxy sends the Host as the name by itself since this version ("sni-auto").
_SENDS_THE_NAME = (3, 3)


def nameless_servers(evidence: Evidence) -> tuple[str, ...]:
    """Return the places of the "server" lines that take the target's path with TLS and without a
    name; () if another server is in front, or sends it by itself."""
    haproxy = haproxy_view(evidence)
    servers = _servers(haproxy) if haproxy else ()
    return tuple(place_text(server.line.file, server.line.number) for server in servers)


def naming_fix(evidence: Evidence) -> Fix | None:
    """Return the fix with which these lines send the name of the request; None if it takes a
    person: a "server-template" or a line with quotes."""
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
