"""The virtual hosts of a loaded configuration, as `WebSite` (httpd, "Apache Virtual Host
documentation"). No I/O."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from diagnose.model.web_servers import (
    SiteAlias,
    SiteFile,
    SiteRoute,
    SiteSocket,
    Verification,
    WebSite,
)
from diagnose.parsers.apache.access_log import access_logs
from diagnose.parsers.apache.authorization import passes_authorization
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.folder_access import (
    is_guarded,
    last_argument,
    old_access,
    reads_htaccess,
)
from diagnose.parsers.apache.folder_routes import folder_routes
from diagnose.parsers.apache.loading import LoadedConfig
from diagnose.parsers.apache.redirects import redirects_and_rewritten_routes
from diagnose.parsers.apache.routes import route_to, routes_of
from diagnose.parsers.sanitize import clean

#: Maximum number of sites, of routes of one site, of sockets, and of the main server's lines.
MAX_SITES, MAX_ROUTES, MAX_SOCKETS, MAX_SHARED, MAX_SECTIONS = 500, 100, 50, 50, 100

_ROLES: dict[str, str] = {
    "sslcertificatefile": "certificate",
    "sslcertificatekeyfile": "key",
    "sslcertificatechainfile": "chain",
}


#: Sections that may say who may see a folder, what answers its files, or who a balancer's members
#: are.
_SECTIONS = {
    "directory", "directorymatch", "location", "locationmatch", "if", "files", "filesmatch",
    "proxy",
}  # fmt: skip

#: Directives that pass requests on, and the sections in which they stand.
_PASSING = {"proxypass", "proxypassmatch", "location", "locationmatch"}

#: Other directives of the main server that virtual hosts without their own inherit.
_INHERITED = {
    "sslengine", "errorlog", "servername", "proxypreservehost", "sslproxyverify",
    "sslproxycheckpeername", "timeout", "proxytimeout", "customlog", "transferlog", "logformat",
}  # fmt: skip


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


def shared_aliases(config: LoadedConfig) -> tuple[SiteAlias, ...]:
    """Return the folders that a configuration gives all sites, without who may see them."""
    aliases = (
        SiteAlias(
            clean(directive.args[0], 500),
            clean(directive.args[1], 500),
            file=directive.file,
            line=directive.line,
        )
        for directive in config.main
        if directive.name == "alias" and len(directive.args) > 1
    )
    return tuple(islice(aliases, MAX_SHARED))


def sites_of(config: LoadedConfig, root: str) -> tuple[WebSite, ...]:
    """Return the virtual hosts in order; `root` is the ServerRoot. The main server is none: it
    answers only where no virtual host is on the socket."""
    hosts = [directive for directive in config.main if directive.name == "virtualhost"]
    shared = [
        directive
        for directive in config.main
        if directive.args and (directive.name in _ROLES or directive.name in _INHERITED)
    ]
    listens = listens_of(config)
    sections = [
        directive
        for directive in config.main
        if directive.name in _SECTIONS or directive.name == "balancermember"
    ]
    aliases = [directive for directive in config.main if directive.name == "alias"]
    main = [*shared[-MAX_SHARED:], *aliases[:MAX_SHARED]]
    own = [directive for directive in config.main if directive.name != "virtualhost"]
    passes = passes_authorization(own)
    passing = [line for line in own if line.name in _PASSING]
    return tuple(
        replace(site, passes_authorization=True)
        if passes or passes_authorization(host.block or ())
        else site
        for host in hosts[:MAX_SITES]
        for site in [_site(host, main, sections[:MAX_SECTIONS], listens, root, passing)]
    )


def _site(
    host: Directive,
    main: Sequence[Directive],
    sections: Sequence[Directive],
    listens: Sequence[SiteSocket],
    root: str,
    passing: Sequence[Directive],
) -> WebSite:
    """Return a virtual host; `main` are the main server's lines that it inherits, `sections` the
    main server's that say who may see a folder. `passing`, the main server's lines that pass
    requests on, count after the virtual host's own (mod_proxy.c, merge_proxy_config); its rewrite
    rules do not count in a virtual host (mod_rewrite, "RewriteOptions")."""
    inner = host.block or ()
    engine, files = _engine(inner, main), tuple(_files(inner, main, root))
    has_certificate = any(file.role in {"certificate", "bundle"} for file in files)
    secure_ports = {listen.port for listen in listens if listen.tls and has_certificate}
    sockets = tuple(
        replace(socket, tls=socket.port in secure_ports if engine is None else engine)
        for socket in _sockets(host, listens)
    )
    tls = any(socket.tls for socket in sockets)
    passed = tuple(islice(routes_of(inner, passing), 2 * MAX_ROUTES))
    names = tuple(_names(inner, main))
    balancers = [line for line in (*inner, *sections) if line.name in {"proxy", "balancermember"}]
    redirects, rewritten = redirects_and_rewritten_routes(inner, tls, passed, names)
    root_folder = last_argument(inner, "documentroot")
    own_htaccess = reads_htaccess(root_folder, [*sections, *inner])
    # The rules of an .htaccess replace those of the folder's section (mod_rewrite, "Inherit").
    of_folder = () if own_htaccess else _folder_routes(inner, sections, tls, names)
    return WebSite(
        names,
        sockets,
        files,
        tuple(
            _with_settings(_with_member(route, balancers), inner, main)
            for route in (*rewritten, *passed, *of_folder)[:MAX_ROUTES]
        ),
        redirects[:MAX_ROUTES],
        clean(root_folder, 300),
        host.file,
        host.line,
        host.stop,
        error_log=_error_log(inner, main, root),
        guarded=is_guarded(_served_folder(inner), [*inner, *sections]),
        old_access=old_access(_served_folder(inner), [*inner, *sections]),
        reads_htaccess=own_htaccess,
        access_logs=access_logs(inner, main, root),
        gateways=tuple(dict.fromkeys((*_gateways(inner), *_gateways(sections))))[:MAX_SOCKETS],
        aliases=tuple(islice(_aliases(inner, main, sections), MAX_SHARED)),
    )


def with_routes(config: LoadedConfig, site: WebSite, routes: Sequence[SiteRoute]) -> WebSite:
    """Return a site with routes of its .htaccess, for which the settings of its virtual host count.
    They are last: what ProxyPass takes does not come to an .htaccess."""
    place = (site.file, site.line)
    hosts = (line for line in config.main if line.name == "virtualhost")
    host = next((line for line in hosts if (line.file, line.line) == place), None)
    if host is None or not routes:
        return site
    shared = [line for line in config.main if line.args and line.name in _INHERITED]
    own = (_with_settings(route, host.block or (), shared[-MAX_SHARED:]) for route in routes)
    return replace(site, routes=(*site.routes, *own)[:MAX_ROUTES])


def _folder_routes(
    inner: Sequence[Directive], sections: Sequence[Directive], tls: bool, names: Sequence[str]
) -> Iterator[SiteRoute]:
    """Yield the routes of the rules in the <Directory> of the site's folder."""
    root = last_argument(inner, "documentroot").rstrip("/")
    for section in (*inner, *sections) if root else ():
        own = [argument.rstrip("/") for argument in section.args]
        if section.name == "directory" and own == [root]:
            yield from folder_routes(section.block or (), tls, names)


