"""Scenarios of upstream.request-parts-dropped, after nginx's documentation of
`proxy_pass_request_body` and of auth_request, whose example is for the subrequest alone."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit
from .page_assets import PAGE

MINE = (site.CONF,)
NO_LOGIN = "the application still asks for a password"
INTERFACE = """
import http.server

class Interface(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_known = self.headers.get("Authorization") == "Bearer abc"
        body = b"{}" if is_known else b"401: Unauthorized"
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json" if is_known else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3021), Interface).serve_forever()
"""


def _passed(lab: Lab, lines: str) -> None:
    lab.change(PAGE, PAGE.replace("    proxy_http", f"{lines}    proxy_http"))


def _login(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.application("refusing_server", "login", "3001"), 3001)
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGE, passed.replace("    proxy_http", f"{lines}    proxy_http"))


@scenario(outside=None, server="upstream.request-parts-dropped", manual=NO_LOGIN)
def token_does_not_arrive(lab: Lab) -> None:
    """`proxy_set_header Authorization "";` from a guide to auth_basic."""
    _login(lab, '    proxy_set_header Authorization "";\n')


@scenario(outside=None, server="upstream.request-parts-dropped", manual=NO_LOGIN)
def fields_do_not_arrive(lab: Lab) -> None:
    """`proxy_pass_request_headers off;` from a guide to auth_request."""
    _login(lab, "    proxy_pass_request_headers off;\n")


@scenario(outside=None, server="upstream.request-parts-dropped", differs=MINE)
def forms_arrive_empty(lab: Lab) -> None:
    """`proxy_pass_request_body off;` in the application's own location."""
    lab.application("--mode", "form")
    _passed(lab, "    proxy_pass_request_body off;\n")


def _data(lab: Lab, lines: str) -> None:
    """An interface that wants a token; the page itself wants none."""
    argv = lab.server.python("-c", INTERFACE)
    lab.spawn(lab.server, argv, 3021)
    log_of_its_own(
        lab, f"  location /api/ {{\n    proxy_pass http://127.0.0.1:3021;\n{lines}  }}\n"
    )
    for token in ("none", "none", "abc"):
        visit(lab, "/api/config", "-H", f"Authorization: Bearer {token}")


@scenario(outside=None, server="upstream.request-parts-dropped", differs=MINE)
def token_of_a_script_does_not_arrive(lab: Lab) -> None:
    """https://github.com/home-assistant/core/issues/16306: the log has 401 again and again."""
    _data(lab, '    proxy_set_header Authorization "";\n')


@healthy()
def token_of_a_script_arrives_after_a_login(lab: Lab) -> None:
    _data(lab, "    proxy_set_header Host $host;\n")


@healthy()
def data_want_a_login_that_nobody_has(lab: Lab) -> None:
    """Visitors look at the page and do not log in."""
    _data(lab, "    proxy_set_header Host $host;\n")
    for _ in range(3):
        visit(lab, "/api/config")


@healthy()
def fields_of_a_public_page_are_left_out(lab: Lab) -> None:
    """As for a storage: nobody logs in there."""
    _passed(lab, '    proxy_set_header Cookie "";\n    proxy_set_header Authorization "";\n')


@healthy()
def body_of_a_subrequest_is_left_out(lab: Lab) -> None:
    lab.application("--mode", "form")
    check = PAGE.replace("location /", "location = /auth").replace(
        "    proxy_http", "    internal;\n    proxy_pass_request_body off;\n    proxy_http"
    )
    asking = PAGE.replace("    proxy_http", "    auth_request /auth;\n    proxy_http")
    lab.change(PAGE, f"{check}\n{asking}")
