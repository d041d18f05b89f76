"""A program that protects itself against foreign names (DNS rebinding), and serves requests for its
own address alone. After https://github.com/smart-mcp-proxy/mcpproxy-go/issues/898."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

OWN_NAMES_ALONE = """
import http.server

class Panel(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_own = self.headers["Host"].split(":")[0] in {"127.0.0.1", "localhost"}
        body = b"<h1>Panel</h1>" if is_own else b"Forbidden: invalid Host header"
        self.send_response(200 if is_own else 403)
        self.send_header("Content-Type", "text/html" if is_own else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3009), Panel).serve_forever()
"""
HOST = "    proxy_set_header Host $http_host;\n"


def _panel(lab: Lab, host: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", OWN_NAMES_ALONE), 3009)
    text = lab.server.read(site.CONF)
    for old, new in (("127.0.0.1:3000", "127.0.0.1:3009"), (HOST, host)):
        assert old in text
        text = text.replace(old, new)
    lab.server.write(site.CONF, text)
    lab.reload()


@scenario(
    outside="http.host-refused", server="upstream.host-not-allowed",
    manual="the application's setting, or a person's choice",
)  # fmt: skip
def program_serves_its_own_address_alone(lab: Lab) -> None:
    _panel(lab, HOST)


@healthy()
def program_gets_its_own_address(lab: Lab) -> None:
    """The second way of the step."""
    _panel(lab, "    proxy_set_header Host 127.0.0.1:3009;\n")
