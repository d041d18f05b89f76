"""Finds the WebSockets and the http: addresses that a page's scripts open. No I/O.

Only addresses in quotes count, with a host, not in a comment, and not under a name such as `dev`:
what stands there is certainly in the program. A program that puts an address together is not
understood.
"""

import re
from collections.abc import Iterator

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Maximum number of addresses of a text that are looked at.
MAX_URLS = 64

#: Characters before an address in which the beginning of its comment is searched.
_LINE, _BLOCK = 400, 4000

_REST = r"[A-Za-z0-9._\-\[\]:]{1,255}[^\s\"'`<>\\]{0,255}"
_WEBSOCKET = lazy_pattern(rf"(?<=[\"'`])wss?://{_REST}")
#: http: addresses, and of the https: ones those of the visitor's own machine.
_STRING = rf"[\"'`]((?:http://|https://(?=localhost\b|127\.|\[::1\])){_REST})"
_REQUEST = lazy_pattern(
    r"(?:\bfetch\(|\baxios(?:\.[a-z]{3,7})?\(|\bEventSource\(|\bimport\(|\bimportScripts\("
    r"|\$\.(?:get|post|getJSON)\(|\.open\(\s{0,9}[\"'`][A-Za-z]{3,7}[\"'`]\s{0,9},"
    r"|\bSwaggerU(?:i|IBundle)\(\s{0,9}\{(?:[^}]{0,200}[,{\s])?url\s{0,9}:"
    rf"|\bbaseURL\s{{0,9}}[:=])\s{{0,9}}{_STRING}"
)
#: The same in a setting: `API_URL: "`, `window.apiBaseUrl = '`, `"BACKEND_URL":"`. Create React
#: App, Vite, Angular, Nuxt and the `env.js` of containers name it so.
_SETTING = lazy_pattern(
    r"(?<![A-Za-z])(?:[A-Za-z]{1,20}_){0,3}(?i:(?:api|backend|graphql|rest)(?:[_-]?(?:server|base))?"
    r"[_-]?(?:url|uri|root|host|origin|endpoint|address|base))[\"'`]?"
    rf"\s{{0,9}}[:=]\s{{0,9}}{_STRING}"
)
#: The same for libraries that put a path of their own behind the address, or take an http: one:
#: Socket.IO, SockJS, SignalR's HubConnectionBuilder.
_LIBRARY_SOCKET = lazy_pattern(
    r"(?:\b(io)(?:\.connect)?|\bnew (SockJS)|\.(withUrl))\(\s{0,9}"
    rf"[\"'`](https?|wss?)://({_REST})"
)
#: A value in the data of a page, as a variable has it or JSON: an address of the machine itself
#: that has a port.
_LOCAL_VALUE = lazy_pattern(
    r"[:=,\[]\s{0,9}\\?[\"'`](https?):(?://|\\/\\/|\\\\/\\\\/)"
    r"((?:localhost|127\.0\.0\.1|\[::1\]):[1-9][0-9]{1,4})(?=[/\\\"'`?])"
)
#: What follows an address up to what goes over the object in which it stands.
_OBJECT_END = lazy_pattern(r"[^{}]{0,400}?,\s{0,9}(\.\.\.)|[^{}]{0,400}\}\s{0,9},")
_DEFAULTS = lazy_pattern(r"(?:\bassign|\bextend|\bmerge|\bdefaults)\(\s{0,9}\{[^{}]{0,400}$")
#: `http://backend:8000/api`: a name without a dot and with a port is one of a network of
#: containers, or of a company. Behind `||` or `??` it stands for an address that is not set.
_INNER_NAME = lazy_pattern(
    r"(?<![|?][\"'`])(?<![|?]\s[\"'`])(?<=[\"'`])http://(?!localhost\b)[A-Za-z][A-Za-z0-9_\-]{1,62}:[0-9]{2,5}(?=[/\"'`])"
    r"[A-Za-z0-9._~/\-]{0,200}"
)
#: `navigator.serviceWorker.register("/sw.js")` (W3C Service Workers, section 3.4.3).
_WORKER = lazy_pattern(r"\bserviceWorker\s{0,9}\.register\(\s{0,9}([\"'`])([\w./~?=&%+-]{1,255})\1")
#: `import("./viewer.min.mjs")`, `workerSrc = "/pdf.worker.mjs"`, `fetch("/app.wasm")`.
_MODULE = lazy_pattern(r"([\"'`])((?:\.{0,2}/)?[\w@.-][\w@./-]{0,200}\.(?:mjs|wasm))\1")
#: `import "/vite/client"`, `import { a, b } from "./app.js"`.
_IMPORT = lazy_pattern(
    r"(?:^|[;\n}])\s{0,40}import\s{0,9}(?:[\w$*{][\w$*{},\s]{0,400}\bfrom\s{0,9})?"
    r"([\"'])((?:/|\.{1,2}/)[^\"'\s<>]{1,255})\1"
)
#: `new EventSource("/events")` (HTML standard, section 9.2.2).
_STREAM = lazy_pattern(r"\bnew EventSource\(\s{0,9}([\"'`])((?:\.{0,2}/)?[\w./~?=&%+-]{1,255})\1")
#: The same by `fetch`, whose answer the script reads piece by piece (Streams standard,
#: `getReader`), and by a library of that name; both without a method, so that a GET is sent.
_FETCHED = lazy_pattern(
    r"(?<![\w.$])(fetchEventSource|fetch)\(\s{0,9}([\"'`])(\.{0,2}/[\w./~?=&%+-]{1,255})\2"
    r"(?!\s{0,9},\s{0,9}\{[^}]{0,300}\bmethod\b)"
)
_PIECES = ("getReader(", "TextDecoderStream(")
_STREAM_WORD = lazy_pattern(r"(?i)stream|\bevents?\b|\bsse\b|chat|complet|progress|\btail\b")
#: Maximum number of modules that an inline script imports.
MAX_IMPORTS = 4
#: `"ws://" + location.host + "/ws"`, `ws://${window.location.host}/ws`, `"ws://" +
#: document.domain + ":6060"`.
_OWN_SOCKET = lazy_pattern(
    r"(?:[\"']ws://[\"']\s{0,9}\+\s{0,9}|`ws://\$\{)(?:(?:window\.|document\.|self\.)?"
    r"location\.host(?:name)?|document\.domain)(?:\}|\s{0,9}\+\s{0,9}[\"'`])?"
    r"(:[1-9][0-9]{1,4}(?![0-9]))?(/[A-Za-z0-9._~/\-]{1,200})?"
)
#: `location.hostname + ":8087/chat"`, `${location.hostname}:8087`.
_OWN_PORT = lazy_pattern(
    r"(?:location\.hostname|document\.domain)(?:\}|\s{0,9}\+\s{0,9}[\"'`]):([1-9][0-9]{1,4})"
    r"(?![0-9])(/[A-Za-z0-9._~/\-]{1,200})?"
)
#: Vite's client (packages/vite/src/client/client.ts): `const hmrPort = 24678`, which is `null`
#: where `server.hmr` names no port, and a host that `server.hmr.host` may name.
_DEVELOPMENT_PORT = lazy_pattern(
    r"\bhmrPort\s{0,9}=\s{0,9}([1-9][0-9]{1,4})\b[^`]{0,400}`\$\{(?:null|void 0|undefined) \|\| "
    r"importMetaUrl\.hostname\}:"
)
#: The same with a name for the host: `"ws://" + domain + "/ws"`, `ws://${domain}/ws`.
_NAMED_SOCKET = lazy_pattern(
    r"(?:[\"']ws://[\"']\s{0,9}\+\s{0,9}|`ws://\$\{)([A-Za-z_$][\w$]{0,40})"
    r"(?:\}|\s{0,9}\+\s{0,9}[\"'`])?(/[A-Za-z0-9._~/\-]{1,200})?"
)
_ASSIGNMENT = lazy_pattern(
    r"(?<![\w$.])([A-Za-z_$][\w$]{0,40})\s{0,9}=(?!=)\s{0,9}"
    r"((?:window\.|document\.|self\.)?location\.host(?:name)?\b)?"
)
#: What stands before an address that a program has for its development only: `const dev = "`,
#: `localUrl: '`. The names of environments in Node, Vite, Angular and Rails.
_DEVELOPMENT_NAME = lazy_pattern(
    r"(?:^|[^A-Za-z])(?i:dev|develop|development|local|localhost|debug|test|testing)"
    r"(?:[-_]\w{1,20}|[A-Z]\w{0,20})?[\"'`\]]{0,2}\s{0,9}[:=]\s{0,9}[\"'`]$"
)
#: What chooses an address on the developer's own machine only: `if (location.hostname ===
#: "localhost") {`, `["localhost"].includes(location.hostname) ?`. It ends before the address.
_LOCAL_CHOICE = lazy_pattern(
    r"(?:hostname\b[^;:{}!]{0,80}\b(?:localhost\b|127\.)"
    r"|\b(?:localhost\b|127\.)[^;:{}!]{0,60}\bhostname\b|\bcase\s{0,3}[\"'`]localhost[\"'`]\s{0,3}:)"
    r"[^;:{}!]{0,60}(?:\{[^;:{}!]{0,60})?[\"'`]$"
)
#: How a page begins, and no script.
_PAGE = re.compile(r"[\ufeff\s]{0,99}<")
#: Characters of a name, and of a condition, before an address.
_NAME, _CHOICE = 64, 240
#: Two slashes behind `}` or before `${` stand in a template: `${scheme}//${location.host}/ws`.
_LINE_COMMENT = lazy_pattern(r"(?<![:\"'`\\\w/])//(?!\$\{)")


