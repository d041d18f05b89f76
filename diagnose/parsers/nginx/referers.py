"""Whether nginx takes a Referer for an invalid one (ngx_http_referer_module, "valid_referers"). No
I/O."""

import re
from collections.abc import Mapping

from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_SCHEME = re.compile(r"(?i)https?://")
_MAX_ARGUMENTS = 2000


def invalid_referer(location: LocationMatch, request: Mapping[str, str | None]) -> str | None:
    """Return the value of `$invalid_referer`: "" for a Referer that is in the list, or where there
    is no list, "1" for another one; None if that is not known."""
    arguments = [word for line in location.directives("valid_referers") for word in line.args]
    referer = request.get("http_referer")
    if not arguments:
        return ""
    if referer is None or len(arguments) > _MAX_ARGUMENTS:
        return None
    if not referer:
        return "" if "none" in arguments else "1"
    scheme = _SCHEME.match(referer)
    if scheme is None:
        return "" if "blocked" in arguments else "1"
    address = referer[scheme.end() :]
    host = re.split(r"[:/?#]", address, maxsplit=1)[0].lower()
    names = [word for word in arguments if word not in {"none", "blocked", "server_names"}]
    if "server_names" in arguments:
        names += [name for line in location.directives("server_name") for name in line.args]
    truths = [_is_in(name, host, address) for name in names]
    if True in truths:
        return ""
    return None if None in truths else "1"


def _is_in(name: str, host: str, address: str) -> bool | None:
    """Return whether a Referer is of a name of the list, which may have a path; None if that is not
    known."""
    if name.startswith("~"):
        expression = name[1:]
        if not is_supported_pcre(expression):
            return None
        return pcre_search(expression, address, True) is not None
    own, slash, path = name.lower().partition("/")
    if slash and not address.partition("/")[2].startswith(path):
        return False
    if own.startswith(("*.", ".")):
        suffix = own.lstrip("*")
        return host.endswith(suffix) or (name.startswith(".") and host == suffix[1:])
    if own.endswith(".*"):
        return host.startswith(own[:-1])
    return host == own
