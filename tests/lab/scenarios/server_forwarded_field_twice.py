"""Scenarios of server.forwarded-field-twice: nginx, HAProxy behind it, an application."""

from .. import haproxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .haproxy import ELSEWHERE

PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;"
#: Home Assistant refuses two fields ("Too many headers for X-Forwarded-For").
APPLICATION = r"""
import http.server
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        many = len(self.headers.get_all("X-Forwarded-For") or []) > 1
        body = b"400: Bad Request" if many else b"<!doctype html><title>Shop</title>"
        self.send_response(400 if many else 200)
        self.send_header("Content-Type", "text/plain" if many else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8123), App).serve_forever()
"""


def _chain(lab: Lab, option: str) -> None:
    """nginx asks HAProxy, which asks the application."""
    lab.server.write("/opt/hass.py", APPLICATION)
    lab.undo(lambda: lab.server.sh("rm -f /opt/hass.py"))
    lab.spawn(lab.server, lab.server.python("/opt/hass.py"), 8123)
    text = f"""
global
    maxconn 100
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend internal
    bind 127.0.0.1:8080
    {option}
    default_backend hass
backend hass
    server hass 127.0.0.1:8123
"""
    haproxy.install(lab, text, keep_nginx=True)
    haproxy.start(lab, 8080)
    lab.change(PAGES, PAGES.replace("3000", "8080"))


@scenario(
    outside=None,
    server="server.forwarded-field-twice",
    needs=haproxy.needs_haproxy,
    not_on=ELSEWHERE,
    differs=(haproxy.CONFIG,),
)
def haproxy_adds_the_address_behind_nginx(lab: Lab) -> None:
    """After issue 40421 of home-assistant/core: two proxies, and `option forwardfor` in the second
    one."""
    _chain(lab, "option forwardfor")


@healthy(needs=haproxy.needs_haproxy, not_on=ELSEWHERE)
def haproxy_leaves_the_address_alone(lab: Lab) -> None:
    _chain(lab, "option forwardfor if-none")
