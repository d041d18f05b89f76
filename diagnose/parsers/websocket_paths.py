"""Finds the paths at which a page's scripts open WebSockets on the page's own host. No I/O.

A path counts where a program opens a WebSocket with it, not in a comment and not under a name such
as `dev` (`script_urls`). A path that a program puts together is not understood.

An address without a path is one of `/` only where the browser itself opens it. A library may take
the host alone of it: engine.io asks for /engine.io/.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urljoin

from diagnose.model.frozen import frozen
from diagnose.parsers.script_urls import (
    MAX_URLS,
    is_in_use,
    library_sockets_in,
    written_websockets_in,
)
from diagnose.parsers.urls import Url, parse_url

#: Maximum number of paths of one page or script.
MAX_PATHS = 8

_PATH = r"/[A-Za-z0-9._~/\-]{1,200}"
_QUOTE = r"[\"'`]"

#: `wss://${location.host}/live`, "wss://" + document.domain + "/live". Before it stands the scheme.
_OWN_HOST = re.compile(
    rf"(?:location\.host(?:name)?|document\.domain)\s{{0,9}}(?:\}}|\+\s{{0,9}}{_QUOTE})({_PATH})(?=[\"'`?#$])"
)
#: `"wss://" + location.host + "/"`, `wss://${location.host}`: the whole address. Before `+`, more
#: may follow.
_OWN_ROOT = re.compile(
    rf"(?:location\.host(?:name)?|document\.domain)(?:\s{{0,9}}\}}/?(?:{_QUOTE}(?!\s{{0,9}}[+.])|\?)"
    rf"|\s{{0,9}}\+\s{{0,9}}{_QUOTE}/(?:{_QUOTE}(?!\s{{0,9}}[+.])|\?)|\s{{0,9}}(?=[,);]))"
)
#: `const host = window.location.host;`
_HOST_VARIABLE = re.compile(
    r"\b(?:const|let|var) ([A-Za-z_$][\w$]{0,40}) ?= ?(?:window\.)?"
    r"location\.host(?:name)?(?![\w.(])"
)
_SCHEME = re.compile(r"\bwss?\b")
#: Characters before the host in which its scheme must stand.
_BEFORE = 160

#: What stands before an address that the browser itself opens: `new WebSocket(`, and a name that
#: stands alone in such a call.
_OPENED = re.compile(r"\bnew (?:Reconnecting)?WebSocket\((?:[^;()]|\([^;()]{0,60}\)){0,120}$")
_ASSIGNED = re.compile(r"(?<![\w$.])([A-Za-z_$][\w$]{0,40})\s{0,9}=(?!=)[^;{}]{0,120}$")
#: What stands before an address of which a library takes the host alone, or to which it adds a
#: path: engine.io and Phoenix.
_GIVEN_AWAY = re.compile(
    rf"(?:\be?io(?:\.connect)?|\bnew (?:[\w$]{{1,40}}\.)?(?:Live)?Socket|\bnew SockJS|\.withUrl)"
    rf"\(\s{{0,9}}{_QUOTE}$"
)


@frozen
class _Opening:
    """How a library opens a WebSocket: what stands in the script, and the path that it makes of
    the group. `has_base` is whether the program puts something before the path."""

    library: str
    pattern: re.Pattern[str]
    path_of: Callable[[str], str] = str
    has_base: bool = False


#: Between the page's own host and the end of a path, all but a port: `location.port`.
_PORT_NAME = re.compile(r"(?:(?:window|document|self)\.)?location\.port\b")
_HOST_NAME = re.compile(r"\blocation\.host(?:name)?\b|\bdocument\.domain\b")
#: An address that ends with the own host of the page: `proto + "//" + location.host`, a port, `/`.
_WHOLE_HOST = re.compile(
    r"(?:\blocation\.(?:host(?:name)?|origin)|\bdocument\.domain)\b"
    r"(?:[\s\"'`}+:/]|\$\{|(?:window\.|document\.)?location\.port\b)*(?:[,)]|$)"
)
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]{0,40}")
#: Characters before a call in which a name of it may be set, and the number of its names.
_BASE_DISTANCE, _MAX_NAMES = 4000, 6


def _below(text: str) -> str:
    return f"{text.rstrip('/')}/websocket"


def _opening(library: str, call: str, path_of: Callable[[str], str] = str) -> _Opening:
    return _Opening(library, re.compile(rf"{call}{_QUOTE}({_PATH}){_QUOTE}"), path_of)


def _at(program: str, pattern: str, path: str) -> _Opening:
    """Return the WebSocket of a program, below the folder of its page."""
    return _Opening(program, re.compile(pattern, re.IGNORECASE), lambda _: path)


#: What a program puts behind an address that it has put together: `base + "ws/events"`,
#: `"".concat(scheme, "://").concat(base, "ws/events")`.
_REST = (
    r"[^;]{0,160}?(?:\+\s{0,3}|\.concat\((?:[\w$.]{1,40},)?\s{0,3})"
    rf"{_QUOTE}(/?[A-Za-z][\w.~\-]{{0,60}}(?:/[\w.~\-]{{1,60}}){{0,6}}){_QUOTE}\s{{0,3}}[,)]"
)

#: The default path in Socket.IO's own client (socket.io-client, lib/index.ts and lib/manager.ts),
#: which stands in every program that is built with it.
_SOCKETIO_DEFAULT = re.compile(rf"\.path\s{{0,9}}\|\|\s{{0,9}}{_QUOTE}/socket\.io{_QUOTE}")

#: Socket.IO's client from another place, and a call of it that names no host of its own: `io()`,
#: `io("/chat")`, `io.connect("https://" + document.domain + ":" + location.port)`.
_SOCKETIO_CLIENT = re.compile(
    r"<script[^>]{0,200}\bsrc=[\"']?[^\"'>\s]{0,200}socket\.io[\w.@/-]{0,80}\.js"
)
_CLIENT_FILE = re.compile(r"socket\.io[\w.@/-]{0,80}\.js(?:\?.{0,80})?$")
_SOCKETIO_CALL = re.compile(
    r"\bio(?:\.connect)?\(\s{0,9}(?:[),{]|[\"'`](?:https?:)?/[\w/]{0,60}[\"'`]"
    r"|[^)]{0,80}(?:location\.|document\.domain))"
)
#: A call of it without the option `path`: the path is the default one, wherever the client's file
#: lies. An address in it names a namespace (`io("https://shop.example.com/chat")`).
_PLAIN_CALL = re.compile(
    rf"\bio(?:\.connect)?\(\s{{0,9}}(?:{_QUOTE}[^\"'`]{{0,200}}{_QUOTE}"
    rf"|[^(){{}},;]{{0,60}}(?:{_QUOTE}|\blocation\b)[^(){{}},;]{{0,100}})?"
    r"(?:\s{0,9},?\s{0,9}\{(?![^()]{0,300}\bpath\b)[^()]{0,300}\})?\s{0,9}\)"
)

#: Programs that show nothing without their WebSocket.
NEEDED = {"noVNC"}

#: The folder of the client's file: where the program serves it, and with the option `path` mostly
#: the path of its WebSocket too.
_CLIENT_FOLDER = _Opening(
    "Socket.IO",
    re.compile(
        r"<script[^>]{0,200}\bsrc=[\"']?(/[\w./-]{0,100}socket\.io/)socket\.io[\w.]{0,40}\.js"
    ),
)

_OLD_NOVNC = r"[\s\S]{0,4000}?<script[^>]{0,80}\ssrc=[\"']app/ui\.js"

#: The libraries' own documentation: MDN (a relative URL), Socket.IO's option `path`, SignalR's
#: HubConnectionBuilder, Action Cable's createConsumer, SockJS (its raw endpoint lies below), and
#: Phoenix (its transport lies below).
_OPENINGS = (
    _opening("", r"\bnew WebSocket\(\s{0,9}"),
    _Opening("", re.compile(rf"\bnew WebSocket\({_REST}"), has_base=True),
    _Opening("SockJS", re.compile(rf"\bnew SockJS\({_REST}"), _below, has_base=True),
    _opening(
        "Socket.IO",
        r"\bpath\s{0,9}:\s{0,9}(?=.[^\"'`]{0,100}socket\.io)(?![^}]{0,200}addTrailingSlash)",
        "{}/".format,
    ),
    _opening("SignalR", r"\.withUrl\(\s{0,9}"),
    _opening("Action Cable", r"\bcreateConsumer\(\s{0,9}"),
    _opening("Action Cable", r"[\"']action-cable-url[\"'] content="),
    _opening("SockJS", r"\bnew SockJS\(\s{0,9}", _below),
    _opening("Phoenix", r"\bnew (?:Live)?Socket\(\s{0,9}", _below),
    _CLIENT_FOLDER,
    # Programs that do not name its path, and are known by more than an application's file says
    # (diagnose/applications).
    _at("Blazor", r"<script[^>]{0,200}\bsrc=[\"']?[\w./-]{0,100}(blazor\.server\.)", "_blazor"),
    # The script of .NET 8 serves pages without a WebSocket as well. One with a component that runs
    # on the server has this mark (src/Components/Endpoints, ServerComponentSerializer).
    _at("Blazor", r"<!--Blazor:\{(\"type\":\"(?:server|auto)\")", "_blazor"),
    # Before 1.6 its page has this script, which opens `host + "/" + path` (app/ui.js, as in the
    # packages of distributions). Later the path is below the page.
    _at("noVNC", rf"<title>(noVNC)</title>(?={_OLD_NOVNC})", "/websockify"),
    _at("noVNC", rf"<title>(noVNC)</title>(?!{_OLD_NOVNC})", "websockify"),
    # Meteor's ddp-server leads /websocket to SockJS's raw endpoint (stream_server.js).
    _at("Meteor", r"\b(__meteor_runtime_config__)\s{0,9}=", "websocket"),
    _Opening(
        "Pusher", re.compile(r"\bnew Pusher\(\s{0,9}[\"'`]([\w-]{1,64})[\"'`]"), "/app/{}".format
    ),
)


Base = Literal["", "assumed", "unknown"]


@frozen
class NamedPath:
    """A path at which a page's program opens a WebSocket, and its library, "" if none is known.

    `base` is about what the program puts before it: "" if it is the site's own address, or nothing,
    "assumed" if the path is taken as one below the page's folder, and "unknown" if it is taken as
    one of the site's root although the page lies in a folder.
    """

    path: str
    library: str = ""
    base: Base = ""


def is_socketio_client(url: str) -> bool:
    """Return whether a script of a page is Socket.IO's own client."""
    return _CLIENT_FILE.search(url[-200:]) is not None


