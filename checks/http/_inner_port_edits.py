"""The edit by which nginx writes the visitors' address into the redirects of an application to
their own name at the port at which nginx asks it: the program adds its port to a Host without one.
"""

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import host_variable, insert_lines, location_fix
from diagnose.model import Fix
from diagnose.model.http import Exchange
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.upstreams import proxy_target_of, request_variables
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import Url, parse_url


def inner_port_fix(nginx: Nginx, step: Exchange) -> Fix | None:
    """Return the fix; None if the redirect does not name the port of the application, if the
    location has a `proxy_redirect`, or if its file cannot be edited."""
    url, onward = parse_url(step.url), parse_url(redirect_target(step) or "")
    host = nginx.evidence.target.host
    if url is None or onward is None or {url.host, onward.host} != {host}:
        return None
    for match in nginx.location_matches(url.path.partition("?")[0]):
        if _names_application(nginx, match, onward) and not match.directives("proxy_redirect"):
            return _fix(nginx, match, onward)
    return None


def _names_application(nginx: Nginx, match: LocationMatch, onward: Url) -> bool:
    proxy = proxy_target_of(match, request_variables(nginx.evidence.target))
    ports = {endpoint.port for endpoint in proxy.endpoints} if proxy else set()
    return onward.port in ports and onward.port != nginx.evidence.target.port


def _fix(nginx: Nginx, match: LocationMatch, onward: Url) -> Fix | None:
    # The default needs an address without variables (ngx_http_proxy_module, "proxy_redirect").
    directive = proxy_pass_of(match)
    changes: Changes = {}
    is_fixed = directive is not None and "$" not in directive.args[0]
    host = host_variable(nginx.evidence.target)
    scheme = "https" if onward.secure else "http"
    lines = ["proxy_redirect default;"] if is_fixed else []
    lines.append(f"proxy_redirect {scheme}://$host:{onward.port}/ $scheme://{host}/;")
    insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None
