"""The line of a server block behind the visitors' one, of the same nginx or of one in a container,
that takes its own scheme for the visitor's, and the edit of it.
"""

from checks.http._redirects import NginxRedirect
from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes
from checks.nginx._inner_blocks import inner_redirect, inner_requests
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.inner_blocks import InnerRequest
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.variables import expand_variables, map_of
from diagnose.parsers.urls import parse_url

SCHEME_FIELD = "X-Forwarded-Proto"
_FORWARDED = "$http_x_forwarded_proto"
#: Conditions that are true for every request in plain HTTP: "$scheme = http".
_PLAIN = {
    "$scheme = http", "$scheme != https", "$scheme !~ https", "$scheme ~ http",
    "$https = ", "$https != on", "$server_port = 80", "$server_port != 443",
}  # fmt: skip
_OFF = {"HTTPS": {"", "off", "0"}, "UWSGI_SCHEME": {"", "http"}}
#: The directives that give a program its parameters, by the one that passes requests on.
_PARAMETERS = {
    "fastcgi_pass": "fastcgi_param", "uwsgi_pass": "uwsgi_param", "scgi_pass": "scgi_param",
}  # fmt: skip
#: Parameters by which a program takes the visitor's scheme: PHP the first; uWSGI sets
#: wsgi.url_scheme by one of both.
_NAMES = {"fastcgi_pass": ("HTTPS",), "scgi_pass": ("HTTPS",),
          "uwsgi_pass": ("HTTPS", "UWSGI_SCHEME")}  # fmt: skip
#: The variable of a map that is added.
_VARIABLE = "forwarded_https"


@frozen(eq=False)
class InnerScheme:
    """The line of an inner block that takes its own scheme for the visitor's: a redirect to https,
    or what it tells a program. `match` is the location that tells it."""

    request: InnerRequest
    directive: Directive
    redirect: NginxRedirect | None = None
    match: LocationMatch | None = None


def inner_scheme(nginx: Nginx, step: Exchange) -> InnerScheme | None:
    """Return what makes an inner block redirect this request to itself; None if nothing does."""
    url = parse_url(step.url)
    if url is None or not url.secure:
        return None
    inner = inner_redirect(nginx, step)
    if inner is not None and inner.redirect is not None:
        return InnerScheme(inner.request, inner.line, redirect=inner.redirect)
    return hidden_scheme(nginx, url.path) if url.host == nginx.evidence.target.host else None


def hidden_scheme(nginx: Nginx, path: str) -> InnerScheme | None:
    """Return the line of an inner block because of which a program is not told that the visitor
    uses https, although the block before says so, or may; None without one."""
    for request in inner_requests(nginx, path, in_containers=True):
        if not request.passes_on or request.target.uses_tls:
            continue
        match = request.match
        told, header = (
            request.forwarded_value(SCHEME_FIELD),
            proxy_set_header_of(match, SCHEME_FIELD),
        )
        received = request.fields[SCHEME_FIELD.lower()]
        if proxy_pass_of(match):
            is_changed = header is not None and told is not None and told != received
            if is_changed and header is not None and told != "https":
                return InnerScheme(request, header, match=match)
        elif parameter := _https_parameter(request):
            return InnerScheme(request, parameter, match=match)
    return None


def _https_parameter(request: InnerRequest) -> Directive | None:
    """Return the parameter by which a program takes the visitor's scheme for http, or the directive
    that passes requests on without one; None if it is told https, or something that is not
    known."""
    passing = upstreams.pass_directive_of(request.match)
    if passing is None or passing.name not in _PARAMETERS:
        return None
    named = _scheme_parameter(request.match, passing)
    value = request.expand(named.args[1] if named and len(named.args) > 1 else "")
    off = _OFF[named.args[0] if named else "HTTPS"]
    return (named or passing) if value is not None and value.lower() in off else None


def _scheme_parameter(match: LocationMatch, passing: Directive) -> Directive | None:
    """Return the parameter of the scheme in force: of two with one name the program takes the
    last."""
    names = _NAMES[passing.name]
    parameters = match.directives(_PARAMETERS[passing.name])
    named = [
        directive for directive in parameters if directive.args[:1] and directive.args[0] in names
    ]
    return named[-1] if named else None


