"""Which origin an application believes to have, by what nginx tells it."""

import re
from dataclasses import replace

from checks.nginx import Nginx
from checks.upstream._comparisons import proxied_match
from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.form_requests import HOST_FIELD, origin_fields
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD, proxied_request

#: Names that no application reads: X-Forward-Proto, X_Forwarded_Proto, X-Forwarded-Protocol.
_SCHEME_LIKE = re.compile(
    r"x[-_]?forward(?:ed)?[-_]?(?:for[-_])?proto(?:col)?|x[-_]?(?:url[-_])?scheme", re.I
)


@frozen(eq=False)
class ToldOrigin:
    """The origin that nginx tells an application, such as "http://127.0.0.1:3000". `wrong_fields`
    are the names of the header fields that are missing or wrong; `misspelled` is a directive whose
    field has nearly the right name."""

    origin: str
    wrong_fields: tuple[str, ...]
    misspelled: Directive | None = None


@frozen(eq=False)
class FormRoute:
    """The location of nginx that passes a form on, and what it tells the application."""

    nginx: Nginx
    match: LocationMatch
    told: ToldOrigin


def form_route(nginx: Nginx, path: str) -> FormRoute | None:
    """Return how a form at this path reaches the application; None if that cannot be known.

    Where nothing on this machine listens on the site's port, another machine ends TLS, and asks
    nginx over http. What that one adds is passed on by a location that does not set it.
    """
    if match := proxied_match(nginx, path):
        told = told_origin(nginx, match)
        return FormRoute(nginx, match, told) if told else None
    visited = nginx.evidence.target
    if not _ends_elsewhere(nginx):
        return None
    plain = Nginx.of(replace(nginx.evidence, target=replace(visited, scheme="http", port=80)))
    is_named = all(selected.name_match != "default" for selected in plain.selected_servers())
    match = proxied_match(plain, path) if is_named else None
    told = told_origin(plain, match, visited) if match else None
    if match is None or told is None:
        return None
    directive = proxy_set_header_of(match, SCHEME_FIELD)
    if directive is None or directive.args[1:] not in {("$scheme",), ("http",)}:
        return None
    return FormRoute(plain, match, told)


def _ends_elsewhere(nginx: Nginx) -> bool:
    """Return whether visitors speak TLS, and nothing on this machine with them."""
    target, listeners = nginx.evidence.target, nginx.evidence.good(Listeners)
    is_held = any(each.on(target.port) for each in listeners)
    return target.uses_tls and bool(listeners) and not is_held


def told_origin(
    nginx: Nginx, match: LocationMatch, visited: Target | None = None
) -> ToldOrigin | None:
    """Return what a location tells its application; None if that cannot be known. `visited` is the
    target where visitors ask for it otherwise than nginx is asked."""
    target = nginx.evidence.target
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    if proxy_target is None:
        return None
    request = proxied_request(match, proxy_target, target, "1.1", {})
    if request is None:
        return None
    scheme = request.field(SCHEME_FIELD) or "http"
    fields = tuple(origin_fields(request, visited or target))
    host = request.field(HOST_FIELD if HOST_FIELD in fields else "Host") or ""
    misspelled = misspelled_field(match) if SCHEME_FIELD in fields else None
    return ToldOrigin(f"{scheme}://{host}", fields, misspelled)


def misspelled_field(match: LocationMatch) -> Directive | None:
    """Return the proxy_set_header that seems to mean X-Forwarded-Proto, and is called otherwise."""
    for directive in match.directives("proxy_set_header"):
        name = directive.args[0] if directive.args else ""
        if name.lower() != SCHEME_FIELD.lower() and _SCHEME_LIKE.fullmatch(name):
            return directive
    return None
