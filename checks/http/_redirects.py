"""Redirects that nginx makes itself: find the directive in the configuration by its destination.
Redirects by an application are not covered."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin

from checks.nginx import Nginx
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.locations import LocationMatch, match_location, select_location
from diagnose.parsers.nginx.pcre import pcre_matches
from diagnose.parsers.nginx.server_blocks import Server, Socket
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import normalize_url, parse_url

#: Where all visitors are redirected.
SECURE = "https://$host$request_uri"

#: Scheme, host (variables or words) and the rest of a redirect's target.
_TARGET = lazy_pattern(
    r"(https?|\$\{?scheme\}?)://"
    r"((?:\$\{?(?:host|http_host|server_name|hostname|server_addr|server_port)\}?|[^/$?#{}])+)"
    r"(.*)$"
)

#: Patterns of a `rewrite` that match every path.
_EVERY_PATH = {"^", "^/", "/", ".*", "^.*", "^.*$", "^/.*$", "(.*)", "^(.*)$", "^(.*)", "^/(.*)$"}


@frozen
class NginxRedirect:
    """A redirect by nginx: the directive and its place, the status code, and the target as
    written."""

    server: Server
    location_match: LocationMatch
    directive: Directive
    code: str
    target: str

    @property
    def parts(self) -> tuple[str, str, str] | None:
        """The target's scheme, host and rest, as written."""
        match = _TARGET.match(self.target)
        return (match[1], match[2], match[3]) if match else None

    @property
    def is_replaceable(self) -> bool:
        """Whether a `return` can replace the directive."""
        return self.directive.name == "return" or self.directive.args[0] in _EVERY_PATH

    def return_directive(self, target: str) -> str:
        return f"return {self.code} {target};"


def selected_servers(
    nginx: Nginx, answer: Exchange | LocalAnswer
) -> tuple[tuple[Socket, Server, server_blocks.MatchKind], ...]:
    """Return (socket, server, kind of match) for each socket from which this response may have
    come."""
    url = parse_url(answer.url)
    if url is None:
        return ()
    sockets = server_blocks.reachable_sockets(nginx.listen_sockets(answer.port), [answer.address])
    if not sockets and answer.port == nginx.evidence.target.port:
        inner = nginx.answering_servers()
        return tuple((selected.socket, selected.server, selected.name_match) for selected in inner)
    return tuple((socket, *server_blocks.select_server(socket, url.host)) for socket in sockets)


def find_redirect(
    nginx: Nginx, answer: Exchange | LocalAnswer, conditions: bool = True
) -> NginxRedirect | None:
    """Return the only directive that redirects like this response, with the same code, or None.

    With `conditions`, also look inside `if` blocks.
    """
    url = parse_url(answer.url)
    redirects: dict[int, NginxRedirect] = {}
    for _, server, _ in selected_servers(nginx, answer):
        path = url.path if url else "/"
        redirect = next(
            (
                candidate
                for candidate in _candidates(server, path, conditions)
                if _is_source_of(candidate, answer)
            ),
            None,
        )
        if redirect is None:
            return None
        redirects[id(redirect.directive)] = redirect
    return next(iter(redirects.values())) if len(redirects) == 1 else None


def own_redirects(server: Server, path: str) -> Iterator[NginxRedirect]:
    """Yield the redirects of a server block for a path, also those under a condition."""
    return _candidates(server, path, conditions=True)


def find_redirect_in(server: Server, answer: Exchange) -> NginxRedirect | None:
    """Return the directive of this server block that redirects like this response."""
    url = parse_url(answer.url)
    candidates = own_redirects(server, url.path if url else "/")
    return next((redirect for redirect in candidates if _is_source_of(redirect, answer)), None)


def redirects_of(server: Server, path: str) -> Iterator[NginxRedirect]:
    """Yield the redirects of a server block for a path, without those under a condition."""
    return _candidates(server, path, conditions=False)


def _candidates(server: Server, path: str, conditions: bool) -> Iterator[NginxRedirect]:
    """Yield the redirects in the order in which nginx evaluates them (ngx_http_rewrite_module):
    those of a location come before its try_files leads to another one."""
    top = LocationMatch((server.http, server.block))
    matches = (top, match_location(server, path), select_location(server, path))
    for match in {id(each.block): each for each in matches}.values():
        for directive in match.block.block or ():
            yield from _read_redirects(server, match, directive)
            if directive.name == "if" and conditions:
                for nested in directive.block or ():
                    yield from _read_redirects(
                        server, LocationMatch((*match.blocks, directive)), nested
                    )


def _read_redirects(
    server: Server, match: LocationMatch, directive: Directive
) -> Iterator[NginxRedirect]:
    if directive.name == "return" and len(directive.args) == 2:
        yield NginxRedirect(server, match, directive, directive.args[0], directive.args[1])
    elif directive.name == "return" and len(directive.args) == 1 and "://" in directive.args[0]:
        yield NginxRedirect(server, match, directive, "302", directive.args[0])
    elif directive.name == "rewrite" and len(directive.args) > 1:
        permanent = directive.args[2:] == ("permanent",)
        if permanent or directive.args[2:] == ("redirect",) or "://" in directive.args[1]:
            yield NginxRedirect(
                server, match, directive, "301" if permanent else "302", directive.args[1]
            )


def _is_source_of(redirect: NginxRedirect, answer: Exchange | LocalAnswer) -> bool:
    if parse_url(answer.url) is None or redirect.code != str(answer.status):
        return False
    filled = redirect_location(redirect, request_values(redirect.server, answer))
    if "://" not in filled and not filled.startswith("/"):
        return False
    # nginx completes a path alone with the visitor's scheme and name (absolute_redirect).
    return normalize_url(urljoin(answer.url, filled)) == redirect_target(answer)


def request_values(server: Server, answer: Exchange | LocalAnswer) -> dict[str, str | None]:
    """Return nginx's variables of the request to which a block gave a response; {} if its URL
    cannot be read."""
    url = parse_url(answer.url)
    if url is None:
        return {}
    path, _, query = url.path.partition("?")
    return {
        "host": bracketed(url.host),
        "http_host": url.authority,
        "server_name": server.names[0] if server.names else "",
        "server_port": str(answer.port),
        "scheme": url.scheme,
        "https": "on" if url.secure else "",
        "request_uri": url.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
    }


def redirect_location(redirect: NginxRedirect, variables: Mapping[str, str | None]) -> str:
    """Return where a redirect leads as it is written, with these variables of the request; "" if it
    is not made for this path, or if that cannot be known."""
    groups: dict[str, str] = {}
    if redirect.directive.name == "rewrite":
        pattern, path = redirect.directive.args[0], variables["uri"] or ""
        if not pcre_matches(pattern, path, ignore_case=False):
            return ""
        match = re.search(pattern, path, re.ASCII)
        captures = match.groups() if match else ()
        groups = {str(number): text or "" for number, text in enumerate(captures, 1)}
    filled = expand_variables(redirect.location_match, redirect.target, {**variables, **groups})
    return with_query(redirect, filled, variables) if filled else ""


def with_query(redirect: NginxRedirect, location: str, variables: Mapping[str, str | None]) -> str:
    """Return the target of a redirect with the visitor's query, which a `rewrite` appends unless
    its replacement ends with "?" (ngx_http_rewrite_module)."""
    if redirect.directive.name != "rewrite":
        return location
    if location.endswith("?"):
        return location[:-1]
    query = variables.get("args") or ""
    return f"{location}{'&' if '?' in location else '?'}{query}" if query else location
