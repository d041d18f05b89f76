"""Judges whether a browser keeps an answer from the page that asked another origin for it (Fetch
standard, sections 4.9 "CORS check" and 4.8 "CORS-preflight fetch"). No I/O."""

from collections.abc import Collection

from diagnose.model.marks import Headers

_ORIGIN, _COOKIES = "access-control-allow-origin", "access-control-allow-credentials"


def permits(headers: Headers, origin: str, with_cookies: bool = False) -> bool:
    """Return whether an answer is permitted to a page of this origin."""
    values = [value.strip() for name, value in headers if name.lower() == _ORIGIN]
    if len(values) != 1:
        return False
    if not with_cookies:
        return values[0] in {"*", origin}
    return values[0] == origin and permits_cookies(headers)


def permits_cookies(headers: Headers) -> bool:
    """Return whether the answer to a request with cookies may be read: one value, in lower case."""
    values = [value.strip() for name, value in headers if name.lower() == _COOKIES]
    return values == ["true"]


def permits_preflight(
    status: int,
    headers: Headers,
    origin: str,
    method: str,
    fields: Collection[str],
    with_cookies: bool = False,
) -> bool:
    """Return whether the answer to a preflight lets the request follow, of this method and with
    these header fields, in lower case. Without cookies `*` permits all."""
    if not 200 <= status < 300 or not permits(headers, origin, with_cookies):
        return False
    any_value = set() if with_cookies else {"*"}
    methods = {name.upper() for name in _list_of(headers, "Access-Control-Allow-Methods")}
    names = {name.lower() for name in _list_of(headers, "Access-Control-Allow-Headers")}
    is_method = method in {"GET", "HEAD", "POST"} or bool(methods & {method, *any_value})
    return is_method and (not set(fields) - names or bool(names & any_value))


def _list_of(headers: Headers, name: str) -> set[str]:
    values = (value for key, value in headers if key.lower() == name.lower())
    return {part.strip() for value in values for part in value.split(",")}