def is_plain_condition(block: Directive) -> bool:
    """Return whether an `if` holds for every request in plain HTTP, and asks for nothing else."""
    words = " ".join(block.args).strip("() ").replace('"', "").replace("'", "")
    return block.name == "if" and (words in _PLAIN or f"{words} " in _PLAIN)


def pass_scheme_on(nginx: Nginx, inner: InnerScheme, changes: Changes) -> None:
    """Let the inner block believe the scheme that the outer one sends. Nothing is changed if the
    inner one redirects without a condition."""
    if inner.match is not None and proxy_pass_of(inner.match) is None:
        _tell_program(nginx, inner.request, inner.match, changes)
        return
    if inner.match is not None:
        line = f"proxy_set_header {SCHEME_FIELD} {_FORWARDED};"
        change = edits.replace_directive(inner.directive, line)
    elif is_plain_condition(inner.directive):
        opened = inner.directive.opened or inner.directive.start
        head = f"if ({_FORWARDED} = http) {{"
        change = edits.TextEdit(inner.directive.start, opened, head)
    else:
        return
    changes.setdefault(inner.directive.file, []).append(change)
    outer = inner.request.outer
    if not _location_edits.sends_field(nginx, outer, SCHEME_FIELD):
        header = {SCHEME_FIELD: "$scheme"}
        lines = _location_edits.header_lines(nginx, outer, header, changes)
        _location_edits.insert_lines(nginx, outer, lines, changes)


def _tell_program(
    nginx: Nginx, request: InnerRequest, match: LocationMatch, changes: Changes
) -> None:
    """Tell PHP, or another program, that visitors use https. A file of parameters that other sites
    include stays as it is, and a location that inherits its parameters would lose them by a line of
    its own."""
    passing = upstreams.pass_directive_of(match)
    if passing is None:
        return
    name, named = _PARAMETERS[passing.name], _scheme_parameter(match, passing)
    holder = next((block for block in reversed(match.blocks) if children(block, name)), None)
    file = nginx.file(holder) if holder is not None and holder.name != "http" else None
    is_replaced = named is None or "if_not_empty" in named.args
    is_own = named is not None and holder is not None and named.file == holder.file
    if file is None or holder is None or not (is_own or is_replaced):
        return
    line = f"{name} HTTPS {_https_value(nginx, request, match, changes)};"
    if named is not None and is_own:
        change = edits.replace_directive(named, line)
    elif passing.file == holder.file and passing in children(holder, passing.name):
        change = edits.insert_after(file.text, passing, [line])
    else:
        change = edits.insert_first(file.text, holder, [line])
    changes.setdefault(file.path, []).append(change)


def _https_value(
    nginx: Nginx, request: InnerRequest, match: LocationMatch, changes: Changes
) -> str:
    """Return what the parameter is. In a container, to which others may pass requests on as well,
    and where the block before says which scheme visitors use: the variable of a map that is there,
    or of one that is added before the server block. Else "on"."""
    http, server = match.blocks[0], match.blocks[1]
    file = nginx.file(server)
    is_told = request.container and request.fields[SCHEME_FIELD.lower()] == "https"
    if not is_told or file is None or server.name != "server":
        return "on"
    for block in children(http, "map"):
        https_values = [
            expand_variables(match, block.args[1], {_FORWARDED[1:]: sent})
            for sent in ("https", "http")
            if len(block.args) == 2 and block.args[0] == _FORWARDED
        ]
        if https_values in (["on", ""], ["on", "off"]):
            return f"{block.args[1]} if_not_empty"
    if map_of(http, _VARIABLE):
        return "on"
    lines = [f"map {_FORWARDED} ${_VARIABLE} {{", "    https on;", "}", ""]
    changes.setdefault(file.path, []).append(edits.insert_before(file.text, server, lines))
    return f"${_VARIABLE} if_not_empty"
