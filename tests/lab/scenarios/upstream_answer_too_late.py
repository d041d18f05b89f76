"""Scenarios of upstream.answer-too-late, after nginx's documentation of `proxy_read_timeout`."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
#: An application that needs some seconds for its page.
SLOW = """
import http.server, sys, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(sys.argv[1]))
        body = b"<!doctype html><title>Shop</title><p>It works.</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Page).serve_forever()
"""


def _slow(lab: Lab, patience: str, needed: str = "1.5") -> None:
    lab.spawn(lab.server, lab.server.python("-c", SLOW, needed), 3001)
    waiting = PAGE.replace("proxy_http", f"proxy_read_timeout {patience};\n    proxy_http")
    lab.change(PAGE, waiting.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(outside="http.server-error", server="upstream.answer-too-late", differs=MINE)
def patience_in_milliseconds(lab: Lab) -> None:
    """`proxy_read_timeout 500ms;`, where 500s is meant."""
    _slow(lab, "500ms")


@scenario(outside="http.server-error", server="upstream.answer-too-late", differs=MINE)
def response_needs_longer_than_a_probe_of_three_seconds(lab: Lab) -> None:
    """A page of four seconds: it is late, and the application does not hang."""
    _slow(lab, "2s", "4")


@healthy()
def patience_of_half_a_minute(lab: Lab) -> None:
    _slow(lab, "30s")
