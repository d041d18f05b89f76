"""Five kinds of application behind nginx, and what becomes of their WebSockets.

What they answer to a handshake that lost its Upgrade, and to a wrong path, differs from one to
the next, and one's answer to the first is another's to the second (400, 403, 404, 426). So these
scenarios pass only if the comparison decides, and not the status.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from .. import site
from ..hosts import REPOSITORY
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
WS = ("--ws", "/ws")
UPGRADE = "    proxy_set_header Upgrade $http_upgrade;\n"
CONNECTION = "    proxy_set_header Connection $connection_upgrade;\n"
HTTP_1_1 = "    proxy_http_version 1.1;\n"
HOST = "    proxy_set_header Host $http_host;\n"
START = site.HTTPS.index("  location /ws")
LOCATION = site.HTTPS[START : site.HTTPS.rindex("}")]
STRIPPING = LOCATION.replace("127.0.0.1:3000;", "127.0.0.1:3000/;")
APPLICATION = "the application has to be mended"


@dataclass(frozen=True, slots=True)
class Kind:
    """An application. `refuses_1_0`: it takes no WebSocket over HTTP/1.0. `dies_over_1_0`: it
    answers 101 and closes the connection behind it. `vague`: it answers a path that it does not
    know with 403, which from outside is a matter of credentials. `by_routes`: at an unknown path it
    answers a handshake as an ordinary request."""

    name: str
    argv: tuple[str, ...]
    refuses_1_0: bool = False
    dies_over_1_0: bool = False
    vague: bool = False
    by_routes: bool = False
    own_origin: tuple[str, ...] = ("--own-origin",)

    def serve(self, lab: Lab, *options: str) -> None:
        service = lab.application_service
        service.ready = lambda: lab.server.listening(3000)
        service.argv = [*self.argv, *options]
        service.restart()


def _python(name: str) -> tuple[str, ...]:
    module = f"tests.lab.applications.{name}_server"
    return ("env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-m", module)


KINDS = (
    Kind(
        "websockets", (sys.executable, str(HERE / "application.py")),
        refuses_1_0=True, by_routes=True, own_origin=("--mode", "own-origin"),
    ),
    Kind("aiohttp", _python("aiohttp"), by_routes=True),
    Kind("uvicorn", _python("uvicorn"), vague=True),
    Kind("tornado", _python("tornado"), dies_over_1_0=True, by_routes=True),
    Kind(
        "ws",
        ("env", "NODE_PATH=/usr/share/nodejs", "node", str(HERE / "applications" / "ws_server.js")),
    ),
)  # fmt: skip


Act = Callable[[Lab], None]


def played(kind: Kind, what: str, words: str, act: Act, *options: str) -> Act:
    """A scenario's function: the application with these options, then the fault."""

    def apply(lab: Lab) -> None:
        kind.serve(lab, *options)
        act(lab)

    apply.__name__, apply.__doc__ = f"{kind.name}_{what}", f"{kind.name}: {words}"
    return apply


def nothing(_: Lab) -> None:
    pass


def without(*lines: str) -> Act:
    """The WebSocket's location without these lines."""

    def act(lab: Lab) -> None:
        text = LOCATION
        for line in lines:
            text = text.replace(line, "")
        lab.change(LOCATION, text)

    return act


def stripping(*lines: str) -> Act:
    """proxy_pass http://…/ takes /ws away; besides, without these lines."""

    def act(lab: Lab) -> None:
        text = STRIPPING
        for line in lines:
            text = text.replace(line, "")
        lab.change(LOCATION, text)

    return act


