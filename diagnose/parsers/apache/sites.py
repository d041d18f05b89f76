"""The virtual hosts of a loaded configuration, as `WebSite` (httpd, "Apache Virtual Host
documentation"). No I/O."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from diagnose.model.web_servers import SiteFile, SiteSocket, WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.loading import LoadedConfig
from diagnose.parsers.apache.redirects import redirects_and_rewritten_routes
from diagnose.parsers.apache.routes import routes_of
from diagnose.parsers.sanitize import clean

#: Maximum number of sites, of routes of one site, of sockets, and of the main server's TLS lines.
MAX_SITES, MAX_ROUTES, MAX_SOCKETS, MAX_SHARED = 500, 100, 50, 20

_ROLES: dict[str, str] = {
    "sslcertificatefile": "certificate",
    "sslcertificatekeyfile": "key",
    "sslcertificatechainfile": "chain",
}


def listens_of(config: LoadedConfig) -> tuple[SiteSocket, ...]:
    """Return the sockets of the Listen lines."""
    sockets = (
        socket
        for directive in config.main
        if directive.name == "listen"
        and directive.args
        and (socket := _socket(directive.args[0], directive, _speaks_https(directive)))
    )
    return tuple(islice(sockets, MAX_SOCKETS))


def _speaks_https(listen: Directive) -> bool:
    """Return whether a Listen line has the protocol https: written, or by its port (mpm_common,
    "Listen")."""
    protocol = "".join(listen.args[1:2]).lower()
    return protocol == "https" or (not protocol and listen.args[0].rpartition(":")[2] == "443")


def sites_of(config: LoadedConfig, root: str) -> tuple[WebSite, ...]:
    """Return the virtual hosts in order; `root` is the ServerRoot. The main server is none: it
    answers only where no virtual host is on the socket."""
    hosts = [directive for directive in config.main if directive.name == "virtualhost"]
    shared = [
        directive
        for directive in config.main
        if directive.args
        and (directive.name in _ROLES or directive.name in {"sslengine", "errorlog"})
    ]
    listens = listens_of(config)
    return tuple(_site(host, shared[-MAX_SHARED:], listens, root) for host in hosts[:MAX_SITES])


def _site(
    host: Directive, main: Sequence[Directive], listens: Sequence[SiteSocket], root: str
) -> WebSite:
    """Return a virtual host; `main` are the main server's lines of TLS."""
    inner = host.block or ()
    engine = _engine(inner, main)
    secure_ports = {listen.port for listen in listens if listen.tls}
    sockets = tuple(
        replace(socket, tls=socket.port in secure_ports if engine is None else engine)
        for socket in _sockets(host, listens)
    )
    tls = any(socket.tls for socket in sockets)
    passed = tuple(routes_of(inner))
    redirects, rewritten = redirects_and_rewritten_routes(inner, tls, passed)
    return WebSite(
        tuple(_names(inner)),
        sockets,
        tuple(_files(inner, main, root)),
        (*rewritten, *passed)[:MAX_ROUTES],
        redirects[:MAX_ROUTES],
        clean(last_argument(inner, "documentroot"), 300),
        host.file,
        host.line,
        host.stop,
        error_log=_error_log(inner, main, root),
    )


def _error_log(inner: Sequence[Directive], main: Sequence[Directive], root: str) -> str:
    """Return the file of ErrorLog; "" if it is a program, syslog, or nowhere named."""
    name = last_argument(inner, "errorlog") or last_argument(main, "errorlog")
    if not name or name.startswith(("|", "syslog")) or "$" in name:
        return ""
    return clean(posixpath.join(root, name), 300)


def last_argument(directives: Sequence[Directive], name: str) -> str:
    """Return the first argument of the last directive of that name, "" if there is none."""
    values = [
        directive.args[0] for directive in directives if directive.name == name and directive.args
    ]
    return values[-1] if values else ""


def _engine(inner: Sequence[Directive], main: Sequence[Directive]) -> bool | None:
    """Return whether SSLEngine is on; None if it is not set. Then TLS is on where the socket's
    protocol is https (mod_ssl, ssl_init_Module)."""
    engine = last_argument(inner, "sslengine") or last_argument(main, "sslengine")
    return engine.lower() in {"on", "optional"} if engine else None


def _names(inner: Sequence[Directive]) -> Iterator[str]:
    for directive in inner:
        if directive.name == "servername":
            name = directive.args[0] if directive.args else ""
            yield clean(re.sub(r"^[a-z]+://|:\d+$", "", name), 255).lower()
    for directive in inner:
        if directive.name == "serveralias":
            yield from (clean(name, 255).lower() for name in directive.args)


def _sockets(host: Directive, listens: Sequence[SiteSocket]) -> Iterator[SiteSocket]:
    """Return the sockets of a virtual host. Without a port it is on those of all Listen lines."""
    for argument in host.args[:MAX_SOCKETS]:
        socket = _socket(argument, host, False)
        if socket is None:
            continue
        if socket.port:
            yield socket
        else:
            for port in dict.fromkeys(listen.port for listen in listens):
                yield SiteSocket(port, socket.address, False, host.file, host.line)


def _socket(text: str, directive: Directive, tls: bool) -> SiteSocket | None:
    """Parse "443", "*:443", "_default_:443", "203.0.113.10", "[::]:443"."""
    match = re.fullmatch(r"(?:(\[[^\]]{0,45}\]|[^:\[\]]{0,255}):)?(\d{1,5}|\*)", text)
    if match:
        address, port = match[1] or "", 0 if match[2] == "*" else int(match[2])
        if match[1] is None and match[2] == "*":
            address = "*"
    else:
        address, port = text, 0
    address = address.strip("[]")
    everywhere = address in {"*", "_default_", "0.0.0.0", "::", ""}
    if port > 65535 or len(text) > 300:
        return None
    return SiteSocket(
        port, "" if everywhere else clean(address, 255), tls, directive.file, directive.line
    )


def _files(inner: Sequence[Directive], main: Sequence[Directive], root: str) -> Iterator[SiteFile]:
    """Return the certificate files; those of the main server where the host names none."""
    own = [directive for directive in inner if directive.name in _ROLES and directive.args]
    shared = [directive for directive in main if directive.name in _ROLES and directive.args]
    directives = own if any(each.name == "sslcertificatefile" for each in own) else [*shared, *own]
    has_key = any(directive.name == "sslcertificatekeyfile" for directive in directives)
    for directive in directives:
        path = directive.args[0]
        absolute = path if path.startswith("/") else f"{root.rstrip('/')}/{path}"
        place = (clean(absolute, 300), directive.file, directive.line)
        match _ROLES[directive.name]:
            case "certificate":
                yield SiteFile("certificate" if has_key else "bundle", *place)
            case "key":
                yield SiteFile("key", *place)
            case _:
                yield SiteFile("chain", *place)
