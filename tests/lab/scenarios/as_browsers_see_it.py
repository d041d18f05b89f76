"""What only a browser shows: a policy of the page to which the site leads, a page without a type
beside nosniff, a ws: address that the application writes because it is not told of https."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .page_assets import FOLDER, _serve

REFUSED = (
    f"Refused to connect to 'wss://{site.NAME}/ws?id=1' because it violates the following Content"
    ' Security Policy directive: "default-src https: data:".'
)
SHOP = "<!doctype html>\n<title>Shop</title>\n<p>Forty kinds of tea.</p>\n"
PORT = 8890
CHAT = f"""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Chat(BaseHTTPRequestHandler):
    def do_GET(self):
        scheme = "wss" if self.headers.get("X-Forwarded-Proto") == "https" else "ws"
        page = "<!doctype html><title>Chat</title><body data-socket='%s://%s/ws'><p>Hello</p>"
        body = (page % (scheme, self.headers["Host"])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", {PORT}), Chat).serve_forever()
"""

BLOCKED = (
    f"Mixed Content: The page at 'https://{site.NAME}/' was loaded over HTTPS, but attempted to "
    f"connect to the insecure WebSocket endpoint 'ws://{site.NAME}:{PORT}/'. This request has been "
    "blocked; this endpoint must be available over WSS."
)
SAFARI = (
    "the WebSocket does not connect in Safari on an old iPad, in Chrome and Firefox the same page "
    "is fine"
)
SELF = "default-src 'none'; script-src 'self'; connect-src 'self'"


def _policy(lab: Lab, policy: str) -> None:
    line = f'  add_header Content-Security-Policy "{policy}" always;\n'
    start = "  location = / { return 302 /dashboard.html; }\n"
    _serve(lab, f"  root {FOLDER};\n{line}{start}", **{"dashboard.html": SHOP})


@scenario(
    outside="websocket.blocked-by-policy", args=(REFUSED,),
    manual="the site leads on from /, where the laboratory looks for a page",
)  # fmt: skip
def policy_of_the_page_to_which_the_site_leads(lab: Lab) -> None:
    """After https://github.com/louislam/uptime-kuma/issues/2753."""
    _policy(lab, "default-src https: data: 'unsafe-inline'")


@healthy(args=(REFUSED,))
def policy_with_wss_of_the_page_to_which_the_site_leads(lab: Lab) -> None:
    _policy(lab, "default-src https: wss: data: 'unsafe-inline'")


def _untyped(lab: Lab, line: str) -> None:
    lines = f'  root {FOLDER};\n{line}  location = /index.html {{ types {{ }} default_type ""; }}\n'
    _serve(lab, lines, **{"index.html": SHOP})


@scenario(outside="http.page-downloaded", differs=(site.CONF,))
def page_without_a_type_beside_nosniff(lab: Lab) -> None:
    """After https://github.com/gismo141/homebridge-server/issues/39."""
    _untyped(lab, "  add_header X-Content-Type-Options nosniff;\n")


@healthy()
def page_without_a_type(lab: Lab) -> None:
    _untyped(lab, "")


def _chat(lab: Lab, line: str = "") -> None:
    lab.server.write("/opt/chat.py", CHAT)
    lab.undo(lambda: lab.server.sh("rm -f /opt/chat.py"))
    lab.spawn(lab.server, [*lab.server.python(), "/opt/chat.py"], PORT)
    own = f"    proxy_pass http://127.0.0.1:{PORT};\n    proxy_set_header Host $host;\n"
    lab.change(PAGES, f"  location / {{\n{own}{line}  }}\n\n")


@scenario(
    outside="websocket.mixed-content", server="upstream.scheme-not-passed", differs=(site.CONF,)
)  # fmt: skip
def application_writes_the_address_of_its_websocket_without_tls(lab: Lab) -> None:
    """After https://github.com/convos-chat/convos/issues/253."""
    _chat(lab)


@healthy()
def application_writes_the_address_of_its_websocket_with_tls(lab: Lab) -> None:
    _chat(lab, "    proxy_set_header X-Forwarded-Proto $scheme;\n")


def _own_port(lab: Lab, address: str, line: str = "") -> None:
    """A page of files whose script opens a WebSocket, and the program for it at a port."""
    lab.server.write("/opt/chat.py", CHAT)
    lab.undo(lambda: lab.server.sh("rm -f /opt/chat.py"))
    lab.spawn(lab.server, [*lab.server.python(), "/opt/chat.py"], PORT)
    page = (
        '<!doctype html>\n<title>Chat</title>\n<p>Hello.</p>\n<script src="client.js"></script>\n'
    )
    script = f"function join() {{ return new WebSocket({address}) }}\n"
    _serve(lab, f"  root {FOLDER};\n{line}", **{"index.html": page, "client.js": script})


@scenario(
    outside="websocket.mixed-content", args=(BLOCKED,),
    differs=(site.CONF, f"{FOLDER}/client.js"),
)  # fmt: skip
def script_opens_a_port_without_tls(lab: Lab) -> None:
    """After https://github.com/AndrewBelt/hack.chat/issues/105."""
    _own_port(lab, f"'ws://' + document.domain + ':{PORT}'")


@healthy(args=(BLOCKED,))
def script_opens_a_path_with_tls(lab: Lab) -> None:
    line = f"  location = /chat {{ proxy_pass http://127.0.0.1:{PORT}/; }}\n"
    _own_port(lab, "'wss://' + document.domain + '/chat'", line)


def _self(lab: Lab, policy: str) -> None:
    line = f'  add_header Content-Security-Policy "{policy}" always;\n'
    _serve(lab, f"  root {FOLDER};\n{line}", **{"index.html": SHOP})


@scenario(outside="websocket.blocked-by-policy", args=(SAFARI,), differs=(site.CONF,))
def policy_of_self_alone_in_safari(lab: Lab) -> None:
    """After https://github.com/warmcat/libwebsockets/issues/1806."""
    _self(lab, SELF)


@healthy(args=(SAFARI,))
def policy_of_self_and_wss_in_safari(lab: Lab) -> None:
    _self(lab, f"{SELF} wss://{site.NAME}")
