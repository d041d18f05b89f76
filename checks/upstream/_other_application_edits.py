"""The remedies of upstream.other-application: another port, a location of its own, or the name in
another server block."""

import re

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from diagnose.model import (
    Applicability,
    Fix,
    Manual,
    Observation,
    Where,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    proxy_pass_of,
)
from diagnose.parsers.nginx.upstreams import ProxyTarget, proxy_target_of

#: The scheme and the server of a destination on this machine.
_ORIGIN = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\]|[\w-]+)(?::\d+)?")


@frozen
class LostPath:
    """A path that the program which gets it does not know: the responses of visitors, and the visit
    of the program that has it."""

    path: str
    is_websocket: bool
    responses: tuple[Observation, ...]
    visit: BackendVisit
    status: int


def other_names(nginx: Nginx, match: LocationMatch) -> tuple[str, ...]:
    """Return the names of other sites that the server block has: they have the location too."""
    host = nginx.evidence.target.host.removeprefix("www.")
    names = (name for line in children(match.blocks[1], "server_name") for name in line.args)
    return tuple(name for name in names if "." in name and name.removeprefix("www.") != host)


def lead_to_program(
    nginx: Nginx, match: LocationMatch, lost: LostPath, is_whole: bool, prefix: str
) -> Fix:
    """Return the remedy: another port in `proxy_pass` if the location `is_whole`, for nothing that
    its program has; else a location for the prefix; what to do by hand if no edit is sure."""
    directive = proxy_pass_of(match)
    changes: Changes = {}
    if is_whole and other_names(nginx, match):
        pass  # what is right for this name would take the others' application away
    elif directive is not None and is_whole:
        _change_port(nginx, match, lost, directive, changes)
    elif directive is not None and re.fullmatch(r"/[\w./-]+", prefix) and _may_open(nginx, lost):
        _add_location(nginx, match, lost, prefix, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("pass-it-there", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def move_name(nginx: Nginx, match: LocationMatch, block: Directive) -> Fix:
    """Take the name out of the block that answers, and write it into that of its program."""
    host = nginx.evidence.target.host
    own = children(match.blocks[1], "server_name")
    other = children(block, "server_name")
    if len(own) != 1 or len(other) > 1:
        return Fix((Manual("move-the-name", Where.SERVER),), Applicability.MANUAL)
    rest = " ".join(name for name in own[0].args if name != host)
    changes: dict[str, list[edits.TextEdit]] = {}
    changes[own[0].file] = [edits.replace_directive(own[0], f"server_name {rest};")]
    file = nginx.file(block)
    if other:
        line = f"server_name {' '.join((*other[0].args, host))};"
        changes.setdefault(block.file, []).append(edits.replace_directive(other[0], line))
    elif file is not None:
        insertion = edits.insert_first(file.text, block, [f"server_name {host};"])
        changes.setdefault(block.file, []).append(insertion)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("move-the-name", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def _change_port(
    nginx: Nginx, match: LocationMatch, lost: LostPath, directive: Directive, changes: Changes
) -> None:
    proxied = proxy_target_of(match, {})
    members = proxied.endpoints if proxied and proxied.group else ()
    named = members[0].directive if len(members) == 1 else None
    if (
        named is not None
        and named.name == "server"
        and proxied
        and _is_alone(nginx, match, proxied)
    ):
        # All that names the group is meant for the same program.
        rest = " ".join((lost.visit.target.removeprefix("http://"), *named.args[1:]))
        changes[named.file] = [edits.replace_directive(named, f"server {rest};")]
        return
    origin = _ORIGIN.match(directive.args[0])
    if origin is None or "$" in directive.args[0]:
        return
    rest = directive.args[0][origin.end() :]
    is_changed = lost.visit.path != lost.path
    uri = rest if rest and (is_changed or lost.path.startswith(rest)) else ""
    line = f"proxy_pass {lost.visit.target}{uri};"
    changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    if lost.is_websocket:
        fields = _location_edits.missing_upgrade_headers(nginx, match, changes)
        lines = _location_edits.http_1_1_lines(nginx, match, changes) if fields else []
        lines += _location_edits.header_lines(nginx, match, fields, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)


def _is_alone(nginx: Nginx, match: LocationMatch, proxied: ProxyTarget) -> bool:
    """Return whether no other location passes requests on to the same group."""
    others = (
        proxy_target_of(other, {})
        for selected in nginx.answering_servers()
        for other in all_locations(selected.server)
        if other.block is not match.block
    )
    return not any(other and other.group == proxied.group for other in others)


def _add_location(
    nginx: Nginx, match: LocationMatch, lost: LostPath, prefix: str, changes: Changes
) -> None:
    server = match.blocks[1]
    file = nginx.file(server)
    if file is None:
        return
    rest = lost.path.removeprefix(prefix)
    uri = lost.visit.path.removesuffix(rest) if lost.visit.path != lost.path else ""
    body = [
        f"proxy_pass {lost.visit.target}{uri};",
        "proxy_http_version 1.1;",
        f"proxy_set_header Host {_location_edits.host_variable(nginx.evidence.target)};",
        "proxy_set_header X-Real-IP $remote_addr;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ]
    if lost.is_websocket:
        body += [
            "proxy_set_header Upgrade $http_upgrade;",
            'proxy_set_header Connection "upgrade";',
            "proxy_read_timeout 3600s;",
        ]
    # A regular expression elsewhere must not take the path.
    head = f"location ^~ {prefix}" if prefix.endswith("/") else f"location {prefix}"
    changes[file.path] = [edits.insert_location(file.text, server, head, body)]


def _may_open(nginx: Nginx, lost: LostPath) -> bool:
    """Return whether a location may open the other program to visitors: it has a WebSocket that the
    site opens or a file of its page, or nginx passes requests on to it already. Any other one may
    listen on loopback so that visitors do not reach it."""
    if lost.is_websocket or any(
        isinstance(response, PageFileResponse) for response in lost.responses
    ):
        return True
    port = f":{lost.visit.target.rpartition(':')[2]}"
    directives = walk(nginx.config.main) if nginx.config else ()
    return any(
        f"{directive.args[0]}/".partition("://")[2].partition("/")[0].endswith(port)
        or (directive.name == "server" and directive.args[0].endswith(port))
        for directive in directives
        if directive.name in {"proxy_pass", "server"} and directive.args
    )
