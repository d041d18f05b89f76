"""Which origin an application believes to have, by what nginx tells it."""

import re

from checks.nginx import Nginx
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.form_requests import HOST_FIELD, origin_fields
from diagnose.parsers.nginx.locations import LocationMatch
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


def told_origin(nginx: Nginx, match: LocationMatch) -> ToldOrigin | None:
    """Return what a location tells its application; None if that cannot be known."""
    target = nginx.evidence.target
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    if proxy_target is None:
        return None
    request = proxied_request(match, proxy_target, target, "1.1", {})
    if request is None:
        return None
    scheme = request.field(SCHEME_FIELD) or "http"
    fields = tuple(origin_fields(request, target))
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
