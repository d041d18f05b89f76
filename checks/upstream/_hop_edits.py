"""The edits by which a server on the way passes on what the one before it says of the visitors'
scheme, each at its own line."""

from collections.abc import Sequence

from checks.nginx import Nginx, _location_edits
from checks.nginx._commands import reload_steps as nginx_reload
from checks.nginx._edits import Changes, config_edits
from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from checks.server._caddy_trust import proxy_option_fix, trusting_fix
from checks.server._haproxy_conditions import except_for
from checks.server._haproxy_scheme import scheme_edit
from checks.server._scheme_lines import scheme_steps, steps_with_headers
from checks.server._traefik_points import restart_step, trust_is_written, trusting_edit
from checks.upstream._hops import Passed, container_of, nginx_of, server_of
from diagnose.model import Applicability, Evidence, Fix, Step
from diagnose.parsers.haproxy.config import Line as HaproxyLine
from diagnose.parsers.haproxy.config import split_words
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.nginx.variables import expand_variables, map_of
from diagnose.parsers.server_hops import Hop

_RECEIVED = "$http_x_forwarded_proto"
_VARIABLE = "forwarded_scheme"
_IS_SAID = "{ req.hdr(X-Forwarded-Proto) -m found }"


def scheme_fix(
    evidence: Evidence, losses: Sequence[Passed], first: Hop, is_elsewhere: bool
) -> Fix | None:
    """Return the edits of all servers that lose the scheme; None if one of them takes a person.
    `first` is the
    server at the entrance. Whether the program reads the field is its own setting."""
    steps: list[Step] = []
    changes: Changes = {}
    nginx: Nginx | None = None
    for loss in losses:
        if loss.hop.product == "nginx" and not loss.hop.container:
            nginx = nginx_of(evidence, loss.hop)
            if not _change_nginx(nginx, loss, is_elsewhere and loss.hop is first, changes):
                return None
            continue
        is_trusting = loss.hop.product in {"caddy", "traefik"}
        if is_trusting and is_elsewhere and loss.hop is first:
            # From which address another machine asks, is not known.
            own = _told_by_caddy(evidence, loss)
            if not own:
                return None
            steps += own
            continue
        own = _in_container(evidence, loss) if loss.hop.container else _by_other(evidence, loss)
        if not own:
            return None
        steps += own
    if nginx is not None:
        file_edits = config_edits(nginx, changes)
        if not file_edits:
            return None
        steps += [*file_edits, *nginx_reload(nginx)]
    return Fix(tuple(steps), Applicability.REVIEW)


