"""Where the configuration of a web server passes requests on to. No I/O."""

import re
from collections.abc import Iterable, Iterator

from diagnose.model.nginx import Directive
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.nginx.config import walk

#: Directives of nginx that name an application, or a variable that one of them uses.
_PASSING = frozenset(
    {"proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "server", "set"}
)


def nginx_passes_to(directives: tuple[Directive, ...], host: str, port: int = 0) -> bool:
    """Return whether a line of nginx passes requests on to this name or address; to this port of
    it, where both say one."""
    written = rf"(?<![\w.:-]){re.escape(host)}\]?(?![\w.-])(?::(?P<port>\d{{1,5}}))?"
    pattern = re.compile(written, re.IGNORECASE)
    return any(
        _is_port(match["port"], port)
        for directive in walk(directives)
        if directive.name in _PASSING and directive.block is None
        for word in directive.args[:2]
        for match in pattern.finditer(word[:1000])
    )


def sites_pass_to(servers: Iterable[WebServerConfig], host: str, port: int = 0) -> bool:
    """Return whether a site of Apache, Caddy, HAProxy or Traefik does."""
    return any(
        host == own.strip("[]").lower() and _is_port(own_port, port)
        for server in servers
        for site in server.sites
        for route in (*site.routes, *site.guards)
        for own, own_port in _places(route)
    )


def _places(route: SiteRoute) -> Iterator[tuple[str, str]]:
    yield route.host, str(route.port or "")
    for member in route.members:
        own, _, port = member.rpartition(":")
        yield own, port


def _is_port(written: str | None, port: int) -> bool:
    return not written or not port or written.lstrip("0") == str(port)