def websocket_urls_in(script: str) -> tuple[str, ...]:
    """Return the ws: and wss: URLs in the strings of a script, each once."""
    written = _outside_comments(script, (match.span() for match in _WEBSOCKET.finditer(script)))
    return tuple(dict.fromkeys((*written, *library_sockets_in(script))))[:16]


def written_websockets_in(script: str) -> Iterator[re.Match[str]]:
    """Yield the ws: and wss: URLs in the strings of a script, where they stand."""
    matches = zip(_WEBSOCKET.finditer(script), range(MAX_URLS), strict=False)
    return (match for match, _ in matches if is_in_use(script, match.start()))


def library_sockets_in(script: str) -> tuple[str, ...]:
    """Return the WebSockets of libraries that take an address and have a path of their own, as ws:
    and wss: URLs."""
    matches = zip(_LIBRARY_SOCKET.finditer(script), range(MAX_URLS), strict=False)
    return tuple(_library_url(match) for match, _ in matches if is_in_use(script, match.start(4)))


def _library_url(match: re.Match[str]) -> str:
    """Return the address at which the library opens its WebSocket."""
    scheme, remainder = match[4].replace("http", "ws"), match[5]
    authority, _, path = remainder.partition("?")[0].partition("/")
    if match[1]:
        path = "socket.io/"  # the rest of the address is a namespace, not a path
    elif match[2]:
        path = f"{path.rstrip('/')}/websocket".lstrip("/")
    return f"{scheme}://{authority}/{path}"


