"""What a location forwards to its application: the fields of a WebSocket handshake, the destination
and the path.

https://nginx.org/en/docs/http/websocket.html and the documentation of `proxy_pass` and
`proxy_set_header`. No I/O.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote, unquote_to_bytes

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxBuild
from diagnose.parsers.nginx.config import children, version_number
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_set_header_of
from diagnose.parsers.nginx.variables import expand_variables

_SET_HEADER = "proxy_set_header"


def upgrade_forwarding(location: LocationMatch) -> tuple[bool, bool]:
    """Return whether a location forwards a WebSocket's Upgrade field, and whether it forwards
    Connection with "upgrade" (RFC 6455 section 4.1). A value that depends on unknown variables
    counts as correct; `Upgrade http_upgrade`, without the sign of a variable, is none."""
    upgrade, connection = (forwarded_header(location, name) for name in ("Upgrade", "Connection"))
    return (
        upgrade is None or "websocket" in connection_options(upgrade),
        connection is None or "upgrade" in connection_options(connection),
    )


def connection_options(value: str) -> frozenset[str]:
    """Return the options of a Connection field in lower case: a list, in which case does not matter
    (RFC 9110 section 7.6.1)."""
    return frozenset(option.strip().lower() for option in value.split(",")) - {""}


def inheritance_broken_at(location: LocationMatch) -> LocationMatch | None:
    """Return the outer blocks whose proxy_set_header forward an upgrade, if an inner block breaks
    the inheritance: it has proxy_set_header directives of its own, but not these ("These directives
    are inherited … if and only if there are no proxy_set_header directives defined on the current
    level"). Otherwise None."""
    for depth in range(len(location.blocks) - 1, 0, -1):
        own = {
            directive.args[0].lower()
            for directive in children(location.blocks[depth], _SET_HEADER)
            if directive.args
        }
        if own:
            fields = zip(("upgrade", "connection"), upgrade_forwarding(location), strict=True)
            missing = {name for name, right in fields if not right}
            outer = LocationMatch(location.blocks[:depth])
            return (
                outer if missing and not missing & own and all(upgrade_forwarding(outer)) else None
            )
    return None


def forwarded_header(location: LocationMatch, name: str) -> str | None:
    """Return the value of a field that nginx forwards in a WebSocket handshake.

    "" means that the field is not sent, None that its value cannot be known. By default nginx
    sends "Connection: close" and no Upgrade.
    """
    directive = proxy_set_header_of(location, name)
    if directive is None:
        return "close" if name.lower() == "connection" else ""
    request = {"http_upgrade": "websocket", "http_connection": "Upgrade"}
    return expand_variables(location, directive.args[1], request) if len(directive.args) > 1 else ""


@frozen
class Application:
    """The destination of a proxy_pass. `uri` replaces the location's prefix; None means that the
    path is forwarded unchanged."""

    scheme: str
    authority: str
    uri: str | None
    servers: tuple[tuple[str, int], ...]


def application_of(location: LocationMatch, directive: Directive) -> Application | None:
    """Return the destination of a proxy_pass, or None if it contains unknown variables, is a Unix
    socket or cannot be parsed."""
    target = expand_variables(location, directive.args[0], {})
    match = re.match(r"(https?)://([^/?#]+)(.*)$", target or "", re.IGNORECASE)
    if match is None or match[2].startswith("unix:"):
        return None
    scheme, authority, uri = match[1].lower(), match[2], match[3]
    port = 443 if scheme == "https" else 80
    group = next(
        (
            upstream
            for upstream in children(location.blocks[0], "upstream")
            if upstream.args == (authority,)
        ),
        None,
    )
    if group is None:
        addresses = [authority]
    else:
        addresses = [
            server.args[0]
            for server in children(group, "server")
            if server.args and "down" not in server.args and not server.args[0].startswith("unix:")
        ]
        port = 80
    endpoints = tuple(endpoint for address in addresses if (endpoint := _endpoint(address, port)))
    return Application(scheme, authority, uri or None, endpoints) if endpoints else None


def _endpoint(text: str, port: int) -> tuple[str, int] | None:
    match = re.match(r"(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$", text)
    return (match[1].strip("[]"), int(match[2] or port)) if match else None


def forwarded_path(location: LocationMatch, application: Application, path: str) -> str:
    """Return the path that nginx requests from the application: with a URI in `proxy_pass` the rest
    of the decoded path, encoded anew."""
    rest = _rest_of(location, application, path)
    if application.uri is None or rest is None:
        return path
    setting = LocationMatch(location.blocks[:2]).directive("merge_slashes")
    is_merged = setting is None or setting.args[:1] != ("off",)
    decoded = spelled_anew(rest, is_merged)
    has_slash = path[: len(path) - len(rest)].endswith("/")
    return application.uri + (decoded.lstrip("/") if is_merged and has_slash else decoded)


def visitor_spelling(location: LocationMatch, application: Application, path: str) -> str:
    """Return the same path with the encoding of its characters that the visitor chose."""
    rest = _rest_of(location, application, path)
    return path if application.uri is None or rest is None else application.uri + rest


def _rest_of(location: LocationMatch, application: Application, path: str) -> str | None:
    """Return what follows the location's prefix, if the application's URI replaces that."""
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    if application.uri is None or pattern is None or pattern.modifier in {"~", "~*"}:
        return None
    return path[len(pattern.text) :] if path.startswith(pattern.text) else None


#: What nginx leaves as it is in a path, beside letters and digits (ngx_string.c, ngx_escape_uri,
#: NGX_ESCAPE_URI, since 1.21.1).
_PLAIN = "!$&'()*+,-./:;=@[]_~"


def spelled_anew(path: str, is_merged: bool = False) -> str:
    """Return a path decoded and encoded anew, as nginx does it where it changes the path; the query
    stays as it is. `is_merged` is whether double slashes become one (merge_slashes)."""
    bare, mark, query = path.partition("?")
    if "%" in bare:
        bare = quote(unquote_to_bytes(bare), safe=_PLAIN)
    return f"{re.sub('/{2,}', '/', bare) if is_merged else bare}{mark}{query}"


def is_respelling(path: str, other: str) -> bool:
    """Return whether two paths differ in the encoding of their characters alone, or in the number
    of slashes between two names."""
    return path != other and _names(path) == _names(other)


def _names(path: str) -> list[str]:
    bare, *query = unquote(path).split("?", 1)
    return [*filter(None, bare.split("/")), *query]


def speaks_http_1_1(location: LocationMatch, builds: Sequence[NginxBuild]) -> bool:
    """Return whether nginx speaks HTTP/1.1 to the application; this is the default since 1.29.7."""
    directive = location.directive("proxy_http_version")
    if directive:
        return directive.args[:1] != ("1.0",)
    return any((version_number(build.version) or (0,)) >= (1, 29, 7) for build in builds)
