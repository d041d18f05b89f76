"""The directive by which nginx keeps the visitors' login from an application: it sets the field to
nothing, or drops all fields (ngx_http_proxy_module, proxy_set_header, proxy_pass_request_headers).
No I/O."""

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.upstreams import pass_directive_of

_FIELDS = ("Cookie", "Authorization")


def withholding_directive(match: LocationMatch) -> Directive | None:
    """Return the directive in force in a location, None if the login is passed on."""
    for name in _FIELDS:
        directive = proxy_set_header_of(match, name)
        # With a password of nginx's own, Authorization is none of the application's business.
        is_own = name == "Authorization" and _asks_for_password(match)
        if directive and directive.args[1:] == ("",) and not is_own:
            return directive
    return switched_off(match, "pass_request_headers")


def _asks_for_password(match: LocationMatch) -> bool:
    directive = match.directive("auth_basic")
    return directive is not None and directive.args[:1] != ("off",)


def switched_off(match: LocationMatch, name: str) -> Directive | None:
    """Return the directive of the location's protocol with this name ("pass_request_body" is
    `proxy_pass_request_body`), None unless it is off."""
    passing = pass_directive_of(match)
    prefix = passing.name.removesuffix("_pass") if passing else "proxy"
    directive = match.directive(f"{prefix}_{name}")
    return directive if directive and directive.args[:1] == ("off",) else None
