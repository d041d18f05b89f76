"""The server block of the same nginx, or of one in a container, to which a location passes requests
on, and its line that answers in the place of an application.

There `$scheme` is "http" and the port is that of its own socket, whatever visitors use.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http._redirects import NginxRedirect, own_redirects, redirect_location
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import ContainerNginx, Directive
from diagnose.model.server import Listeners, server_addresses
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.conditions import condition_holds
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import (
    has_unknown_rules,
    request_locations,
    searched_location,
)
from diagnose.parsers.nginx.inner_blocks import InnerRequest, NginxBehind
from diagnose.parsers.nginx.inner_blocks import inner_requests as requests_behind
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import servers as servers_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import normalize_url, parse_url

#: Programs that are nginx, by the name of their process.
_PROGRAMS = {"", "nginx", "angie"}


def inner_requests(
    nginx: Nginx, path: str, in_containers: bool = False
) -> tuple[InnerRequest, ...]:
    """Return the blocks behind the one that visitors reach, through which a request for a path
    goes; the last one answers it, or passes it on to a program. () if an application is asked at
    once, or if visitors reach blocks that differ. Blocks of an nginx in a container, whose files
    are not the server's, are among them only if that is asked for."""
    behind = _in_containers(nginx) if in_containers else ()
    ways = [
        requests_behind(
            nginx.servers, selected.server, _target(nginx, path), _addresses(nginx), behind
        )
        for selected in (() if nginx.is_refused else nginx.answering_servers())
    ]
    places = {tuple(file_line(request.server.block) for request in way) for way in ways}
    is_nginx = len(places) == 1 and all(_is_held(nginx, request) for request in ways[0])
    return ways[0] if is_nginx else ()


def answering_block(nginx: Nginx, path: str) -> InnerRequest | None:
    """Return the block behind the visitors' one that answers a path itself: with a file, or with a
    rule. None if a program behind nginx answers, or the visitors' own block."""
    requests = inner_requests(nginx, path)
    return requests[-1] if requests and not requests[-1].passes_on else None


def ending_locations(nginx: Nginx, path: str) -> Iterator[tuple[LocationMatch, str]]:
    """Yield each location that answers a path in the end, and the path as it has it: of the
    visitors' block, or of a block behind it that answers itself. None where a rule may lead
    elsewhere that cannot be computed."""
    inner = answering_block(nginx, path)
    if inner is not None:
        yield searched_location(inner.server, inner.path)
        return
    for selected in () if nginx.is_refused else nginx.answering_servers():
        if not has_unknown_rules(selected.server, path.partition("?")[0]):
            yield searched_location(selected.server, path)


def passed_locations(nginx: Nginx, path: str) -> Iterator[tuple[LocationMatch, ...]]:
    """Yield every location that a request for a path may come to, in nginx's order, for each block
    that visitors reach: in it, and in the blocks behind it. nginx reads the settings of each."""
    behind = tuple(
        location
        for inner in inner_requests(nginx, path)
        for location in request_locations(inner.server, inner.path.partition("?")[0])
    )
    for selected in () if nginx.is_refused else nginx.answering_servers():
        yield (*request_locations(selected.server, path), *behind)


def _target(nginx: Nginx, path: str) -> Target:
    """Return the request as the first block gets it."""
    target = replace(nginx.evidence.target, path=path)
    inner = nginx.inner
    if inner is not None and nginx.selected_servers() and not inner.is_own_block:
        inner = None
    return target if inner is None else replace(target, scheme="https" if inner.tls else "http")


def _addresses(nginx: Nginx) -> frozenset[str]:
    """Return the addresses of the server."""
    return frozenset(server_addresses(nginx.evidence))


def _in_containers(nginx: Nginx) -> tuple[NginxBehind, ...]:
    return tuple(
        NginxBehind(
            servers_of(container_nginx.main),
            container_nginx.endpoints,
            container_nginx.port,
            container_nginx.container,
        )
        for container_nginx in nginx.evidence.good(ContainerNginx)
    )


def _is_held(nginx: Nginx, request: InnerRequest) -> bool:
    """Return whether no other program than nginx has the port of a block."""
    return bool(request.container) or all(
        (listener.process or "") in _PROGRAMS
        for listeners in nginx.evidence.good(Listeners)
        for listener in listeners.on(request.socket.port)
    )


def written_line(nginx: Nginx, directive: Directive) -> str:
    """Return a directive as it is written, without its block."""
    file = nginx.file(directive)
    if file is None:
        return directive.text
    text = file.text[directive.start : directive.opened or directive.stop]
    return clean(" ".join(text.rstrip("{; \n").split()), 200)


