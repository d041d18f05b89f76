"""A development server behind nginx: the socket of Vite's client is on a port of its own, and
Next.js refuses the origin of the site.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

SETTING = "the settings of the development server"
SOCKET = f"wss://{site.NAME}/_next/webpack-hmr"
#: Its arguments: "vite" and the port of the socket in its client, "null" for the page's own; or
#: "next" and the host that may ask for its development files.
APPLICATION = """
import base64, hashlib, http.server, sys

KIND, OPTION = sys.argv[1:]
CLIENT = (
    "const importMetaUrl = new URL(import.meta.url);"
    "const socketProtocol = null || (importMetaUrl.protocol === 'https:' ? 'wss' : 'ws');"
    "const hmrPort = %s;"
    "const socketHost = `${null || importMetaUrl.hostname}:${hmrPort || importMetaUrl.port}/`;"
) % OPTION
FILES = {
    ("vite", "/"): ("text/html", "<!doctype html><title>Vite App</title><p>The desk of the shop."
        "<script type=module src=/@vite/client></script>"
        "<script type=module src=/main.js></script>"),
    ("vite", "/@vite/client"): ("text/javascript", CLIENT),
    ("vite", "/main.js"): ("text/javascript", "document.title += '!';"),
    ("next", "/"): ("text/html", "<!doctype html><title>Shop</title><p>Please sign in here.</p>"
        "<script src=/_next/main.js></script>"),
    ("next", "/_next/main.js"): ("text/javascript", "document.title += '!';"),
}

class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        origin = self.headers.get("Origin", "").partition("://")[2]
        if path.startswith("/_next/") and origin not in ("", "localhost:3000", OPTION):
            return self.answer(403, "text/plain", "Unauthorized")
        is_socket = path == "/_next/webpack-hmr" or (KIND, OPTION, path) == ("vite", "null", "/")
        if is_socket and self.headers.get("Upgrade", "").lower() == "websocket":
            return self.open_socket()
        kind, text = FILES.get((KIND, path), ("text/plain", ""))
        self.answer(200 if text else 404, kind, text)

    def open_socket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.close_connection = True
        while head := self.rfile.read(2):
            length, mask = head[1] & 127, self.rfile.read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(length)))
            kind = {9: 10}.get(head[0] & 15, head[0] & 15)
            self.wfile.write(bytes([0x80 | kind, length]) + data)
            if kind == 8:
                return

    def answer(self, status, kind, text):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

http.server.ThreadingHTTPServer(("127.0.0.1", 3024), Application).serve_forever()
"""
PASSED = (
    "    proxy_pass http://127.0.0.1:3024;\n    proxy_http_version 1.1;\n"
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n    proxy_set_header Host $host;\n"
)


def _serve(lab: Lab, kind: str, option: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION, kind, option), 3024)
    lab.change(PAGE, f"  location / {{\n{PASSED}  }}\n\n")


@scenario(outside="websocket.page-port", manual=SETTING)
def socket_of_vite_is_on_a_port_of_its_own(lab: Lab) -> None:
    """https://github.com/vitejs/vite/issues/3093 and https://github.com/nuxt/framework/issues/8257"""
    _serve(lab, "vite", "24678")


@scenario(outside="websocket.origin-refused", target=SOCKET, manual=SETTING)
def next_refuses_the_origin_of_the_site(lab: Lab) -> None:
    """https://github.com/vercel/next.js/issues/77073: allowedDevOrigins."""
    _serve(lab, "next", "localhost:3000")


@healthy()
def socket_of_vite_is_on_the_port_of_the_page(lab: Lab) -> None:
    _serve(lab, "vite", "null")


@healthy(target=SOCKET)
def next_allows_the_origin_of_the_site(lab: Lab) -> None:
    _serve(lab, "next", site.NAME)
