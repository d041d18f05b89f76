"""Scenarios of pages that come late: nginx's documentation of `proxy_read_timeout`, and questions
about PHP scripts of minutes under `fastcgi_read_timeout` (https://stackoverflow.com/q/561946)."""

from pathlib import Path

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from ..scenario import Side, healthy, scenario
from .apache import apache_scenario
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

PROGRAM = str(Path(__file__).parents[1] / "applications" / "gateway_server.py")
LATE = "how long the script may take is a choice"


def _php(lab: Lab, patience: str) -> None:
    """A PHP script that needs longer than this run waits."""
    lab.spawn(lab.server, lab.server.python(PROGRAM, "php-hangs", "9000"), 9000)
    lines = f"    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:9000;\n{patience}  }}\n\n"
    lab.change(PAGE, f"{PAGE.partition('    proxy_pass')[0]}{lines}")


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


INSIDE: tuple[Side, ...] = ("server", "both")


@scenario(outside="http.server-error", server=None, both=None, unsure=INSIDE, manual=LATE)
def script_of_minutes_under_a_longer_limit(lab: Lab) -> None:
    """A script of 63 s under 300 s is healthy; this run waits less, and does not know."""
    _php(lab, "    fastcgi_read_timeout 300s;\n")


@scenario(outside="http.server-error", server="upstream.timeout", manual=LATE)
def script_longer_than_nginx_waits(lab: Lab) -> None:
    """The log says "upstream timed out": the limit is named first."""
    _php(lab, "    fastcgi_read_timeout 2s;\n")


@apache_scenario(
    outside="http.server-error", server=None, both=None, unsure=INSIDE, manual=LATE
)  # fmt: skip
def apache_waits_longer_than_this_run(lab: Lab) -> None:
    lab.application("--mode", "hang")
    apache.serve(lab, f"ProxyTimeout 300\n{HTTPS}\n{HTTP}")
