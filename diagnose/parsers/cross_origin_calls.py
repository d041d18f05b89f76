"""Finds the requests for data that scripts send to addresses which are written in them in full, and
what a browser asks before it sends them. No I/O.

Fetch standard: "CORS-safelisted method" and "CORS-safelisted request-header" say which requests
need no preflight. An address may have a name: `const api = "https://api.example.com"` and
fetch(`${api}/users`), `baseURL: "…"` and `client.get("/users")`.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.data_paths import CHANGES
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import MAX_URLS, is_in_use
from diagnose.parsers.urls import Url, parse_url

#: Maximum number of requests that are returned, and of characters of a call that are read.
MAX_CALLS, MAX_OPTIONS = 16, 600

_HOST = r"https?://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?"
_PATH = r"/[A-Za-z0-9._~/%\-]{0,200}"
_NAME = r"[A-Za-z_$][\w$]{0,40}"
_REST = r"(?:\?[^\"'`\s<>\\]{0,200})?"
#: `const api = "https://api.example.com/v1";`, `API_URL: '…'`, `window.api = "…"`.
_BASE = lazy_pattern(
    rf"(?<![\w$])({_NAME})[\"']?\s{{0,9}}[:=]\s{{0,9}}([\"'`])({_HOST}(?:{_PATH})?)\2"
)
#: The call that sends the request: of it the method is known, or stands in what follows.
_CALL = lazy_pattern(
    r"(?:(?P<fetch>(?<![\w.$])(?:window\.)?fetch)|(?P<stream>\bnew EventSource)"
    r"|(?P<open>\.open)(?=\(\s{0,9}[\"'`](?P<opened>[A-Za-z]{3,7})[\"'`])"
    r"|(?P<jquery>(?<![\w.])(?:\$|jQuery)\.(?P<short>get|post|getJSON|ajax))"
    rf"|(?P<client>(?<![\w.$])(?P<library>{_NAME})(?:\.(?P<verb>get|post|put|patch|delete|request))?))"
    r"\(\s{0,9}(?:[\"'`][A-Za-z]{3,7}[\"'`]\s{0,9},\s{0,9}|\{\s{0,9}url\s{0,9}:\s{0,9})?"
    rf"(?:(?P<quote>[\"'`])(?P<url>{_HOST}(?:{_PATH})?){_REST}(?P=quote)"
    rf"|`\$\{{(?:{_NAME}\.)?(?P<inside>{_NAME})\}}(?P<behind>{_PATH}){_REST}`"
    rf"|(?:{_NAME}\.)?(?P<before>{_NAME})\s{{0,9}}\+\s{{0,9}}(?P<sign>[\"'`])(?P<added>{_PATH}){_REST}(?P=sign)"
    rf"|(?P<mark>[\"'`])(?P<below>{_PATH}){_REST}(?P=mark))"
)
_CLIENT = lazy_pattern(r"\baxios\b|\bky\b|\.create\(")
_METHOD = lazy_pattern(r"\b(?:method|type)[\"']?\s{0,9}:\s{0,9}[\"'`]([A-Za-z]{3,7})[\"'`]")
_JSON = lazy_pattern(
    r"(?i)content-?type[\"']?\s{0,9}[:,]\s{0,9}[\"'`]application/json|\bjson\s{0,9}:\s{0,9}true"
)
_AUTHORIZATION = lazy_pattern(r"(?i)[\"'`\s{,.]authorization[\"'`]?\s{0,9}[:,\]=]")
_OWN_FIELD = lazy_pattern(r"(?i)[\"'`](x-[a-z][a-z0-9-]{0,40})[\"'`]\s{0,9}[:,]")
_COOKIES = lazy_pattern(
    r"\bcredentials[\"']?\s{0,9}:\s{0,9}[\"'`]include|\bwithCredentials[\"']?\s{0,9}[:=]\s{0,9}(?:true\b|!0)"
)
#: No answer is read, or it is a script (JSONP).
_OPAQUE = lazy_pattern(
    r"\bmode[\"']?\s{0,9}:\s{0,9}[\"'`](?:no-cors|navigate)"
    r"|\bdataType[\"']?\s{0,9}:\s{0,9}[\"'`]jsonp"
)
_JSONP = re.compile(r"[?&][\w-]{1,40}=\?")
#: Options that stand elsewhere: `fetch(url, options)`.
_NAMED_OPTIONS = re.compile(rf"\s{{0,9}},\s{{0,9}}{_NAME}\s{{0,9}}")
#: A call that only developers reach: `if (DEBUG) {`, `if (mode === "development")`.
_DEVELOPERS = lazy_pattern(
    r"\bif\s{0,9}\([^;{}!]{0,80}(?<![A-Za-z])_{0,2}(?i:is[-_]?)?(?i:dev|debug|development)_{0,2}"
    r"[\"'`]?\s{0,9}\)\s{0,9}\{?[^;{}]{0,80}$"
)
#: Characters before a call in which its condition, and the string that it is a part of, may begin.
_BEFORE = 240
#: Names of clients that send requests below their base address.
_CLIENT_NAME = lazy_pattern(
    r"(?i).{0,30}(?:axios|http|api|client|request|instance|service|\bky).{0,20}"
)


@frozen
class CrossOriginCall:
    """A request of a script: its URL and method, the header fields besides those that need no
    permission, in lower case, and whether it sends cookies."""

    url: str
    method: str = "GET"
    fields: tuple[str, ...] = ()
    with_cookies: bool = False

    @property
    def needs_preflight(self) -> bool:
        return bool(self.fields) or self.method not in {"GET", "HEAD", "POST"}


def cross_origin_calls(script: str) -> tuple[CrossOriginCall, ...]:
    """Return the requests of a script, each once. One that ends a session or removes something is
    left out, and a POST that a browser sends without asking: nobody should send it who looks."""
    calls = dict.fromkeys(call for call in _calls(script) if _is_harmless(call))
    return tuple(calls)[:MAX_CALLS]


def sends_cookies(script: str) -> bool:
    """Return whether a script sends cookies with some request to another origin."""
    return _COOKIES.search(script) is not None


def _is_harmless(call: CrossOriginCall) -> bool:
    if call.needs_preflight:
        return True
    return call.method != "POST" and not CHANGES.search(call.url)


def _calls(script: str) -> Iterator[CrossOriginCall]:
    bases = _bases(script)
    common = bases.get("baseurl", "") if _CLIENT.search(script) else ""
    with_cookies = bool(common) and _COOKIES.search(script) is not None
    matches = zip(_CALL.finditer(script), range(8 * MAX_URLS), strict=False)
    for match, _ in matches:
        url = _url(match, bases, common)
        if url is None or not _is_sent(script, match):
            continue
        options = _arguments(script, match.end())
        # The options that have a name may be those of a request that reads nothing.
        written = script if _NAMED_OPTIONS.fullmatch(options) else options
        if _OPAQUE.search(written) or _JSONP.search(match[0]):
            continue
        method = _method(match, options)
        fields = _fields(match, method, options)
        is_below = match["below"] is not None and with_cookies
        yield CrossOriginCall(
            clean(str(url), 1024), method, fields, is_below or bool(_COOKIES.search(options))
        )


def _is_sent(script: str, match: re.Match[str]) -> bool:
    """Return whether visitors may send a request: it stands neither in a comment nor in a string,
    and is not for developers alone."""
    start = match.start()
    address = match.start("url")
    is_used = is_in_use(script, start) and (address < 0 or is_in_use(script, address))
    before = script[max(0, start - _BEFORE) : start]
    return is_used and not _is_in_string(before) and not _DEVELOPERS.search(before)


def _is_in_string(before: str) -> bool:
    """Return whether a string of its line is open at the end of a text: an example in a page of
    documentation. Where the line begins before the text, only the last character tells."""
    line = before.rpartition("\n")[2]
    if len(line) == len(before) >= _BEFORE:
        return line.endswith(('"', "'", "`"))
    mark = ""
    for position, character in enumerate(line):
        if (
            character in "\"'`"
            and mark in {"", character}
            and line[position - 1 : position] != "\\"
        ):
            mark = "" if mark else character
    return bool(mark)


def _bases(script: str) -> dict[str, str]:
    """Return the addresses that have a name, by its lower case. A name that has two is none, nor
    one that is assigned again, or is that of a parameter too."""
    bases: dict[str, set[str]] = {}
    for match, _ in zip(_BASE.finditer(script), range(MAX_URLS), strict=False):
        if is_in_use(script, match.start(3)):
            bases.setdefault(match[1].lower(), set()).add(match[3].rstrip("/"))
            if _is_reused(script, match[1]):
                bases[match[1].lower()].add("")
    return {name: next(iter(urls)) for name, urls in bases.items() if len(urls) == 1}


def _is_reused(script: str, name: str) -> bool:
    own = rf"(?<![\w$.]){re.escape(name)}(?![\w$])"
    assigned = re.finditer(rf"{own}\s{{0,9}}=(?![=>])", script)
    parameters = rf"\bfunction\b[^()]{{0,60}}\([^()]{{0,200}}{own}[^()]{{0,200}}\)"
    is_parameter = re.search(rf"{parameters}|{own}\s{{0,9}}\)?\s{{0,9}}=>", script) is not None
    return is_parameter or sum(1 for _, _ in zip(range(2), assigned, strict=False)) > 1


def _url(match: re.Match[str], bases: dict[str, str], common: str) -> Url | None:
    """Return the address of a call, None if it is not written."""
    is_sender = not match["client"] or match["library"] == "axios" or match["verb"] is not None
    if match["url"]:
        is_axios = match["library"] in {"axios", "ky"}
        return parse_url(match["url"]) if not match["client"] or is_axios else None
    if match["below"]:
        is_client = match["verb"] and _CLIENT_NAME.fullmatch(match["library"])
        return parse_url(f"{common}{match['below']}") if common and is_client else None
    name, path = match["inside"] or match["before"], match["behind"] or match["added"]
    base = bases.get(name.lower(), "") if name else ""
    return parse_url(f"{base}{path}") if base and is_sender else None


def _arguments(script: str, start: int) -> str:
    """Return what stands behind the address up to the end of the call."""
    depth, text = 1, script[start : start + MAX_OPTIONS]
    for position, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth <= 0:
            return text[:position]
    return text


def _method(match: re.Match[str], options: str) -> str:
    if match["opened"]:
        return match["opened"].upper()
    if match["verb"] and match["verb"] != "request":
        return match["verb"].upper()
    if match["short"] == "post":
        return "POST"
    method = _METHOD.search(options)
    return method[1].upper() if method else "GET"


def _fields(match: re.Match[str], method: str, options: str) -> tuple[str, ...]:
    fields = {name[1].lower() for name in _OWN_FIELD.finditer(options)}
    if _AUTHORIZATION.search(options):
        fields.add("authorization")
    sends_json = bool(match["client"]) and method in {"POST", "PUT", "PATCH"} and "{" in options
    if sends_json or _JSON.search(options):
        fields.add("content-type")
    return tuple(sorted(fields))[:8]
