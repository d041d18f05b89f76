"""Finds the http: addresses of the site itself on which a script builds its requests. No I/O.

`insecure_requests_in` (script_urls) reads an address that stands in the call. Here the address is
that of the page's own host, or put together of it, and may reach the call by a name:

    const base = "http://shop.example.com";          const host = location.host;
    axios.create({ baseURL: base + "/api" })         fetch("http://" + host + "/api")

A script that may choose https itself is left out.
"""

import re
from collections.abc import Iterator
from itertools import islice

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import MAX_URLS, is_in_use

#: Maximum number of names through which an address reaches a call, and of the names themselves.
_STEPS, _MAX_NAMES = 3, 16
#: Maximum number of addresses that are returned.
MAX_BASES = 4
#: A name of one or two letters means something else in the next function of a minified script:
#: characters between its value and its use.
_NEAR = 400

_NAME = r"[A-Za-z_$][\w$]{0,40}"
_PATH = r"/[A-Za-z0-9._~/\-]{0,200}"
_PORT_AND_PATH = rf"(?::\d{{1,5}}(?:{_PATH})?|{_PATH})"
#: `location.host`, `window.location.hostname`.
_LOCATION = r"(?:(?:window|document|self|globalThis)\.)?location\.host(?:name)?\b"
#: What a request begins with: the address follows. `url` is that of a call with options.
_CALL = (
    r"(?:\bfetch\(|\baxios(?:\.[a-z]{3,7})?\(|\bEventSource\(|\$\.(?:get|post|getJSON)\("
    r"|\.open\(\s{0,9}[\"'`][A-Za-z]{3,7}[\"'`]\s{0,9},"
    r"|\b(?:ajax|axios|request|uploadFile)\(\s{0,9}\{(?:[^{}]{0,200}[,\s])?url\s{0,9}:"
    r"|\bbaseURL[\"']?\s{0,9}[:=])\s{0,9}"
)
#: "http://" + HOST + "/path", `http://${HOST}/path`.
_JOINED = (
    rf"(?:[\"']http://[\"']\s{{0,9}}\+\s{{0,9}}(?P<plus>{_LOCATION}|{_NAME})(?![\w$.(\[])"
    rf"(?:\s{{0,9}}\+\s{{0,9}}[\"'`](?P<plus_path>{_PORT_AND_PATH}))?"
    rf"|`http://\$\{{(?P<braces>{_LOCATION}|{_NAME})\}}(?P<braces_path>{_PORT_AND_PATH})?)"
)
_ADDRESS = rf"(?:[\"'`](?P<url>http://[A-Za-z0-9.\-]{{1,253}}(?::\d{{1,5}})?(?:{_PATH})?)(?=[\"'`$])|{_JOINED})"
_CALLED = lazy_pattern(_CALL + _ADDRESS)
#: `const base = "http://…"`, `base_url: "http://" + host`. Behind `?` a name is a choice.
_NAMED = lazy_pattern(
    rf"(?<![\w$.?])(?<![?]\s)(?P<name>{_NAME})[\"']?\s{{0,9}}[:=](?!=)\s{{0,9}}{_ADDRESS}"
)
#: `base_url: base + "/api"`, `` url = `${base}/api` ``.
_DERIVED = lazy_pattern(
    rf"(?<![\w$.?])(?<![?]\s)(?P<name>{_NAME})[\"']?\s{{0,9}}[:=](?!=)\s{{0,9}}"
    rf"(?:(?:{_NAME}\.){{0,3}}(?P<source>{_NAME})\s{{0,9}}[+,;}}\n]"
    rf"|`\$\{{(?:{_NAME}\.){{0,3}}(?P<braced>{_NAME})\}})"
)
_USED = lazy_pattern(
    rf"{_CALL}(?:(?:{_NAME}\.){{0,3}}(?P<name>{_NAME})(?![\w$.(\[])"
    rf"|`\$\{{(?:{_NAME}\.){{0,3}}(?P<braced>{_NAME})\}})"
)
_OWN_HOST = lazy_pattern(
    rf"(?<![\w$.])(?P<name>{_NAME})\s{{0,9}}=(?!=)\s{{0,9}}{_LOCATION}\s{{0,9}}[,;\n}}]"
)
#: Words near an address of a script that may choose another one: it asks for the page's scheme, has
#: both, or asks whether it runs at its developer's. Characters on each side in which they stand.
_CHOICE = lazy_pattern(
    r"\.protocol\b|isSecure|[\"'`]https://?[\"'`]|`https://\$\{|location\.port\b"
    r"|hostname\s{0,9}[!=]==?|[\"'`]localhost[\"'`]|\bprocess\.env\b|\bimport\.meta\.env\b|\b__DEV__\b"
)
_BESIDE = 300


def plain_bases_in(script: str, host: str) -> tuple[str, ...]:
    """Return the http: addresses of this host that a script requests, or builds requests on, each
    once, at most MAX_BASES. `host` is that of the page."""
    own_names = {match["name"] for match in _first(_OWN_HOST.finditer(script))}
    urls = [
        url
        for match in _first(_CALLED.finditer(script))
        if (url := _url(match, host, own_names)) and _is_sure(script, match)
    ]
    urls += _used_by_name(script, host, own_names)
    return tuple(dict.fromkeys(urls))[:MAX_BASES]


def _first(matches: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    return islice(matches, MAX_URLS)


def _url(match: re.Match[str], host: str, own_names: set[str]) -> str:
    """Return the address that a match names, "" if it is not one of this host."""
    if match["url"]:
        authority = match["url"].removeprefix("http://").partition("/")[0]
        return match["url"] if authority.partition(":")[0].lower() == host else ""
    name = match["plus"] or match["braces"]
    if "location." not in name and name not in own_names:
        return ""
    rest = match["plus_path"] or match["braces_path"] or "/"
    return f"http://{host}{rest}{'' if '/' in rest else '/'}"


def _is_sure(script: str, match: re.Match[str]) -> bool:
    """Return whether the running program has this address, and no other in its place."""
    start, end = max(0, match.start() - _BESIDE), match.end() + _BESIDE
    position = match.start("url") if match["url"] else match.start()
    return is_in_use(script, position) and not _CHOICE.search(script, start, end)


def _used_by_name(script: str, host: str, own_names: set[str]) -> Iterator[str]:
    """Yield the addresses that reach a request by a name, over at most _STEPS names."""
    values: dict[str, tuple[str, int]] = {}
    for match in _first(_NAMED.finditer(script)):
        url = _url(match, host, own_names)
        if url and _is_sure(script, match):
            values.setdefault(match["name"], (url, match.start()))
    if not values:
        return
    derived = list(_first(_DERIVED.finditer(script)))
    for _ in range(_STEPS - 1):
        for match in derived[:MAX_URLS]:
            source = match["source"] or match["braced"]
            if len(values) < _MAX_NAMES and _is_value(values, source, match.start()):
                values.setdefault(match["name"], (values[source][0], match.start()))
    for match in _first(_USED.finditer(script)):
        name = match["name"] or match["braced"]
        start, end = max(0, match.start() - _BESIDE), match.end() + _BESIDE
        is_sure = is_in_use(script, match.start()) and not _CHOICE.search(script, start, end)
        if is_sure and _is_value(values, name, match.start()):
            yield values[name][0]


def _is_value(values: dict[str, tuple[str, int]], name: str, position: int) -> bool:
    """Return whether a name at a position still has the value that was read."""
    if name not in values:
        return False
    distance = position - values[name][1]
    return distance > 0 and (len(name) > 2 or distance < _NEAR)
