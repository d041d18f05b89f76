"""Redirects to the login of a provider elsewhere."""

from urllib.parse import parse_qsl

from diagnose.model.http import Exchange
from diagnose.parsers.redirects import redirect_target

#: OAuth 2.0 and OpenID Connect, CAS, WS-Federation.
_PARAMETERS = {"redirect_uri", "service", "wreply"}


def return_address(answer: Exchange) -> str:
    """Return the address to which a login has to lead back, "" if a response names none."""
    location = redirect_target(answer) or ""
    query = location.partition("?")[2].partition("#")[0]
    try:
        fields = parse_qsl(query[:8192], max_num_fields=64)
    except ValueError:
        return ""
    return next((value for name, value in fields if name in _PARAMETERS), "")