for kind in KINDS:
    healthy(args=WS)(played(kind, "behind_nginx", "all is well.", nothing))

    for what, lines in (
        ("headers_missing", (UPGRADE, CONNECTION)),
        ("upgrade_missing", (UPGRADE,)),
        ("connection_missing", (CONNECTION,)),
    ):
        scenario(
            outside="websocket.not-upgraded",
            server="websocket.upgrade-headers-missing",
            differs=MINE,
        )(played(kind, what, "not passed on.", without(*lines)))

    over_1_0 = played(kind, "over_http_1_0", "no proxy_http_version.", without(HTTP_1_1))
    if kind.refuses_1_0:
        scenario(outside="websocket.not-upgraded", server="websocket.http-1-0", differs=MINE)(
            over_1_0
        )
    elif kind.dies_over_1_0:
        scenario(
            outside="websocket.closed-after-upgrade", server="websocket.http-1-0", differs=MINE
        )(over_1_0)
    else:
        healthy(args=WS)(over_1_0)

    general = None if kind.vague else "websocket.not-upgraded"
    scenario(
        outside=general,
        server="websocket.path-stripped",
        differs=MINE,
        unsure=("client",) if kind.vague else (),
    )(played(kind, "path_stripped", "a slash behind proxy_pass.", stripping()))
    scenario(
        outside="websocket.not-upgraded",
        server="websocket.path-stripped",
        also=("websocket.upgrade-headers-missing",),
        differs=MINE,
    )(
        played(
            kind,
            "path_stripped_and_headers_missing",
            "two faults in one location.",
            stripping(UPGRADE, CONNECTION),
        )
    )
    scenario(outside="websocket.origin-refused", differs=MINE)(
        played(
            kind, "origin_refused", "compares the Origin with a Host that nginx made.",
            without(HOST), *kind.own_origin,
        )
    )  # fmt: skip
    healthy(args=WS)(
        played(
            kind, "origin_admitted", "compares the Origin with the visitor's Host.",
            nothing, *kind.own_origin,
        )
    )  # fmt: skip
    scenario(
        outside=general,
        server="websocket.not-served" if kind.by_routes else general,
        manual=APPLICATION,
        args=WS,
        unsure=("client", "server", "both") if kind.vague else (),
    )(played(kind, "without_websocket", "has none at /ws.", nothing, "--path", "/live"))


# Socket.IO, which begins by polling


def _workers(lab: Lab, method: str) -> None:
    """Eight workers behind one group; the page stays where it is. With fewer, all sessions that
    are tried may happen to survive."""
    ports = range(3001, 3009)
    # The first port is the last to be opened.
    lab.spawn(lab.server, [*_python("engine"), "--port", "3001", "--workers", "8"], 3001)
    servers = "".join(f"  server 127.0.0.1:{port};\n" for port in ports)
    socket = LOCATION.replace("location /ws", "location /socket.io/")
    lab.edit(LOCATION, LOCATION + socket.replace("127.0.0.1:3000", "chat"))
    lab.change(site.MAP, f"{site.MAP}\nupstream chat {{\n{method}{servers}}}\n")


@scenario(outside="websocket.not-sticky", args=("--ws", "/socket.io/"), differs=MINE)
def sessions_are_lost_between_workers(lab: Lab) -> None:
    """Eight workers, asked in turn."""
    _workers(lab, "  zone chat 64k;\n")


@healthy(args=("--ws", "/socket.io/"))
def sessions_are_kept_by_ip_hash(lab: Lab) -> None:
    """Eight workers, and each visitor meets one of them."""
    _workers(lab, "  ip_hash;\n")


def _chat(lab: Lab, method: str) -> None:
    """The same, and the site's page has Socket.IO's client, with nothing about its path."""
    _workers(lab, method)
    page = "<!doctype html><title>Chat</title><p>It works: this is the page of the chat.</p>"
    scripts = '<script src="/js/socket.io.min.js"></script><script>var socket = io();</script>'
    lab.server.write("/srv/chat/index.html", f"{page}{scripts}")
    lab.server.write("/srv/chat/js/socket.io.min.js", "function io() {}\n")
    paths = ("= /", "= /index.html", "/js/")
    files = "".join(f"  location {path} {{\n    root /srv/chat;\n  }}\n" for path in paths)
    lab.change("  location /ws {", f"{files}  location /ws {{")


@scenario(
    outside=None, server="websocket.not-sticky", target=f"https://{site.NAME}/",
    args=("--lang", "en"), differs=MINE,
)  # fmt: skip
def sessions_of_the_page_are_lost_between_workers(lab: Lab) -> None:
    """Nobody names the path: the page does, and the configuration has a group that takes turns."""
    _chat(lab, "  zone chat 64k;\n")


@healthy(target=f"https://{site.NAME}/")
def sessions_of_the_page_are_kept_by_ip_hash(lab: Lab) -> None:
    _chat(lab, "  ip_hash;\n")


#: The log of an application: what is sent to a session is a POST.
SENT = (
    '"POST /socket.io/?EIO=4&transport=polling&sid=Vfa5Ul5cdE23LNbpAAAD HTTP/1.1" 400 Bad Request'
)


