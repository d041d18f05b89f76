"""Whether the server in front tells the application that the visitor uses https.

If it does, and the application writes http: addresses all the same, the reason is a setting of the
application: it does not trust the proxy, or its own address is set with http.
"""

from checks.nginx import Nginx, file_line
from checks.server import ServerView, line_text, place_text, server_on_port
from checks.server._backend_answers import is_passed_to_a_server, route_to_application
from diagnose.model import Evidence, Fix, Target
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.urls import is_loopback_host

#: Programs that replace X-Forwarded-Proto unless they trust the sender (Caddy's documentation,
#: "trusted_proxies"; Traefik's, "forwardedHeaders.trustedIPs"). FrankenPHP is Caddy.
_REPLACING = ("caddy", "frankenphp", "traefik")

#: How Apache writes https, and the scheme of the visitor's own request (mod_ssl, "REQUEST_SCHEME").
_HTTPS_VALUES = frozenset({"https", "expr=%{request_scheme}", "%{request_scheme}s"})


def forwarded_scheme(evidence: Evidence, path: str) -> str:
    """Return the place at which the server in front tells the application of this path that the
    visitor uses https; "" if it does not, or if that is unknown."""
    return _forwarded_by_nginx(evidence, path) or _forwarded_by_other(evidence, path)


def server_fix(evidence: Evidence, path: str, *fields: str, websocket: bool = False) -> Fix | None:
    """Return the fix with which Apache, Caddy or HAProxy tells the application of this path how
    visitors come: the scheme, or the fields that are named; None if another server is in front, if
    it tells them already, or if it takes a person."""
    view = server_on_port(evidence)
    if view is None:
        return None
    # Imported late: only a finding needs it.
    from checks.server._visitor_fields import SCHEME, visitor_fix

    names = tuple(field.lower() for field in fields) or (SCHEME,)
    if SCHEME in names and forwarded_scheme(evidence, path):
        names = tuple(name for name in names if name != SCHEME)
    return visitor_fix(view, path, *names, websocket=websocket) if names else None


def front_title(evidence: Evidence) -> str:
    """Return the name of the web server other than nginx that has the target's port."""
    view = server_on_port(evidence)
    return view.server.title if view else ""


def tells_https(match: LocationMatch, proxy_target: ProxyTarget, target: Target) -> bool:
    """Return whether nginx sends X-Forwarded-Proto with "https"."""
    fields = proxy_headers.forwarded_fields(match, proxy_target, target)
    return any(name.lower() == SCHEME_FIELD.lower() and value == "https" for name, value in fields)


def _forwarded_by_nginx(evidence: Evidence, path: str) -> str:
    nginx, target = Nginx.of(evidence), evidence.target
    places = set()
    for match in nginx.location_matches(path.partition("?")[0]):
        proxy_target = upstreams.proxy_target_of(
            match, upstreams.route_variables(target, match, path)
        )
        directive = proxy_set_header_of(match, SCHEME_FIELD)
        if proxy_target is None or proxy_target.scheme != "http" or directive is None:
            return ""
        if not tells_https(match, proxy_target, target):
            return ""
        if _is_replaced(nginx, proxy_target, path):
            return ""
        places.add(file_line(directive))
    return places.pop() if len(places) == 1 else ""


def _is_replaced(nginx: Nginx, proxy_target: ProxyTarget, path: str) -> bool:
    """Return whether another server on this machine stands between nginx and the application and
    may put its own scheme into the field: Caddy and Traefik do unless they trust nginx, and a
    second block of nginx may say `$scheme` again, or redirect itself."""
    # Imported late: only a finding needs it.
    from checks.nginx._inner_blocks import inner_requests

    for endpoint in proxy_target.endpoints:
        if not endpoint.port or not is_loopback_host(endpoint.host):
            continue
        listeners = nginx.evidence.good(Listeners)
        holders = [
            socket.process or "" for listener in listeners for socket in listener.on(endpoint.port)
        ]
        if any(holder.startswith(_REPLACING) for holder in holders):
            return True
    requests = inner_requests(nginx, path, in_containers=True)
    return bool(requests) and (
        not requests[-1].passes_on or requests[-1].forwarded_value(SCHEME_FIELD) != "https"
    )


def _forwarded_by_other(evidence: Evidence, path: str) -> str:
    """Caddy and Traefik tell it by themselves; Apache where a line of the virtual host says so,
    HAProxy where the last line of its frontend or backend does."""
    view = server_on_port(evidence)
    route = route_to_application(view, path) if view else None
    if view is None or (route and is_passed_to_a_server(evidence, route)):
        return ""
    return _line_of(view, route, path)


def forwarded_to_server(evidence: Evidence, path: str) -> str:
    """Return the place at which Apache, Caddy or HAProxy tells it another web server of this
    machine, which may run the program itself (PHP) and gives it the field as it came; "" if it does
    not."""
    view = server_on_port(evidence)
    route = route_to_application(view, path) if view else None
    is_behind = route is not None and is_passed_to_a_server(evidence, route)
    return _line_of(view, route, path) if view is not None and is_behind else ""


def _line_of(view: ServerView, route: SiteRoute | None, path: str) -> str:
    if view.server.product == "haproxy":
        # Imported late: only a finding needs it.
        from checks.server._haproxy_scheme import says_https, scheme_line

        line = scheme_line(view, path.partition("?")[0])
        return place_text(line.file, line.number) if line and says_https(line) else ""
    if route is None or route.scheme != "http":
        return ""
    if view.server.product == "traefik":
        place = place_text(route.file, route.line) or (view.config.path if view.config else "")
        return "" if _is_set_in_traefik(view) else place
    if view.server.product == "caddy":
        return "" if _is_replaced_by_caddy(view, route) else place_text(route.file, route.line)
    for site in view.answering_sites if view.server.product == "apache" else ():
        for number in range(site.line, site.end + 1):
            if _sets_https(line_text(view, site.file, number)):
                return place_text(site.file, number)
    return ""


def _is_set_in_traefik(view: ServerView) -> bool:
    """Return whether a middleware may set the field: Traefik itself writes the scheme of the
    visitor's connection (its source, pkg/middlewares/forwardedheaders)."""
    files = view.config.files if view.config else ()
    return any(SCHEME_FIELD.lower() in file.text.lower() for file in files)


def _is_replaced_by_caddy(view: ServerView, route: SiteRoute) -> bool:
    """Return whether a line of the proxy's block says another scheme."""
    # Imported late: only a finding needs it.
    from checks.server._visitor_fields import SCHEME, caddy_fields

    values = {value for _, name, value in caddy_fields(view, route) if name.lower() == SCHEME}
    return not values <= {"https", "{scheme}"}


def _sets_https(line: str) -> bool:
    """Return whether a line of Apache's sends the scheme https to an application (mod_headers; the
    variable HTTPS is set where the visitor uses TLS)."""
    words = [word.strip("\"'") for word in line.lower().split()]
    if words[:1] != ["requestheader"] or SCHEME_FIELD.lower() not in words[:-1]:
        return False
    value, *condition = words[words.index(SCHEME_FIELD.lower()) + 1 :]
    return value in _HTTPS_VALUES and condition in ([], ["env=https"])