def named_paths_in(text: str, page: str, has_client: bool = False) -> tuple[NamedPath, ...]:
    """Return the paths on the page's own host and port at which a page or its script opens
    WebSockets, each once. With `has_client` the page of a script loads Socket.IO's client."""
    own = parse_url(page)
    if own is None:
        return ()
    text = _with_host(text)
    paths = dict.fromkeys(
        (*_library_paths(text, own), *_own_host_paths(text), *_url_paths(text, own))
    )
    has_own_path = any(named.library == "Socket.IO" for named in paths)
    if not has_own_path and (_SOCKETIO_DEFAULT.search(text) or _calls_socketio(text, has_client)):
        paths[NamedPath("/socket.io/", "Socket.IO")] = None
    first = {named.path: named for named in reversed(paths)}
    return tuple(dict.fromkeys(first[named.path] for named in paths))[:MAX_PATHS]


def _with_host(text: str) -> str:
    """Return a script with the page's own host in its templates for the name that a variable has:
    `const host = location.host`, "wss://${host}/live"."""
    named = _HOST_VARIABLE.search(text)
    if named is None:
        return text
    return text.replace(f"//${{{named[1]}}}", "//${location.host}")


def _calls_socketio(text: str, has_client: bool) -> bool:
    """Return whether a page loads Socket.IO's client and calls it for the page's own host."""
    call = _SOCKETIO_CALL.search(text)
    return (
        call is not None
        and (has_client or _SOCKETIO_CLIENT.search(text) is not None)
        and is_in_use(text, call.start())
    )


