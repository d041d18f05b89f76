"""Which origin an application believes to have, by what nginx tells it."""

import re
from collections.abc import Mapping
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._location_edits import host_variable
from checks.upstream._comparisons import proxied_match
from diagnose.model import Evidence, Target
from diagnose.model.dns import published_addresses, resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.server import Listeners, server_addresses
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.form_requests import HOST_FIELD, origin_fields
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD, has_unknown_value, proxied_request
from diagnose.parsers.nginx.upstreams import split_host_port
from diagnose.parsers.origin_refusals import scheme_in_refusal

#: Names that no application reads: X-Forward-Proto, X_Forwarded_Proto, X-Forwarded-Protocol.
_SCHEME_LIKE = re.compile(
    r"x[-_]?forward(?:ed)?[-_]?(?:for[-_])?proto(?:col)?|x[-_]?(?:url[-_])?scheme", re.I
)

#: The port of https (RFC 9110 section 4.2.2).
_HTTPS = 443


@frozen(eq=False)
class ForwardedOrigin:
    """The origin that nginx tells an application, such as "http://127.0.0.1:3000". `wrong_fields`
    are the names of the header fields that are missing or wrong; `misspelled` is a directive whose
    field has nearly the right name."""

    origin: str
    wrong_fields: tuple[str, ...]
    misspelled: Directive | None = None


@frozen(eq=False)
class FormRoute:
    """The location of nginx that passes a form on, and what it tells the application. `outer` is
    the location in front if it is in a block behind the visitors' one, which gets plain http.
    `container` is that of the nginx which has the block, "" for one of this nginx. `plain` is the
    request as another machine makes it that ends the visitors' TLS, None where this nginx does."""

    nginx: Nginx
    match: LocationMatch
    told: ForwardedOrigin
    outer: LocationMatch | None = None
    container: str = ""
    plain: Target | None = None

    @property
    def is_inner(self) -> bool:
        return self.outer is not None

    def value(self, name: str) -> str:
        """Return the variable by which the location tells the application a field rightly."""
        if name.lower() == SCHEME_FIELD.lower():
            return "$http_x_forwarded_proto" if self.is_inner else "$scheme"
        return "$http_host" if self.is_inner else host_variable(self.nginx.evidence.target)


def form_route(nginx: Nginx, path: str) -> FormRoute | None:
    """Return how a form at this path reaches the application; None if that cannot be known.

    Where nothing on this machine listens on the site's port, another machine ends TLS, and asks
    nginx over http. What that one adds is passed on by a location that does not set it.
    """
    if match := proxied_match(nginx, path):
        origin = forwarded_origin(nginx, match)
        own = FormRoute(nginx, match, origin) if origin else None
        return _inner_route(nginx, path, origin) or own
    visited = nginx.evidence.target
    if not _ends_elsewhere(nginx):
        return None
    entrance = replace(visited, scheme="http", port=80, path=path)
    plain = Nginx.of(replace(nginx.evidence, target=replace(visited, scheme="http", port=80)))
    is_named = all(selected.name_match != "default" for selected in plain.selected_servers())
    match = proxied_match(plain, path) if is_named else None
    origin = forwarded_origin(plain, match, visited) if match else None
    if match is None or origin is None:
        return None
    directive = proxy_set_header_of(match, SCHEME_FIELD)
    if directive is None or directive.args[1:] not in {("$scheme",), ("http",)}:
        return None
    return FormRoute(plain, match, origin, plain=entrance)


def _inner_route(nginx: Nginx, path: str, passed: ForwardedOrigin | None) -> FormRoute | None:
    """Return what the last of the blocks behind the visitors' one tells the application; None if it
    passes on what it was told, and that is wrong (`passed`)."""
    # Imported late: only a refused form needs it.
    from checks.nginx._inner_blocks import inner_requests
    from checks.nginx._inner_scheme import hidden_scheme

    requests = inner_requests(nginx, path, in_containers=True)
    inner = requests[-1] if requests and requests[-1].passes_on else None
    if inner is None or proxy_pass_of(inner.match) is None or None in inner.fields.values():
        return None
    if passed and passed.wrong_fields and hidden_scheme(nginx, path) is None:
        return None
    host, port = split_host_port(inner.host, 80)
    lines = inner.match.directives("proxy_set_header")
    if any("$server_port" in word for line in lines for word in line.args):
        port = inner.socket.port  # "$http_host" has that of the field
    received = {name: value for name, value in inner.fields.items() if value}
    origin = forwarded_origin(
        Nginx.of(replace(nginx.evidence, target=replace(inner.target, host=host, port=port))),
        inner.match,
        nginx.evidence.target,
        received,
    )
    return FormRoute(nginx, inner.match, origin, inner.outer, inner.container) if origin else None


def _ends_elsewhere(nginx: Nginx) -> bool:
    """Return whether visitors speak TLS, and nothing on this machine with them."""
    target, listeners = nginx.evidence.target, nginx.evidence.good(Listeners)
    is_held = any(listener.on(target.port) for listener in listeners)
    return target.uses_tls and bool(listeners) and not is_held


def is_visited_plainly(evidence: Evidence) -> bool:
    """Return whether visitors reach this machine itself over http, and no other machine ends TLS
    for it: the site's name leads to addresses of this machine alone, and nothing on it listens for
    https."""
    listeners = evidence.good(Listeners)
    published = (published_addresses(evidence, family) or () for family in (4, 6))
    addresses = {each for family in published for each in family} or {*resolved_addresses(evidence)}
    return (
        not evidence.target.uses_tls
        and bool(listeners)
        and not any(listener.on(_HTTPS) for listener in listeners)
        and bool(addresses)
        and addresses <= set(server_addresses(evidence))
    )


def may_be_https(evidence: Evidence, origin: ForwardedOrigin, words: str) -> bool:
    """Return whether nginx tells an application https of a site that was asked for over http, and
    another machine may end TLS for visitors: then nginx is right, unless the refusal says so."""
    is_https = not evidence.target.uses_tls and origin.origin.startswith("https:")
    return is_https and scheme_in_refusal(words) != "https" and not is_visited_plainly(evidence)


def forwarded_origin(
    nginx: Nginx,
    match: LocationMatch,
    visited: Target | None = None,
    received: Mapping[str, str] | None = None,
) -> ForwardedOrigin | None:
    """Return what a location tells its application; None if that cannot be known. `visited` is the
    target where visitors ask for it otherwise than nginx is asked, and `received` are the fields
    that nginx gets."""
    target = nginx.evidence.target
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    if proxy_target is None:
        return None
    request = proxied_request(match, proxy_target, target, "1.1", received or {})
    if request is None or has_unknown_value(match, request, SCHEME_FIELD):
        return None
    scheme = request.field(SCHEME_FIELD) or "http"
    fields = tuple(origin_fields(request, visited or target))
    host = request.field(HOST_FIELD if HOST_FIELD in fields else "Host") or ""
    misspelled = misspelled_field(match) if SCHEME_FIELD in fields else None
    return ForwardedOrigin(f"{scheme}://{host}", fields, misspelled)


def misspelled_field(match: LocationMatch) -> Directive | None:
    """Return the proxy_set_header that seems to mean X-Forwarded-Proto, and is called otherwise."""
    for directive in match.directives("proxy_set_header"):
        name = directive.args[0] if directive.args else ""
        if name.lower() != SCHEME_FIELD.lower() and _SCHEME_LIKE.fullmatch(name):
            return directive
    return None
