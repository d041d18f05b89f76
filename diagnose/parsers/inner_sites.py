"""A web server behind another one on the same machine that has no site for the name which it gets.
No I/O."""

from collections.abc import Iterable, Iterator

from diagnose.model import Target
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import proxy_page
from diagnose.parsers.misspellings import closest_misspelling
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import (
    Server,
    answering_servers,
    is_named,
    select_server,
    servers,
    socket_for,
    sockets,
)
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.urls import is_internal_host
from diagnose.parsers.web_sites import has_name, routes_of_name

#: Statuses of a server that has no site for a name.
_REFUSALS = {400, 403, 404, 410, 421}


@frozen
class PassedName:
    """How a server passes the page on to another port of this machine: where to, and with which
    Host, without its port. `product` is the server, `file` and `line` where it does so."""

    host: str
    port: int
    name: str
    product: str
    file: str
    line: int


def is_without_site(page: Exchange) -> bool:
    """Return whether a page is none of a site: nothing, as Caddy answers an unknown name, the
    refusal of a web server, or the page of a new installation."""
    if page.method != "GET" or page.failure is not None:
        return False
    is_blank = page.status == 200 and not page.body
    is_refused = page.status in _REFUSALS and proxy_page(page.body) != ""
    return is_blank or is_refused or is_default_page(page.status, page.body)


def passed_names(
    target: Target, nginx: Iterable[NginxConfig], holders: Iterable[WebServerConfig]
) -> Iterator[PassedName]:
    """Yield how the servers that have the target's port pass its page on to this machine, in plain
    HTTP."""
    path = target.path_without_query
    for config in holders:
        for route in routes_of_name(config, target.port, target.host, path, False):
            if route.scheme == "http" and route.port and is_local_host(route.host):
                name = target.host if route.keeps_host else route.replacement_host
                yield PassedName(
                    route.host, route.port, _bare(name), config.product, route.file, route.line
                )
    for own in nginx:
        for _, server in answering_servers(own.main, target.host, target.port):
            match = select_location(server, path)
            proxied = upstreams.proxy_target_of(match, upstreams.request_variables(target))
            endpoints = proxied.endpoints if proxied else ()
            if proxied is None or len(endpoints) != 1 or not is_local_host(endpoints[0].host):
                continue
            line = proxied.directive
            name = proxy_headers.forwarded_host(match, proxied, target) or ""
            if line.args[0].startswith("http://"):
                yield PassedName(
                    endpoints[0].host, endpoints[0].port, _bare(name), "nginx", line.file, line.line
                )


def _bare(name: str) -> str:
    return name if name.startswith("[") else name.partition(":")[0]


def site_meant(config: WebServerConfig, passed: PassedName) -> tuple[WebSite, str] | None:
    """Return the site of a server that is meant at the port, and its name; None if a site takes
    the name, or nobody can tell."""
    every = (*config.sites, *config.idle)
    if not passed.name or not config.complete or any(has_name(site, passed.name) for site in every):
        return None
    on_port = [
        site
        for site in config.sites
        if any(socket.port == passed.port and not socket.tls for socket in site.sockets)
    ]
    named = [(site, name) for site in on_port for name in site.names]
    if any("*" in name for _, name in named):
        return None
    name = _name_meant([name for _, name in named], passed.name)
    return next((pair for pair in named if name and pair[1] == name), None)


def block_meant(config: NginxConfig, passed: PassedName) -> tuple[Server, str] | None:
    """The same for nginx behind another server: its default block answers the name."""
    every = servers(config.main)
    socket = socket_for(sockets(every, passed.port), passed.host.strip("[]"))
    if not passed.name or socket is None or socket.ssl or is_named(every, passed.name):
        return None
    if select_server(socket, passed.name)[1] != "default":
        return None
    named = [
        (server, name)
        for server in socket.servers
        if server is not socket.default
        for name in server.names
    ]
    name = _name_meant([name for _, name in named], passed.name)
    return next((pair for pair in named if name and pair[1] == name), None)


def _name_meant(names: list[str], host: str) -> str:
    """Return the name of these that stands for the host: almost the same, the same with or without
    "www.", or the only one, if it is one for this machine alone ("localhost", "app")."""
    plain = [name for name in dict.fromkeys(names) if _is_plain(name)]
    twin = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    if twin in plain:
        return twin
    if near := closest_misspelling(plain, host):
        return near
    is_inner = len(plain) == 1 and ("." not in plain[0] or is_internal_host(plain[0]))
    return plain[0] if is_inner else ""


def _is_plain(name: str) -> bool:
    is_pattern = "*" in name or name.startswith(("~", "."))
    return name not in {"", "_"} and not is_pattern and not is_address(name)