def _library_paths(text: str, own: Url) -> Iterator[NamedPath]:
    call = _PLAIN_CALL.search(text)
    is_plain = call is not None and is_in_use(text, call.start())
    for opening in _OPENINGS:
        if opening is _CLIENT_FOLDER and is_plain:
            continue
        matches = zip(opening.pattern.finditer(text), range(MAX_URLS), strict=False)
        for match, _ in matches:
            if not is_in_use(text, match.start()) or _has_unknown_folder(match):
                continue
            is_whole = not opening.has_base or _is_own_base(match)
            for path, base in _placed(opening.path_of(match[1]), own, is_whole):
                if re.fullmatch(_PATH, path):
                    yield NamedPath(_normal(path), opening.library, base)


def _placed(path: str, own: Url, is_whole: bool) -> Iterator[tuple[str, Base]]:
    """Yield where a path of a page's program may lie: one whose beginning is not known lies below
    the page's folder first."""
    folder = own.path.partition("?")[0].rpartition("/")[0]
    is_relative = not path.startswith("/")
    if is_whole and not is_relative:
        yield path, ""
        return
    yield f"{folder}/{path.lstrip('/')}", "" if is_whole else "assumed"
    if folder and not is_relative:
        yield path, "unknown"


def _is_own_base(match: re.Match[str]) -> bool:
    """Return whether what a program puts before a path is the page's own host alone: it stands in
    the call, or the call's names have it."""
    before = match.string[match.start() : match.start(1)]
    if _HOST_NAME.search(before):
        return True
    names = dict.fromkeys(_IDENTIFIER.findall(before.partition("(")[2]))
    start = max(0, match.start() - _BASE_DISTANCE)
    text = match.string[start : match.start()]
    for name in list(names)[:_MAX_NAMES]:
        assigned = re.search(rf"(?<![\w$.]){re.escape(name)}\s{{0,3}}=(?!=)([^;\n]{{0,160}})", text)
        if assigned and _WHOLE_HOST.search(assigned[1]):
            return True
    return False


