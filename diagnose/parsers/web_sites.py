"""Selects the site of a web server that answers a name on a port. No I/O."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address

from diagnose.model.web_servers import PathChange, SiteRedirect, SiteRoute, WebServerConfig, WebSite
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

#: The path of the request in the address of a route by a regular expression (Apache, mod_rewrite).
REQUEST_PATH = "%{REQUEST_URI}"


def answering_sites(
    config: WebServerConfig, port: int, host: str, visited: Collection[str] = ()
) -> tuple[WebSite, ...]:
    """Return the sites that answer the name on the port, one for each address on which the server
    listens; without repetition. If the addresses that visitors reach, `visited`, are all among
    those of sites, only the sites on these answer: a private address behind a router is none.

    A site on one address takes that address away from those on all addresses (Apache, "An In-Depth
    Discussion of Virtual Host Matching"). Of the sites on one socket the one that has the name
    answers, or else the first.
    """
    groups = dict(_groups_by_address(config, port))
    reached = set(map(_canonical_address, visited))
    own = {address: _canonical_address(address) for address in groups}
    if reached and reached <= set(own.values()):
        groups = {address: groups[address] for address in groups if own[address] in reached}
    chosen = (site for group in groups.values() if (site := select_site(config, group, host)))
    return tuple(dict.fromkeys(chosen))


def _canonical_address(address: str) -> str:
    """Return an address as RFC 5952 writes it; a name as it is."""
    try:
        return ip_address(address).compressed
    except ValueError:
        return address


def _groups_by_address(
    config: WebServerConfig, port: int
) -> Iterator[tuple[str, tuple[WebSite, ...]]]:
    """Yield each address on the port with its sites; "" stands for all other addresses."""
    addresses = dict.fromkeys(
        socket.address for site in config.sites for socket in site.sockets if socket.port == port
    )
    for address in addresses:
        group = tuple(
            site
            for site in config.sites
            if any(socket.port == port and socket.address == address for socket in site.sockets)
        )
        yield address, group


def select_site(config: WebServerConfig, sites: tuple[WebSite, ...], host: str) -> WebSite | None:
    """Return the site of one socket that answers the name: the first that has it, or the default.

    Apache takes the first site with a matching name, wildcards included. Caddy and HAProxy's
    readers put sites with an exact name first. Caddy has no default: a site without a name has the
    name "*".
    """
    named = (site for site in sites if has_name(site, host))
    default = None if config.product == "caddy" else next(iter(sites), None)
    return next(named, default)


def has_name(site: WebSite, host: str) -> bool:
    """Return True if a name of the site matches the host."""
    matches = _label_matches if site.one_label else name_matches
    return any(matches(name, host) for name in site.names)


def _label_matches(name: str, host: str) -> bool:
    """Return True if a name matches the host and each "*" in it stands for one label. A site
    without a name has the name "*", which matches every host."""
    pattern, labels = name.lower().split("."), host.lower().rstrip(".").split(".")
    return name == "*" or (
        len(pattern) == len(labels)
        and all(part in {"*", label} for part, label in zip(pattern, labels, strict=True))
    )


def name_matches(name: str, host: str) -> bool:
    """Return True if a name with wildcards matches the host: "*" is any number of characters and
    "?" one. Names are compared without case. The time is the product of both lengths at most."""
    pattern, text = name.lower().rstrip("."), host.lower().rstrip(".")
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    position, index, star, mark = 0, 0, -1, 0
    while index < len(text):
        if position < len(pattern) and pattern[position] == "*":
            star, mark, position = position, index, position + 1
        elif position < len(pattern) and pattern[position] in {"?", text[index]}:
            position, index = position + 1, index + 1
        elif star >= 0:
            mark, position, index = mark + 1, star + 1, mark + 1
        else:
            return False
    return not pattern[position:].strip("*")


def route_of(site: WebSite, path: str, websocket: bool | None = None) -> SiteRoute | None:
    """Return the first route that takes a path; None if none does or it is not known which one.

    `websocket` is whether a WebSocket is requested, None if the answer has to be that of both. A
    regular expression that takes the path becomes the route of that path alone.
    """
    if (changed := changed_path(site.changes, path)) != path:
        route = route_of(replace(site, changes=()), changed, websocket)
        # What the application gets is known of this one path.
        return route and replace(
            route,
            path=path,
            backend_path=inner_path(route, changed),
            exact=True,
            literal=False,
            changes=(),
        )
    for route in site.routes:
        if not route.pattern:
            if is_taken(route, path):
                return route
        elif not misses_pattern(route, path):
            if (is_for := _is_for(route, websocket)) is None:
                return None
            if is_for:
                return _at_path(route, path)
    return None


def is_within(site: WebSite, route: SiteRoute) -> bool:
    """Return whether the line of a route stands in the lines of the site itself."""
    return site.file == route.file and site.line <= route.line <= site.end


def misses_pattern(route: SiteRoute, path: str) -> bool:
    """Return whether a route by a regular expression does not take the path."""
    is_known = len(route.path) <= 500 and is_supported_pcre(route.path)
    if is_known and pcre_search(route.path, path, route.folds_case) is None:
        return True
    return any(
        is_supported_pcre(test.pattern)
        and (pcre_search(test.pattern, path, test.folds_case) is None) != test.negated
        for test in route.path_tests
    )


def _is_for(route: SiteRoute, websocket: bool | None) -> bool | None:
    if websocket is None:
        return route.for_pages if route.for_pages == route.for_websockets else None
    return route.for_websockets if websocket else route.for_pages


def _at_path(route: SiteRoute, path: str) -> SiteRoute | None:
    """Return a route by a regular expression as it is for one path; None if that is not known."""
    is_known = is_supported_pcre(route.path)
    match = pcre_search(route.path, path, route.folds_case) if is_known else None
    unread = route.target.replace(REQUEST_PATH, "")
    if match is None or "$" in route.host or "%" in unread or "$" in route.socket:
        return None

    def group(name: re.Match[str]) -> str:
        number = int(name[1])
        return (match[number] or "") if number <= match.re.groups else ""

    inner = re.sub(r"\$(\d)", group, route.backend_path)
    if "$" in inner:
        return None
    inner = inner.replace(REQUEST_PATH, path)
    return replace(
        route, path=path, backend_path=inner[:500], pattern=False, exact=True, path_tests=()
    )


def routes_of_name(
    config: WebServerConfig, port: int, host: str, path: str, websocket: bool | None = None
) -> tuple[SiteRoute, ...]:
    """Return the routes that take a path on the sites that answer the name, without repetition."""
    routes = (route_of(site, path, websocket) for site in answering_sites(config, port, host))
    return tuple(dict.fromkeys(route for route in routes if route is not None))


def sole_application(site: WebSite, path: str = "") -> SiteRoute | None:
    """Return a route to the only application of a site, or to the only one that may take a path;
    None if there is none or several. Where it is not known which route takes a path, an error 502
    to 504 of the server itself is about that one: files and rules give none."""
    routes = {
        (route.target, route.host, route.socket): route
        for route in site.routes
        if not path or may_take(route, path)
    }
    applications = [route for route in routes.values() if route.target]
    return applications[0] if len(applications) == 1 else None


def routes_of_error(
    config: WebServerConfig, port: int, host: str, path: str
) -> tuple[SiteRoute, ...]:
    """Return the routes of a path for which visitors got an error 502 to 504, without
    repetition."""
    routes = (
        route_of(site, path, False) or sole_application(site, path)
        for site in answering_sites(config, port, host)
    )
    return tuple(dict.fromkeys(route for route in routes if route is not None))


def inner_path(route: SiteRoute, path: str) -> str:
    """Return the path that the application gets: the part behind the route's is kept, and what the
    server changes is changed."""
    if route.fixed_path:
        return route.backend_path
    if route.path == route.backend_path or not path.startswith(route.path):
        return changed_path(route.changes, path)
    inner = f"{route.backend_path}{path[len(route.path) :]}" or "/"
    return changed_path(route.changes, inner)


def inner_candidates(route: SiteRoute, path: str) -> tuple[str, ...]:
    """Return what the application of a route may have for a path that the route does not take: the
    path itself, and without its first part, where the route takes its own beginning off."""
    inner, rest = inner_path(route, path), path.lstrip("/").partition("/")[2]
    strips = route.path.rstrip("/") != route.backend_path.rstrip("/") and not route.fixed_path
    candidate = (inner, path, f"/{rest}" if strips and rest else path)
    return tuple(dict.fromkeys(each for each in candidate if each.startswith("/")))


def changed_path(changes: Sequence[PathChange], path: str) -> str:
    """Return what changes make of a path, in their order. Its query stays as it is. A regular
    expression that is not understood changes nothing."""
    own, mark, query = path.partition("?")
    for change in changes:
        if _is_changed(change, own):
            match = _search(change, own)
            if match is not None:
                inner = _expanded(change.replacement, match)
                own = inner if change.whole else own[: match.start()] + inner + own[match.end() :]
                own = own[:2000]
    return f"{own}{mark}{query}"


def _is_changed(change: PathChange, path: str) -> bool:
    if not change.beginnings:
        return True
    return path in change.beginnings if change.exact else path.startswith(change.beginnings)


def _search(change: PathChange, path: str) -> re.Match[str] | None:
    if len(change.pattern) > 500 or not is_supported_pcre(change.pattern):
        return None
    return pcre_search(change.pattern, path, change.folds_case)


def _expanded(replacement: str, match: re.Match[str]) -> str:
    r"""Return a replacement with the groups of a match in the place of "\0" to "\9"."""

    def text(part: re.Match[str]) -> str:
        if not part[1].isdigit():
            return part[1]
        number = int(part[1])
        return (match[number] or "") if number <= match.re.groups else ""

    return re.sub(r"\\([0-9\\])", text, replacement)


def slashed_path(route: SiteRoute, path: str) -> str:
    """Return the path that the application would get with a slash between both parts, where it gets
    two of them or none: the route's path and the address both end with a slash, or neither does.
    "" where it gets the slash, or where the route is not chosen by a beginning."""
    inner = inner_path(route, path)
    if route.exact or route.pattern or inner == path or not path.startswith(route.path):
        return ""
    remainder = path[len(route.path) :].lstrip("/")
    slashed = f"{route.backend_path.rstrip('/')}/{remainder}"
    return slashed if remainder and slashed != inner else ""


def rest_of(route: SiteRoute, path: str) -> str:
    """Return what follows the beginning of the path by which a route is chosen ("/" if nothing
    does); "" if the route is not chosen by a beginning. A route for "/app" alone counts: it may
    be written for an application that is in no folder."""
    prefix = route.path.rstrip("/")
    is_folder = not route.exact or (prefix.count("/") == 1 and "." not in prefix)
    if prefix and path == route.path and is_folder:
        return "/"
    is_below = bool(prefix) and not route.exact and path.startswith(f"{prefix}/")
    return path[len(prefix) :] if is_below else ""


def sibling_of(site: WebSite, route: SiteRoute, path: str) -> SiteRoute | None:
    """Return the other route of a site that passes a path on to the same application and takes its
    beginning off; None if there is none, or the route of the path takes it off itself."""
    if not route.host or inner_path(route, path) != path:
        return None
    return next(
        (
            other
            for other in site.routes
            if (other.host, other.port) == (route.host, route.port)
            if not other.pattern and other.path != "/" and is_taken(other, path)
            if (inner := inner_path(other, path)) != path and path.endswith(inner)
        ),
        None,
    )


def serves_files(site: WebSite, path: str) -> bool:
    """Return whether the server itself answers a path from the site's folder: no route passes it
    on to an application. A regular expression that misses the path takes the index file of a folder
    perhaps (Apache, "ProxyPassMatch" for scripts)."""
    if not site.root or any(route.pattern and _may_take_file(route, path) for route in site.routes):
        return False
    route = route_of(site, path)
    return route is None or not (route.host or route.socket or route.scheme)


def _may_take_file(route: SiteRoute, path: str) -> bool:
    """Return whether a regular expression may take a path, or the index file of a folder."""
    if not path.endswith("/"):
        return not misses_pattern(route, path)
    files = (path, f"{path}index.php", f"{path}index.html")
    is_application = route.scheme in {"http", "https", "ws", "wss"}
    return not is_application or any(not misses_pattern(route, file) for file in files)


def needs_folder(site: WebSite, path: str) -> bool:
    """Return whether a path is answered from the site's folder: by the server itself or, perhaps,
    by FastCGI, which runs the scripts in it. Without the folder there is neither."""
    if serves_files(site, path):
        return True
    patterns = [route for route in site.routes if route.pattern]
    simple_site = replace(site, routes=tuple(route for route in site.routes if not route.pattern))
    return all(pattern.scheme in {"", "fcgi"} for pattern in patterns) and serves_files(
        simple_site, path
    )


def site_at(site: WebSite, path: str) -> tuple[WebSite, str]:
    """Return the site as it is for a path, and the path in its folder: below an alias both are the
    alias's. Where only the alias's prefix ends with a slash, its folder's name and the path run
    together, as Apache puts them (mod_alias, "Alias": a trailing slash belongs to both)."""
    for alias in site.aliases:
        if not takes(alias.prefix, path):
            continue
        folder, inner = alias.folder, path[len(alias.prefix) :]
        if alias.prefix.endswith("/") and not folder.endswith("/") and inner:
            folder, _, name = folder.rpartition("/")
            folder, inner = folder or "/", f"{name}{inner}"
        placed = replace(
            site,
            root=folder,
            guarded=alias.guarded,
            old_access=alias.old_access,
            reads_htaccess=alias.reads_htaccess,
            aliases=(),
        )
        return placed, inner if inner.startswith("/") else f"/{inner}"
    return site, path


def may_take(route: SiteRoute, path: str) -> bool:
    """Return whether a route takes a path, or may do so."""
    return not misses_pattern(route, path) if route.pattern else is_taken(route, path)


def is_taken(route: SiteRoute, path: str) -> bool:
    """Return True if a route without a regular expression takes a path."""
    if route.exact:
        return path == route.path
    return path.startswith(route.path) if route.literal else takes(route.path, path)


def takes(prefix: str, path: str) -> bool:
    """Return True if a path is the prefix or below it, segment by segment."""
    if prefix.endswith("/"):
        return path.startswith(prefix)
    return path == prefix or path.startswith(f"{prefix}/")


def redirects_path(redirect: SiteRedirect, path: str) -> bool:
    """Return True if a redirect without a regular expression takes a path."""
    return path == redirect.path if redirect.exact else takes(redirect.path, path)


def redirect_of(site: WebSite, path: str) -> SiteRedirect | None:
    """Return the first unconditional redirect that takes a path, None if none does for certain."""
    return next(
        (
            redirect
            for redirect in site.redirects
            if not redirect.pattern and not redirect.conditional and redirects_path(redirect, path)
        ),
        None,
    )
