"""A WebSocket behind a login that the web server does not pass on: this run gets the login's
answer with and without the server, and the access log has what visitors got.

After https://github.com/1Panel-dev/1Panel/issues/1552 (nginx) and
https://github.com/webmin/webmin/issues/1867 (Apache), both about a terminal in a panel.
"""

from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .logged_websockets import ELSEWHERE, PLAIN, UPGRADE
from .logged_websockets import _browser as browser
from .nginx_other_requests_failed import log_of_its_own, visit
from .server_other_requests_failed import run_application, serve_apache, serve_caddy, serve_haproxy
from .websocket_paths import _serve

KNOWN = ("-b", "session=abc")
TERMINAL = "/api/v1/hosts/terminal"
PASSES = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
PASSED = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


def _terminal(lab: Lab, login: int = 401, path: str = TERMINAL) -> None:
    """The panel behind a login, with its own access log."""
    _serve(lab, "chat_server", "--path", path, "--login", str(login))
    log_of_its_own(lab)


def _opens(lab: Lab, path: str = TERMINAL) -> None:
    browser(lab, f"{path}?id=1&cols=80", *UPGRADE, *KNOWN)


@scenario(
    outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, manual=ELSEWHERE
)  # fmt: skip
def terminal_behind_a_login(lab: Lab) -> None:
    _terminal(lab)
    _opens(lab)


@scenario(
    outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, manual=ELSEWHERE
)  # fmt: skip
def terminal_behind_a_page_of_a_login(lab: Lab) -> None:
    _terminal(lab, 200, "/xterm/ws-555")
    _opens(lab, "/xterm/ws-555")


@healthy(args=PLAIN)
def terminal_behind_a_login_is_passed_on(lab: Lab) -> None:
    """Somebody who has logged in typed its address, and got 404."""
    _terminal(lab)
    lab.edit(PASSES, PASSES + PASSED)
    lab.reload()
    browser(lab, f"{TERMINAL}?id=1", *KNOWN)


@healthy(args=PLAIN)
def page_behind_a_login_that_is_missing(lab: Lab) -> None:
    """Who has logged in gets 404 for an address that was typed wrongly, and a stranger 401."""
    _terminal(lab)
    for path in ("/reports", "/terminal", "/reports"):
        browser(lab, path, *KNOWN)


@healthy(args=PLAIN)
def strangers_ask_for_usual_websockets(lab: Lab) -> None:
    """What looks for weak sites gets the login's answer, as this run does."""
    _terminal(lab)
    for path in ("/ws", "/websocket", "/socket.io/"):
        browser(lab, path, *UPGRADE)


@healthy(args=PLAIN)
def missing_page_of_a_browser_that_speaks_http_2(lab: Lab) -> None:
    """It asked for it once, at the port of http."""
    _terminal(lab)
    lab.edit("listen 443 ssl;", "listen 443 ssl http2;")
    lab.reload()
    visit(lab, "/", "--http2", referer="")
    browser(lab, "/reports", *KNOWN)


@healthy(args=PLAIN)
def missing_console_of_somebody_who_has_logged_in(lab: Lab) -> None:
    """No application of the site has a WebSocket. Somebody tried an address that another has."""
    _terminal(lab, path="/elsewhere")
    for _ in range(2):
        browser(lab, "/console", *KNOWN)


@healthy(args=PLAIN)
def missing_messages_of_pages_that_keep_their_address(lab: Lab) -> None:
    """`Referrer-Policy: no-referrer`: what a page asks for looks like an address that was typed."""
    _terminal(lab, path="/elsewhere")
    browser(lab, "/app.js", *KNOWN)
    browser(lab, "/api/notifications?page=2", *KNOWN)


@healthy(args=PLAIN)
def live_page_while_the_application_failed(lab: Lab) -> None:
    """It answers every path with its page now, and answered with 500 a minute ago."""
    lab.application("--mode", "error")
    log_of_its_own(lab)
    for path in ("/live?id=2", "/orders"):
        browser(lab, path)
    _serve(lab, "chat_server", "--path", "/elsewhere", "--login", "200")


@apache_scenario(outside=None, server="server.websocket-not-passed", manual=ELSEWHERE)
def apache_passes_no_terminal_behind_a_login(lab: Lab) -> None:
    _serve(lab, "chat_server", "--path", "/xterm/ws-555", "--login", "200")
    serve_apache(lab, "")
    _opens(lab, "/xterm/ws-555")


@healthy_apache()
def apache_passes_the_terminal_behind_a_login(lab: Lab) -> None:
    _serve(lab, "chat_server", "--path", "/ws", "--login", "401")
    serve_apache(lab, "")
    browser(lab, "/ws", *KNOWN)


def _haproxy(lab: Lab, rules: str = "") -> None:
    """HAProxy's log has no names of browsers: one is known by what it loads."""
    run_application(lab)
    serve_haproxy(lab, f"{rules}    use_backend other if {{ path /app.css }}\n")
    visit(lab, "/", referer="")
    visit(lab, "/app.css")


@haproxy_scenario(outside=None, server="server.websocket-not-passed", manual=ELSEWHERE)
def haproxy_passes_no_terminal_behind_a_login(lab: Lab) -> None:
    _serve(lab, "chat_server", "--path", "/live", "--login", "401")
    _haproxy(lab, "    http-request del-header Upgrade\n")
    _opens(lab, "/live")


@healthy_haproxy()
def haproxy_passes_the_terminal_behind_a_login(lab: Lab) -> None:
    _serve(lab, "chat_server", "--path", "/live", "--login", "401")
    _haproxy(lab)
    browser(lab, "/live?id=1", *KNOWN)


@caddy_scenario(
    outside=None, server="server.websocket-not-passed", manual="a person knows what the line is for"
)
def caddy_passes_no_terminal_behind_a_login(lab: Lab) -> None:
    _serve(lab, "chat_server", "--path", "/live", "--login", "401")
    serve_caddy(lab, "\treverse_proxy /live* 127.0.0.1:3000 {\n\t\theader_up -Upgrade\n\t}\n")
    _opens(lab, "/live")


@healthy_caddy()
def caddy_passes_the_terminal_behind_a_login(lab: Lab) -> None:
    _serve(lab, "chat_server", "--path", "/live", "--login", "401")
    serve_caddy(lab, "")
    browser(lab, "/live?id=1", *KNOWN)
