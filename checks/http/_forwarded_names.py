"""The host that nginx tells an application, which makes its own redirects from it."""

from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.urls import parse_url

#: Frameworks prefer the first.
_FIELDS = ("X-Forwarded-Host", "Host")


@frozen
class ForwardedName:
    """A field of nginx's request that names a host, and the location that sends it."""

    field: str
    value: str
    match: LocationMatch
    directive: Directive

    @property
    def place(self) -> str:
        return file_line(self.directive)


def forwarded_name(nginx: Nginx, step: Exchange, host: str) -> ForwardedName | None:
    """Return the field by which nginx tells the application `host` ("localhost:3000"), to which the
    application redirects; None if nginx tells it something else."""
    url = parse_url(step.url)
    if url is None or url.host != nginx.evidence.target.host or step.port != url.port:
        return None
    for match in nginx.location_matches(url.path) if step.port == _port(nginx) else ():
        for field, value in _forwarded_names(nginx, match, url.path).items():
            directive = proxy_set_header_of(match, field) or proxy_pass_of(match)
            if value.lower() == host.lower() and directive is not None:
                return ForwardedName(field, value, match, directive)
    return None


def unforwarded_port(evidence: Evidence, text: str) -> int | str:
    """Return the port in an address of the site that nginx does not tell the application, so that
    it is of its own setting; "" for a usual port, the visitor's, or one that it is told."""
    url, steps = parse_url(text), exchanges_by_purpose(evidence, "target")
    if url is None or url.port in {80, 443, evidence.target.port} or not steps:
        return ""
    return "" if forwarded_name(Nginx.of(evidence), steps[0], url.authority) else url.port


def _port(nginx: Nginx) -> int:
    return nginx.evidence.target.port


def _forwarded_names(nginx: Nginx, match: LocationMatch, path: str) -> dict[str, str]:
    target = nginx.evidence.target
    variables = upstreams.route_variables(target, match, path)
    proxy_target = upstreams.proxy_target_of(match, variables)
    if proxy_target is None or not proxy_target.speaks_http:
        return {}
    fields = proxy_headers.forwarded_fields(match, proxy_target, target)
    values = {name.lower(): value for name, value in fields}
    values["host"] = proxy_headers.forwarded_host(match, proxy_target, target) or ""
    return {field: values[field.lower()] for field in _FIELDS if values.get(field.lower())}


def visitors_name_fix(
    nginx: Nginx, forwarded_name: ForwardedName, onward: str = "", is_plain: bool = False
) -> Fix | None:
    """Tell the application the visitor's host instead, and the scheme if it writes http
    (`is_plain`) and is told none. If it redirects `onward` below a folder that nginx cuts off, and
    of which it does not know, nginx puts that back."""
    changes: Changes = {}
    headers = {forwarded_name.field: _location_edits.host_variable(nginx.evidence.target)}
    if is_plain and proxy_set_header_of(forwarded_name.match, SCHEME_FIELD) is None:
        headers[SCHEME_FIELD] = "$scheme"
    lines = _location_edits.header_lines(nginx, forwarded_name.match, headers, changes)
    lines = [*lines, *_folder_lines(nginx, forwarded_name.match, onward)]
    _location_edits.insert_lines(nginx, forwarded_name.match, lines, changes)
    file_edits = config_edits(nginx, changes)
    return (
        _location_edits.location_fix(nginx, forwarded_name.match, file_edits)
        if file_edits
        else None
    )


def _folder_lines(nginx: Nginx, match: LocationMatch, onward: str) -> list[str]:
    url = parse_url(onward)
    if url is None or children(match.block, "proxy_redirect"):
        return []
    from checks.http._folders import cut_prefix, prefix_line

    prefix, _ = cut_prefix(nginx.evidence, match)
    is_lost = bool(prefix) and not url.path.startswith(prefix)
    return [prefix_line(nginx.evidence, prefix, onward)] if is_lost else []
