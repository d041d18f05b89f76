"""Caddy's JSON configuration as sites and sockets. No I/O.

The form is that of https://caddyserver.com/docs/json/; `caddy adapt` makes it of a Caddyfile.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.web_servers import (
    Issuance,
    SiteFile,
    SiteRedirect,
    SiteRoute,
    SiteSocket,
    WebSite,
)
from diagnose.parsers.caddy.access_log import access_logs
from diagnose.parsers.caddy.caddyfile import Block, Line, address_of
from diagnose.parsers.caddy.document import at, dictionaries, dictionary, text_of, texts
from diagnose.parsers.caddy.protocols import decided_routes
from diagnose.parsers.caddy.routes import parts_of
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean

#: Caddy's default ports for HTTP and HTTPS.
HTTP_PORT, HTTPS_PORT = 80, 443

#: The networks of TCP before an address; others are "udp/" and "unix/".
_TCP = re.compile(r"^tcp[46]?/")

#: Maximum number of sites.
MAX_SITES = 2000


def sites_of(document: object, blocks: Sequence[Block] = ()) -> tuple[WebSite, ...]:
    """Return the sites, those with an exact name first, each with the lines of its block."""
    logs, ports = access_logs(document), _usual_ports(document)
    sites = [
        replace(_placed(site, blocks, ports), access_logs=logs)
        for site in islice(_sites(document), MAX_SITES)
    ]
    return tuple(sorted(sites, key=lambda site: any("*" in name for name in site.names)))


def _usual_ports(document: object) -> tuple[int, int]:
    """Return the ports of addresses that name none, for HTTP and HTTPS (global options "http_port",
    "https_port")."""
    http = at(document, "apps", "http")
    return (
        _number(at(http, "http_port"), HTTP_PORT), _number(at(http, "https_port"), HTTPS_PORT)
    )  # fmt: skip


def listens_of(sites: Sequence[WebSite]) -> tuple[SiteSocket, ...]:
    """Return the sockets that the sites open."""
    sockets = {(s.address, s.port): s for site in reversed(sites) for s in site.sockets}
    return tuple(sockets.values())


def admin_address(document: object) -> str:
    """Return the address of the admin API on this machine ("localhost:2019"); "" if it is off, no
    TCP port, or at another address: no other machine is asked."""
    if at(document, "admin", "disabled") is True:
        return ""
    listen = text_of(at(document, "admin", "listen")) or "localhost:2019"
    listen = listen.removeprefix("tcp/")
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not (port.isascii() and port.isdigit()) or len(port) > 5:
        return ""
    if host in {"", "localhost", "0.0.0.0", "::"}:
        return f"localhost:{port}"
    is_local = is_address(host) and is_loopback(host)
    return f"{bracketed(host)}:{port}" if is_local else ""


def _sites(document: object) -> Iterator[WebSite]:
    http = at(document, "apps", "http")
    files = _tagged_files(document)
    redirected: list[WebSite] = []
    http_port, _ = _usual_ports(document)
    for server in list(dictionary(at(http, "servers")).values())[:100]:
        sites = list(_server_sites(dictionary(server), document, files))
        yield from sites
        if _is_automatic(server) and at(server, "automatic_https", "disable_redirects") is not True:
            skipped = set(texts(at(server, "automatic_https", "skip")))
            redirected += [
                site
                for site in sites
                if any(s.tls for s in site.sockets) and not set(site.names) <= skipped
            ]
    for site in redirected:
        names = tuple(name for name in site.names if name != "*" and not is_address(name))
        if names:
            target = SiteRedirect("/", "https://{host}{uri}")
            addresses = dict.fromkeys(socket.address for socket in site.sockets)
            sockets = tuple(SiteSocket(http_port, address) for address in addresses)
            yield WebSite(names=names, sockets=sockets, redirects=(target,), one_label=True)


def _server_sites(
    server: dict[str, object], document: object, files: list[tuple[set[str], SiteFile]]
) -> Iterator[WebSite]:
    listens = [parsed for listen in texts(server.get("listen")) if (parsed := _listen(listen))]
    routes = dictionaries(server.get("routes"))
    policies = dictionaries(server.get("tls_connection_policies"))
    groups = _groups(routes)
    # A site that is written with "http://" is left out (automatic_https, "skip").
    skipped = set(texts(at(server, "automatic_https", "skip")))
    names = [hosts for hosts, _ in groups if not set(hosts) <= skipped]
    plain, secure = _usual_ports(document)
    # A server that is on the HTTPS port only has TLS even if no site has a name.
    is_https = {port for _, port in listens} == {secure}
    speaks_tls = bool(policies) or (_is_automatic(server) and (any(names) or is_https))
    for hosts, own_routes in groups:
        sockets = tuple(
            SiteSocket(port, address, tls=speaks_tls and port != plain) for address, port in listens
        )
        scheme = {"https" if socket.tls else "http" for socket in sockets}
        is_known = len(scheme) == 1
        parts = parts_of(decided_routes(own_routes, scheme.pop()) if is_known else own_routes)
        own = _site_files(hosts, policies, files)
        with_tls = any(socket.tls for socket in sockets)
        yield WebSite(
            names=hosts or ("*",),
            sockets=sockets,
            files=own if with_tls else (),
            routes=parts.routes,
            guards=parts.guards,
            redirects=parts.redirects,
            root=parts.root,
            issuance=_issuance(hosts, document, server, own) if with_tls else "",
            one_label=True,
        )


def _groups(
    routes: list[dict[str, object]],
) -> list[tuple[tuple[str, ...], list[dict[str, object]]]]:
    """Return the routes by site: those for names are a site each, all without a name are one.

    Caddy wraps the routes of a site into one, except for a site without a name that is alone on its
    server: each of its directives is then a route with a matcher of its own.
    """
    groups: list[tuple[tuple[str, ...], list[dict[str, object]]]] = []
    unnamed: list[dict[str, object]] = []
    for route in routes:
        if hosts := _hosts(route):
            groups.append((hosts, [route | {"match": None}]))
            continue
        if not unnamed:
            groups.append(((), unnamed))
        unnamed.append(route)
    return groups


def _is_automatic(server: object) -> bool:
    return at(server, "automatic_https", "disable") is not True


def _hosts(route: dict[str, object]) -> tuple[str, ...]:
    hosts = [
        host for match in dictionaries(route.get("match")) for host in texts(match.get("host"))
    ]
    return tuple(dict.fromkeys(clean(host, 253) for host in hosts))


def _listen(text: str) -> tuple[str, int] | None:
    """Return the address ("" for all) and port of a listener; None if it is no TCP port."""
    host, _, port = _TCP.sub("", text).rpartition(":")
    if "/" in host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        return None
    address = host.strip("[]")
    return ("" if address in {"0.0.0.0", "::"} else clean(address, 100)), int(port)


def _number(value: object, default: int) -> int:
    return value if isinstance(value, int) and 0 < value < 65536 else default


def _tagged_files(document: object) -> list[tuple[set[str], SiteFile]]:
    pairs = dictionaries(at(document, "apps", "tls", "certificates", "load_files"))
    roles: tuple[Literal["certificate", "key"], ...] = ("certificate", "key")
    return [
        (set(texts(pair.get("tags"))), SiteFile(role, clean(text_of(pair.get(role)), 500)))
        for pair in pairs
        for role in roles
    ]


def _site_files(
    hosts: tuple[str, ...],
    policies: list[dict[str, object]],
    files: list[tuple[set[str], SiteFile]],
) -> tuple[SiteFile, ...]:
    """Return the certificate files of the connection policy that takes these names."""
    policy = next((policy for policy in policies if _takes(policy, hosts)), {})
    tags = set(texts(at(policy, "certificate_selection", "any_tag")))
    return tuple(file for own, file in files if own & tags)


def _takes(policy: dict[str, object], hosts: tuple[str, ...]) -> bool:
    names = texts(at(policy, "match", "sni"))
    return not names or bool(set(names) & set(hosts))


def _issuance(
    hosts: tuple[str, ...],
    document: object,
    server: dict[str, object],
    files: tuple[SiteFile, ...],
) -> Issuance:
    """Return where the certificate of a site comes from."""
    if files:
        return "files"
    mode = dictionary(server.get("automatic_https"))
    skipped = set(texts(mode.get("skip"))) | set(texts(mode.get("skip_certificates")))
    if not _is_automatic(server) or mode.get("disable_certificates") or set(hosts) & skipped:
        return "none"
    policies = dictionaries(at(document, "apps", "tls", "automation", "policies"))
    if not hosts and not any(policy.get("on_demand") for policy in policies):
        return "none"
    for policy in policies:
        subjects = texts(policy.get("subjects"))
        if not subjects or set(subjects) & set(hosts):
            issuers = {
                text_of(issuer.get("module")) for issuer in dictionaries(policy.get("issuers"))
            }
            return "internal" if issuers == {"internal"} else "acme"
    return "acme"


def _placed(site: WebSite, blocks: Sequence[Block], usual: tuple[int, int]) -> WebSite:
    """Return a site with the place of its block, and of the lines of its directives. `usual` are
    the ports for HTTP and HTTPS."""
    # A block for port 80 comes before one whose redirect Caddy would have made there.
    own = (block for block in blocks if _is_of(block, site, usual))
    redirecting = (block for block in blocks if _is_of(block, site, usual, is_redirect=True))
    block = next(own, None) or next(redirecting, None)
    if block is None:
        return site
    return replace(
        site,
        file=block.file,
        line=block.line,
        end=block.end,
        sockets=tuple(replace(s, file=block.file, line=block.line) for s in site.sockets),
        files=tuple(_placed_file(file, block) for file in site.files),
        routes=tuple(_placed_route(route, block) for route in site.routes),
        guards=tuple(_placed_route(route, block) for route in site.guards),
        redirects=tuple(_placed_redirect(redirect, block) for redirect in site.redirects),
    )


def _is_of(block: Block, site: WebSite, usual: tuple[int, int], is_redirect: bool = False) -> bool:
    http_port, https_port = usual
    for text in block.addresses:
        address = address_of(text)
        if address is None or (address.host or "*") not in site.names:
            continue
        default = http_port if address.scheme == "http" or not address.host else https_port
        ports = {socket.port for socket in site.sockets}
        if (address.port or default) in ports:
            return True
        if is_redirect and not address.scheme and http_port in ports:
            return True
    return False


def _placed_file(file: SiteFile, block: Block) -> SiteFile:
    place = _place(block, block.first("tls", file.path))
    return replace(file, file=place[0], line=place[1])


def _placed_route(route: SiteRoute, block: Block) -> SiteRoute:
    """Return a route with the line that names its upstream; a default port is not written."""
    dial = route.target.partition("://")[2]
    written = {dial, route.target, dial.removesuffix(":80"), route.target.removesuffix(":443")}
    written |= {f"h2c://{dial}", f"h2c://{dial.removesuffix(':80')}"}
    line = next((line for line in block.lines if dial and written.intersection(line.words)), None)
    place = _place(block, line)
    return replace(route, file=place[0], line=place[1])


def _placed_redirect(redirect: SiteRedirect, block: Block) -> SiteRedirect:
    place = _place(block, block.first("redir", redirect.target))
    return replace(redirect, file=place[0], line=place[1])


def _place(block: Block, line: Line | None) -> tuple[str, int]:
    """Return where a line stands, and of none where the site begins."""
    return (line.file or block.file, line.number) if line else (block.file, block.line)


def named_sites(blocks: Sequence[Block]) -> tuple[WebSite, ...]:
    """Return the sites of blocks by their addresses alone, where Caddy refuses what is in them."""
    return tuple(site for block in blocks for site in [_named_site(block)] if site.names)


def _named_site(block: Block) -> WebSite:
    addresses = [address for text in block.addresses if (address := address_of(text))]
    named = [address for address in addresses if address.host]
    ports = dict.fromkeys(
        (address.port or (HTTP_PORT if address.scheme == "http" else HTTPS_PORT), address.scheme)
        for address in named
    )
    return WebSite(
        names=tuple(dict.fromkeys(clean(address.host, 253) for address in named)),
        sockets=tuple(
            SiteSocket(port, tls=scheme != "http" and port != HTTP_PORT) for port, scheme in ports
        ),
        file=block.file,
        line=block.line,
        end=block.end,
        one_label=True,
    )