def _is_replaced(script: str, position: int) -> bool:
    """Return whether an address stands in an object of defaults, which another object goes over:
    `Object.assign({url: "http://localhost:5000"}, window.settings)`, `{url: "…", ...settings}`."""
    after = _OBJECT_END.match(script, position)
    if after is None:
        return False
    before = script[max(0, position - _LINE) : position]
    return after[1] == "..." or bool(_DEFAULTS.search(before))


def insecure_requests_in(script: str) -> tuple[str, ...]:
    """Return the http: URLs that a script requests (fetch, XMLHttpRequest, EventSource, axios,
    jQuery), or has as the address of its API in a setting, the https: ones of localhost, and those
    of a name without a dot, each once. An address to which it only leads visitors is none."""
    matches = (*_REQUEST.finditer(script), *_SETTING.finditer(script))
    spans = [match.span(1) for match in matches if not _is_replaced(script, match.start(1))]
    spans = sorted({*spans, *(match.span() for match in _INNER_NAME.finditer(script))})
    return _outside_comments(script, iter(spans))


def local_values_in(script: str) -> tuple[str, ...]:
    """Return the addresses of the visitor's own machine, without their paths, that stand as values
    in the data of a page, each once."""
    if "localhost:" not in script and "127.0.0.1:" not in script and "[::1]:" not in script:
        return ()
    matches = zip(_LOCAL_VALUE.finditer(script), range(MAX_URLS), strict=False)
    used = (match for match, _ in matches if is_in_use(script, match.start(1)))
    return tuple(dict.fromkeys(f"{match[1]}://{match[2]}" for match in used))


def may_have_plain_base(script: str, host: str) -> bool:
    """Return whether `plain_bases_in` (plain_bases) may return an address of this host."""
    return any(
        f"{quote}http://{rest}" in script for quote in "\"'`" for rest in (host, quote, "${")
    )


def streams_in(script: str) -> tuple[str, ...]:
    """Return the references of the streams of events that a script opens, each once."""
    matches = zip(_STREAM.finditer(script), range(MAX_URLS), strict=False)
    streams = [match[2] for match, _ in matches if is_in_use(script, match.start())]
    return tuple(dict.fromkeys((*streams, *_fetched_streams(script))))


def _fetched_streams(script: str) -> Iterator[str]:
    """Yield those of `fetch` whose path has the word for it: a file is read piece by piece too."""
    is_in_pieces = any(word in script for word in _PIECES)
    for match, _ in zip(_FETCHED.finditer(script), range(MAX_URLS), strict=False):
        is_named = is_in_pieces and _STREAM_WORD.search(match[3])
        if (match[1] != "fetch" or is_named) and is_in_use(script, match.start()):
            yield match[3]