def _aliases(
    inner: Sequence[Directive], main: Sequence[Directive], sections: Sequence[Directive]
) -> Iterator[SiteAlias]:
    """Yield the folders of Alias; those of the virtual host come before the main server's
    (mod_alias, "Order of Processing")."""
    for directive in (*inner, *main):
        if directive.name != "alias" or len(directive.args) != 2:
            continue
        prefix, folder = directive.args
        if prefix.startswith("/") and folder.startswith("/"):
            yield SiteAlias(
                clean(prefix, 300),
                clean(folder, 300),
                is_guarded(folder, [*inner, *sections]),
                old_access(folder, [*inner, *sections]),
                reads_htaccess(folder, [*sections, *inner]),
                directive.file,
                directive.line,
            )


def _gateways(directives: Sequence[Directive]) -> Iterator[str]:
    """Return the Unix sockets of SetHandler (mod_proxy, "Access via Handler")."""
    for directive in directives:
        if directive.block is not None:
            yield from _gateways(directive.block)
        elif directive.name == "sethandler" and directive.args[:1]:
            match = re.match(r"proxy:unix:([^|]{1,300})\|", directive.args[0])
            if match:
                yield clean(match[1], 300)


def _served_folder(inner: Sequence[Directive]) -> str:
    """Return the folder that answers the path "/": that of its WSGI script, or the document root
    (mod_wsgi, "WSGIScriptAlias")."""
    scripts = (
        directive.args[1]
        for directive in inner
        if directive.name == "wsgiscriptalias" and directive.args[:1] == ("/",)
        if len(directive.args) > 1
    )
    script = next(scripts, "")
    return script.rpartition("/")[0] if script else last_argument(inner, "documentroot")