@scenario(
    outside="websocket.not-sticky", target=f"https://{site.NAME}/", args=(SENT,), differs=MINE
)
def sessions_to_which_a_message_sends_are_lost(lab: Lab) -> None:
    """https://github.com/pyropy/fastapi-socketio/issues/47: the WebSocket opens by itself."""
    _chat(lab, "  zone chat 64k;\n")


@healthy(target=f"https://{site.NAME}/", args=(SENT,))
def sessions_to_which_a_message_sends_are_kept(lab: Lab) -> None:
    _chat(lab, "  ip_hash;\n")


@scenario(
    outside="tls.plain-http",
    server="tls.plain-http",
    target=f"wss://{site.NAME}:8080/ws",
    also=("http.redirect-wrong-host",),
    manual="the page's setting is changed by a person",
)
def page_that_opens_the_port_of_its_application(lab: Lab) -> None:
    """Laravel Reverb without TLS on 8080, to which nginx passes /ws on, after
    https://github.com/laravel/reverb/issues/107."""
    for more in ([], ["--permanent"]):
        opened = ["firewall-cmd", "-q", *more, "--zone=public", "--add-port=8080/tcp"]
        lab.server.run(opened, check=True)
    lab.application("--host", "0.0.0.0", "--port", "8080", port=8080)
    lab.change("127.0.0.1:3000", "127.0.0.1:8080")


@scenario(
    outside="http.localhost-in-page",
    args=("WebSocket connection to 'wss://localhost:8080/app/x?protocol=7' failed:",),
    manual="the page is built anew",
)
def page_behind_a_login_opens_a_websocket_at_localhost(lab: Lab) -> None:
    """Laravel's setting of development; only the browser's message shows it, after
    https://github.com/laravel/reverb/issues/288."""
    del lab  # nothing is wrong on the server


#: A WebSocket's server without TLS: it closes whatever is no request, and refuses what is no
#: handshake.
WITHOUT_TLS = """\
import base64, hashlib, socketserver, sys
class Socket(socketserver.StreamRequestHandler):
    def handle(self):
        if self.rfile.peek(4)[:4] != b"GET ":
            return
        fields = dict(
            line.decode().strip().split(": ", 1) for line in iter(self.rfile.readline, b"\\r\\n")
            if b": " in line
        )
        fields = {name.lower(): value for name, value in fields.items()}
        key = fields.get("sec-websocket-key")
        if key is None:
            self.wfile.write(sys.argv[2].encode().decode("unicode_escape").encode())
            return
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        accept = base64.b64encode(digest).decode()
        self.wfile.write((
            "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n"
            "Connection: Upgrade\\r\\n"
            f"Sec-WebSocket-Accept: {accept}\\r\\n\\r\\n"
        ).encode())
        while head := self.rfile.read(2):
            mask, length = self.rfile.read(4), head[1] & 127
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(length)))
            kind = {9: 10}.get(head[0] & 15, head[0] & 15)
            self.wfile.write(bytes([0x80 | kind, length]) + data)
            if kind == 8:
                return
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer((sys.argv[1], 9300), Socket).serve_forever()
"""
REFUSAL = "HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
CLOSED = f"WebSocket connection to 'wss://{site.NAME}:9300/' failed: net::ERR_CONNECTION_CLOSED"


def _without_tls(lab: Lab, address: str) -> None:
    for more in ([], ["--permanent"]):
        opened = ["firewall-cmd", "-q", *more, "--zone=public", "--add-port=9300/tcp"]
        lab.server.run(opened, check=True)
    lab.spawn(lab.server, lab.server.python("-c", WITHOUT_TLS, address, REFUSAL), 9300)


@scenario(
    outside="tls.plain-http", args=(CLOSED,), manual="the page's setting is changed by a person"
)
def page_that_opens_a_port_that_speaks_no_tls(lab: Lab) -> None:
    """https://github.com/Flynsarmy/PHPWebSocket-Chat/issues/18: it closes the handshake of TLS."""
    _without_tls(lab, "0.0.0.0")


@healthy(target=f"wss://{site.NAME}:9300/")
def page_that_opens_a_port_of_nginx(lab: Lab) -> None:
    """nginx ends TLS on the port, in front of the same program."""
    _without_tls(lab, "127.0.0.1")
    port = site.HTTPS.replace("443 ssl", "203.0.113.10:9300 ssl").replace(
        "127.0.0.1:3000", "127.0.0.1:9300"
    )
    lab.change(site.HTTPS, f"{site.HTTPS}\n{port.replace('[::]:', '[::1]:')}")