def _has_unknown_folder(match: re.Match[str]) -> bool:
    """Return whether a program puts more than a port between the page's own host and the path that
    was read: `location.host + settings.folder + "/live"`."""
    before = match.string[match.start() : match.start(1)]
    *_, between = _HOST_NAME.split(before)
    return between != before and re.search("[A-Za-z]", _PORT_NAME.sub("", between)) is not None


def _own_host_paths(text: str) -> Iterator[NamedPath]:
    for match, _ in zip(_OWN_HOST.finditer(text), range(MAX_URLS), strict=False):
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        if _SCHEME.search(before) and is_in_use(text, match.start()):
            yield NamedPath(_normal(match[1]))
    for match, _ in zip(_OWN_ROOT.finditer(text), range(MAX_URLS), strict=False):
        if _is_opened(text, match.start()) and is_in_use(text, match.start()):
            yield NamedPath("/")
    if "new URL(" in text and "WebSocket(" in text:
        # Imported late: few scripts make the address so.
        from diagnose.parsers.websocket_objects import object_paths_in

        for path, position in object_paths_in(text):
            if is_in_use(text, position):
                yield NamedPath(_normal(path))


def _url_paths(text: str, own: Url) -> Iterator[NamedPath]:
    mentions = [match[0] for match in written_websockets_in(text) if _has_path(match)]
    for mention in dict.fromkeys((*mentions, *library_sockets_in(text))):
        url = parse_url(mention)
        path = url.path.partition("?")[0] if url else ""
        is_own = url is not None and (url.host, url.port) == (own.host, own.port)
        if is_own and re.fullmatch(f"/|{_PATH}", path):
            yield NamedPath(path)


def _has_path(match: re.Match[str]) -> bool:
    """Return whether an address that is written in full is known to be opened at its own path."""
    text, start = match.string, match.start()
    if _GIVEN_AWAY.search(text[max(0, start - _BEFORE) : start]):
        return False
    path = match[0].partition("://")[2].partition("?")[0].partition("/")[2]
    rest = text[match.end() : match.end() + 12]
    is_whole = "?" in match[0] or not re.match(rf"{_QUOTE}\s{{0,9}}[+.]", rest)
    return path != "" or (is_whole and _is_opened(text, start))


def _is_opened(text: str, position: int) -> bool:
    """Return whether the browser opens the address at a position: in a call of WebSocket, or by a
    name that has it."""
    before = text[max(0, position - _BEFORE) : position]
    if _OPENED.search(before):
        return True
    assigned = _ASSIGNED.search(before)
    if assigned is None:
        return False
    name = re.escape(assigned[1])
    call = rf"\bnew (?:Reconnecting)?WebSocket\(\s{{0,9}}{name}\s{{0,9}}[,)]"
    return re.search(call, text) is not None


def _normal(path: str) -> str:
    """Return the path without dots and doubled slashes, as a browser requests it."""
    return urljoin("/", re.sub(r"/{2,}", "/", path))