def main_error_log(config: LoadedConfig, root: str) -> str:
    """Return the file of the main server's ErrorLog, "" if it is none."""
    return _error_log(
        (), [directive for directive in config.main if directive.name == "errorlog"], root
    )


def _with_member(route: SiteRoute, balancers: Sequence[Directive]) -> SiteRoute:
    """Return a route to a balancer as one to its first member (mod_proxy, "BalancerMember"), if all
    of them speak the same protocol: of several members any may answer."""
    if route.scheme != "balancer":
        return route
    name = f"balancer://{route.host}"
    members = [(line.args[0], line) for line in _member_lines(balancers, name) if line.args]
    # Outside of a section the first argument is the balancer.
    urls = [
        (line.args[1] if url == name and len(line.args) > 1 else url, line) for url, line in members
    ]
    routes = [route_to(route.path, url, line, route.pattern) for url, line in urls[:MAX_SOCKETS]]
    names = tuple(member.authority for member in routes if member.host)
    if len({member.scheme for member in routes}) != 1:
        return replace(route, members=names)
    # An edit of the only member is one of its own line; several are one route of their balancer's.
    placed = routes[0] if len(routes) == 1 else route
    return replace(
        routes[0],
        file=placed.file,
        line=placed.line,
        target=route.target,
        backend_path=route.backend_path,
        members=names,
        for_pages=route.for_pages,
        for_websockets=route.for_websockets,
        folds_case=route.folds_case,
        path_tests=route.path_tests,
    )


def _member_lines(directives: Sequence[Directive], name: str) -> Iterator[Directive]:
    """Yield the lines with the members of a balancer, in its section or outside of one."""
    for directive in directives:
        if directive.name == "balancermember" and directive.args[:1] == (name,):
            yield directive
        elif directive.name == "proxy" and directive.args[:1] == (name,):
            yield from (line for line in directive.block or () if line.name == "balancermember")


def _with_settings(
    route: SiteRoute, inner: Sequence[Directive], main: Sequence[Directive]
) -> SiteRoute:
    """Return a route with what the virtual host says of its Host, its timeouts and of the backend's
    certificate (mod_ssl, "SSLProxyVerify", "SSLProxyCheckPeerName")."""

    def value(name: str) -> str:
        return (last_argument(inner, name) or last_argument(main, name)).lower()

    timeout = _number(value("timeout"), 60.0)
    backend = route.idle_s or _number(value("proxytimeout"), timeout)
    route = replace(route, idle_s=max(timeout, backend))
    keeps_host = value("proxypreservehost") == "on"
    # Of a balancer whose members differ, each with TLS has it only by this line.
    is_mixed = route.scheme == "balancer" and value("sslproxyengine") == "on"
    if route.scheme not in {"https", "wss"} and not is_mixed:
        return replace(route, keeps_host=keeps_host)
    chain = value("sslproxyverify") in {"require", "optional"}
    name = value("sslproxycheckpeername") != "off"
    verify: Verification = ("all" if name else "chain") if chain else ("name" if name else "none")
    authorities = last_argument(inner, "sslproxycacertificatefile")
    return replace(route, keeps_host=keeps_host, verify=verify, authorities=clean(authorities, 300))


def _number(text: str, default: float) -> float:
    """Return the seconds of a timeout (core, "TimeOut": 60 by default)."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else default


def _error_log(inner: Sequence[Directive], main: Sequence[Directive], root: str) -> str:
    """Return the file of ErrorLog; "" if it is a program, syslog, or nowhere named."""
    name = last_argument(inner, "errorlog") or last_argument(main, "errorlog")
    if not name or name.startswith(("|", "syslog")) or "$" in name:
        return ""
    return clean(posixpath.join(root, name), 300)


def _engine(inner: Sequence[Directive], main: Sequence[Directive]) -> bool | None:
    """Return whether SSLEngine is on; None if it is not set. Then TLS is on where the socket's
    protocol is https and a certificate is named (mod_ssl, ssl_init_Module)."""
    engine = last_argument(inner, "sslengine") or last_argument(main, "sslengine")
    return engine.lower() in {"on", "optional"} if engine else None


def _names(inner: Sequence[Directive], main: Sequence[Directive]) -> Iterator[str]:
    """Return the names of a virtual host. One without ServerName has the main server's."""
    name = last_argument(inner, "servername") or last_argument(main, "servername")
    if name:
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
    directives = (
        own if any(directive.name == "sslcertificatefile" for directive in own) else [*shared, *own]
    )
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