def _change_nginx(nginx: Nginx, loss: Passed, is_entrance: bool, changes: Changes) -> bool:
    """Pass the field on that came. Where visitors may come past the machine in front, or nobody
    sends the field, the scheme of the connection takes its place."""
    match, directive = loss.hop.match, loss.directive
    if match is None:
        return False
    if loss.hop.target.uses_tls:
        value = "$scheme"
    else:
        value = _variable(nginx, match, changes) if is_entrance else _RECEIVED
    if not value:
        return False
    line = f"proxy_set_header {SCHEME_FIELD} {value};"
    if directive is None:
        lines = _location_edits.header_lines(nginx, match, {SCHEME_FIELD: value}, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
    else:
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    return True


def _variable(nginx: Nginx, match: LocationMatch, changes: Changes) -> str:
    """Return the variable that is the received scheme, or else that of the connection: of a map
    that is there, or of one that is added before the server block; "" if that is not possible."""
    http, server = match.blocks[0], match.blocks[1]
    for block in children(http, "map"):
        if block.args[:1] == (_RECEIVED,) and len(block.args) == 2:
            values = [
                expand_variables(match, block.args[1],
                                 {"http_x_forwarded_proto": sent, "scheme": "http"})
                for sent in ("https", "")
            ]  # fmt: skip
            if values == ["https", "http"]:
                return block.args[1]
    file = nginx.file(server)
    if file is None or map_of(http, _VARIABLE) or server.name != "server":
        return ""
    lines = [
        f"map {_RECEIVED} ${_VARIABLE} {{",
        "    default $scheme;",
        "    https https;",
        "}",
        "",
    ]
    changes.setdefault(file.path, []).append(edits.insert_before(file.text, server, lines))
    return f"${_VARIABLE}"


def _in_container(evidence: Evidence, loss: Passed) -> tuple[Step, ...]:
    # Imported late: few sites have such a container.
    from checks.upstream._inner_container_edits import edits_in_container
    from checks.upstream._origins import FormRoute, ForwardedOrigin

    behind = container_of(evidence, loss.hop)
    if behind is None or loss.hop.match is None:
        return ()
    forwarded = ForwardedOrigin("", (SCHEME_FIELD,))
    nginx = nginx_of(evidence, loss.hop)
    route = FormRoute(nginx, loss.hop.match, forwarded, container=behind.container)
    fix = edits_in_container(route, {SCHEME_FIELD: _RECEIVED}, ())
    return fix.steps if fix else ()


def _by_other(evidence: Evidence, loss: Passed) -> tuple[Step, ...]:
    view, route = server_of(evidence, loss.hop), loss.hop.route
    if view is None or route is None or view.server.container:
        return ()
    own: tuple[Step, ...] = ()
    ends_tls = loss.hop.target.uses_tls
    match loss.hop.product:
        case "apache" if ends_tls:
            own = scheme_steps(view, route)
        case "haproxy" if ends_tls:
            edit = scheme_edit(view)
            own = (edit,) if edit else ()
        case "apache":
            line = loss.line
            text = line_text(view, line.file, line.number)
            new = f"{indentation(text)}RequestHeader setifempty {SCHEME_FIELD} http"
            own = steps_with_headers(view, line_edit(view, line.file, {line.number: (new,)}))
        case "haproxy":
            own = _spared_lines(evidence, loss)
        case "caddy" if not loss.line.text.startswith("header_up"):
            fix = trusting_fix(view)
            return fix.steps if fix else ()
        case "traefik":
            return _trusted_in_traefik(view, loss)
    return (*own, *reload_steps(view.server)) if own else ()


def _told_by_caddy(evidence: Evidence, loss: Passed) -> tuple[Step, ...]:
    """Caddy tells its program https, whoever asks: its visitors come by the machine in front."""
    view = server_of(evidence, loss.hop)
    is_written = loss.line.text.startswith("header_up")
    if view is None or loss.hop.product != "caddy" or view.server.container or is_written:
        return ()
    fix = proxy_option_fix(view, f"header_up {SCHEME_FIELD} https")
    return fix.steps if fix else ()


def _trusted_in_traefik(view: ServerView, loss: Passed) -> tuple[Step, ...]:
    """The server before asks at an address of this machine, and so from the same one."""
    if trust_is_written(view):
        return (restart_step(view.server),)
    host = loss.asked_at
    senders = ("127.0.0.1", "::1") if host == "localhost" else (host,) if is_address(host) else ()
    edit = trusting_edit(view, loss.hop.target.port, senders)
    return (edit, restart_step(view.server)) if edit else ()


def _spared_lines(evidence: Evidence, loss: Passed) -> tuple[Step, ...]:
    """HAProxy's lines that write the field leave alone a request that has it."""
    view = server_of(evidence, loss.hop)
    if view is None or len({line.file for line in loss.lines}) != 1:
        return ()
    new: dict[int, tuple[str, ...]] = {}
    for line in loss.lines:
        text = line_text(view, line.file, line.number)
        words = split_words(text)
        if words[1:2] == ("del-header",):
            new[line.number] = ()
            continue
        spared = except_for(HaproxyLine(words, line.file, line.number), _IS_SAID)
        if not spared:
            return ()
        new[line.number] = (f"{indentation(text)}{spared}",)
    edit = line_edit(view, loss.line.file, new)
    return (edit,) if edit else ()