def own_plain_sockets_in(script: str, host: str) -> tuple[str, ...]:
    """Return the ws: URLs that a script puts together of the page's own host (`location.host`): a
    script that has `wss` too may choose."""
    if "wss" in script:
        return ()
    matches = zip(_OWN_SOCKET.finditer(script), range(MAX_URLS), strict=False)
    ends = [f"{match[1] or ''}{match[2] or '/'}" for match, _ in matches
            if is_in_use(script, match.start())]  # fmt: skip
    ends += _paths_of_named_hosts(script)
    return tuple(dict.fromkeys(f"ws://{host}{end}" for end in ends))[:16]


def own_ports_in(script: str, host: str) -> tuple[str, ...]:
    """Return the wss: URLs that a script puts together of the page's own host and another port:
    `scheme + location.hostname + ":8087/"`. The scheme stands before it."""
    urls = []
    for match, _ in zip(_OWN_PORT.finditer(script), range(MAX_URLS), strict=False):
        before = script[max(0, match.start() - _BLOCK) : match.start()]
        if "wss" in before and is_in_use(script, match.start()):
            urls.append(f"wss://{host}:{match[1]}{match[2] or '/'}")
    if "hmrPort" in script and (port := _DEVELOPMENT_PORT.search(script)):
        urls.append(f"wss://{host}:{port[1]}/")
    return tuple(dict.fromkeys(urls))[:16]


def _paths_of_named_hosts(script: str) -> Iterator[str]:
    """Yield the paths of ws: URLs whose host is a name that last became `location.host`."""
    uses = [match for match, _ in zip(_NAMED_SOCKET.finditer(script), range(MAX_URLS), strict=False)
            if is_in_use(script, match.start())]  # fmt: skip
    for use in uses:
        start = max(0, use.start() - _BLOCK)
        assignments = _ASSIGNMENT.finditer(script, start, use.start())
        values = [match[2] for match in assignments if match[1] == use[1]]
        if values and values[-1]:
            yield use[2] or "/"


def _outside_comments(script: str, spans: Iterator[tuple[int, int]]) -> tuple[str, ...]:
    first_spans = (span for span, _ in zip(spans, range(MAX_URLS), strict=False))
    urls = (script[start:end] for start, end in first_spans if is_in_use(script, start))
    return tuple(dict.fromkeys(urls))[:16]


def is_in_use(text: str, position: int) -> bool:
    """Return whether an address at a position of a script or a page is that of the running program:
    neither in a comment, nor in an example for readers, nor the value of a name of development, nor
    one that the developer's own machine alone chooses."""
    name = text[max(0, position - _NAME) : position]
    return not (
        is_in_comment(text, position)
        or _is_in_example(text, position)
        or _DEVELOPMENT_NAME.search(name)
        or _LOCAL_CHOICE.search(text[max(0, position - _CHOICE) : position])
    )


def is_in_comment(text: str, position: int) -> bool:
    """Return whether a position of a script or a page may be in a comment: behind `//` on its line,
    or in one of `/* … */` and `<!-- … -->`."""
    start = max(0, position - _LINE, text.rfind("\n", max(0, position - _LINE), position))
    if _LINE_COMMENT.search(text, start, position):
        return True
    block = max(0, position - _BLOCK)
    return any(
        text.rfind(opening, block, position) > text.rfind(closing, block, position)
        for opening, closing in (("/*", "*/"), ("<!--", "-->"))
    )


def _is_in_example(page: str, position: int) -> bool:
    """Return whether a position of a page is in the text of `pre` or `code`: an example that a page
    of documentation shows. A script has no such elements."""
    if not _PAGE.match(page):
        return False
    block = max(0, position - _BLOCK)
    script = page.rfind("<script", block, position)
    return any(
        page.rfind(f"<{name}", block, position)
        > max(script, page.rfind(f"</{name}", block, position))
        for name in ("pre", "code")
    )


def imports_in(script: str) -> tuple[str, ...]:
    """Return the addresses of the modules that a module script imports before it runs, each once: a
    name without a path is one of an import map (HTML standard, 8.1.6.2)."""
    matches = zip(_IMPORT.finditer(script), range(MAX_URLS), strict=False)
    names = (match[2] for match, _ in matches if not is_in_comment(script, match.start(1)))
    return tuple(dict.fromkeys(names))[:MAX_IMPORTS]


def service_worker_in(text: str) -> str:
    """Return the address of the service worker that a script registers, "" if none is written."""
    match = _WORKER.search(text)
    return match[2] if match else ""


def module_in(text: str) -> str:
    """Return the first address with the ending .mjs or .wasm in a string of a script, "" if there
    is none: what it imports later, the worker of PDF.js, or a program for WebAssembly."""
    match = _MODULE.search(text)
    return match[2] if match and is_in_use(text, match.start()) else ""