# Redirects


@frozen(eq=False)
class InnerRedirect:
    """The redirect that a block behind another makes. `redirect` is its rule, None if nginx itself
    adds the slash of a folder. `is_completed` is True if nginx puts the scheme, the name and the
    port of its own socket before the path (ngx_http_core_module, "absolute_redirect")."""

    request: InnerRequest
    redirect: NginxRedirect | None
    is_completed: bool

    @property
    def line(self) -> Directive:
        """The rule, the condition around it, or the block whose folder lacks its slash."""
        if self.redirect is None:
            return self.request.match.block
        block = self.redirect.location_match.block
        return block if block.name == "if" else self.redirect.directive


def inner_redirect(nginx: Nginx, step: Exchange) -> InnerRedirect | None:
    """Return the redirect of an inner block that leads where this response leads; None if no inner
    block redirects like that."""
    url = parse_url(step.url)
    if url is None or url.host != nginx.evidence.target.host:
        return None
    onward = redirect_target(step)
    for request in inner_requests(nginx, url.path, in_containers=True) if onward else ():
        for redirect, location in _redirects(request, step):
            completed = _completed(request, location) if location.startswith("/") else location
            if not _is_replaced(request, completed) and normalize_url(completed) == onward:
                return InnerRedirect(request, redirect, completed is not location)
    return None


def _redirects(request: InnerRequest, step: Exchange) -> Iterator[tuple[NginxRedirect | None, str]]:
    """Yield the redirects of a block with the status of a response, and where each leads."""
    for redirect in own_redirects(request.server, request.path.partition("?")[0]):
        location, block = redirect_location(redirect, request.variables), redirect.location_match
        is_open = block.block.name != "if" or (
            condition_holds(block, block.block, dict(request.variables)) is not False
        )
        if redirect.code == str(step.status) and location and is_open:
            yield redirect, location
    path, mark, query = request.path.partition("?")
    if step.status == 301 and not path.endswith("/") and not request.passes_on:
        yield None, f"{path}/{mark}{query}"


def _completed(request: InnerRequest, path: str) -> str:
    """Return the address to which nginx completes a redirect to a path, or the path itself with
    `absolute_redirect off`."""
    match, socket = request.match, request.socket
    named, with_port, absolute = (
        match.directive(name)
        for name in ("server_name_in_redirect", "port_in_redirect", "absolute_redirect")
    )
    if absolute is not None and absolute.args[:1] == ("off",):
        return path
    is_named = named is not None and named.args[:1] == ("on",) and bool(request.server.names)
    name = request.server.names[0] if is_named else request.target.host
    scheme, usual = ("https", 443) if socket.ssl else ("http", 80)
    has_port = socket.port != usual and (with_port is None or with_port.args[:1] != ("off",))
    return f"{scheme}://{name}{f':{socket.port}' if has_port else ''}{path}"


def _is_replaced(request: InnerRequest, location: str) -> bool:
    """Return whether the outer location may replace an address in a redirect by the visitor's
    (ngx_http_proxy_module, "proxy_redirect")."""
    lines = request.outer.directives("proxy_redirect")
    if any(line.args[:1] == ("off",) for line in lines):
        return False
    own = f"{request.proxy_target.scheme}://{request.proxy_target.authority}/"
    return location.startswith(own) or any(line.args != ("default",) for line in lines)


def keep_visitors_address(nginx: Nginx, inner: InnerRedirect, changes: Changes) -> bool:
    """Let the redirect of an inner block lead to the visitor's scheme, name and port. Return
    whether that was possible."""
    server, redirect = inner.request.server.block, inner.redirect
    file = nginx.file(server if inner.is_completed or redirect is None else redirect.directive)
    if file is None:
        return False
    if inner.is_completed:
        lines = children(server, "absolute_redirect")
        change = (
            edits.replace_directive(lines[-1], "absolute_redirect off;")
            if lines
            else edits.insert_first(file.text, server, ["absolute_redirect off;"])
        )
    elif redirect is not None and redirect.parts is not None:
        scheme, host, _ = redirect.parts
        written = file.text[redirect.directive.start : redirect.directive.stop]
        if "port" in host or ":" in host or written.count(f"{scheme}://") != 1:
            return False
        change = edits.replace_directive(
            redirect.directive, written.replace(f"{scheme}://", "https://")
        )
    else:
        return False
    changes.setdefault(file.path, []).append(change)
    return True
