"""The fields about the visitor's address that an application needs for a login elsewhere."""

from checks.http._known_application import recognized_application
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines
from diagnose.model import Applicability, Evidence, Fix, Manual, Step, Target, Where
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.urls import parse_url

#: The fields by which an application knows its own address, as documentation writes them.
_NAME_FIELDS = {"Host", "X-Forwarded-Host"}
_ADDRESS_FIELDS = _NAME_FIELDS | {"X-Forwarded-Port", "X-Forwarded-Proto"}


def passing_location(nginx: Nginx, page: str) -> LocationMatch | None:
    """Return the location that passes the page of a login on."""
    url = parse_url(page)
    path = (url.path if url else "").partition("?")[0] or nginx.evidence.target.path
    return next((match for match in nginx.location_matches(path) if proxy_pass_of(match)), None)


def missing_fields(nginx: Nginx, match: LocationMatch, is_inner: bool) -> dict[str, str]:
    """Return the fields about the visitor's address that the application does not get, or gets
    with another value, each with its value."""
    speaks_tls = all(selected.socket.ssl for selected in nginx.selected_servers())
    fields = {"Host": "$host"} if is_inner else {}
    fields |= {"X-Forwarded-Proto": "$scheme"} if speaks_tls and not is_inner else {}
    known = recognized_application(nginx.evidence)
    for field in known[1].fields if known else ():
        if field.name in _ADDRESS_FIELDS and (speaks_tls or field.value != "$scheme"):
            fields[field.name] = field.value
    return {
        name: value
        for name, value in fields.items()
        if not _is_told(match, name, value, nginx.evidence.target)
    }  # fmt: skip


def _is_told(match: LocationMatch, name: str, value: str, target: Target) -> bool:
    """Return whether nginx sends the field with what it should say. A line may stand there and say
    nothing: $http_x_forwarded_proto where visitors come to this very server."""
    sent = proxy_headers.sent_value(match, name, target)
    wanted = expand_variables(match, value, upstreams.request_variables(target))
    if sent is None or wanted is None:
        return proxy_set_header_of(match, name) is not None
    if name in _NAME_FIELDS:
        # With or without the port: both are visitors' own.
        return upstreams.split_host_port(sent, 0)[0] == upstreams.split_host_port(wanted, 0)[0]
    return sent == wanted


def server_fix(evidence: Evidence, page: str, is_inner: bool) -> Fix | None:
    """Return the fix with which another server than nginx passes the fields on; None if it does so
    already, or if it takes a person."""
    # Imported late: few logins stand behind another server.
    from checks.http._forwarded_scheme import server_fix as told_fix

    url = parse_url(page)
    path = url.path if url else evidence.target.path
    fix = told_fix(evidence, path, "Host" if is_inner else "X-Forwarded-Proto")
    step = Manual("trust-the-proxy", Where.APPLICATION)
    return Fix((*fix.steps, step), Applicability.MANUAL) if fix else None


def address_fix(nginx: Nginx, match: LocationMatch | None, fields: dict[str, str]) -> Fix:
    """Pass the fields on. What the application makes of them is a matter of its own settings."""
    changes: Changes = {}
    if match is not None and fields:
        insert_lines(nginx, match, header_lines(nginx, match, fields, changes), changes)
    edits = config_edits(nginx, changes)
    # Where nothing is missing, nginx's lines stand there already.
    is_passed = bool(edits) or (match is not None and not fields)
    step = Manual("trust-the-proxy" if is_passed else "tell-the-application", Where.APPLICATION)
    steps: tuple[Step, ...] = (*edits, *reload_steps(nginx), step) if edits else (step,)
    return Fix(steps, Applicability.MANUAL)
