"""What nginx stands in front of."""

from .. import site
from ..lab import Lab
from ..scenario import scenario

APPLICATION = "the application has to be started"


@scenario(outside="http.server-error", server="upstream.refused", manual=APPLICATION)
def application_is_down(lab: Lab) -> None:
    """Nothing listens on 127.0.0.1:3000."""
    lab.application_service.stop()


@scenario(outside="http.server-error", server="upstream.refused", manual="which port?")
def proxied_to_the_wrong_port(lab: Lab) -> None:
    """proxy_pass names a port on which nothing listens."""
    lab.change("127.0.0.1:3000", "127.0.0.1:9999")


@scenario(
    outside=None,
    server="upstream.refused",
    manual=APPLICATION,
    not_on={"panel": "its log leaves out what is no crit"},
)
def application_is_down_behind_a_page_of_nginx(lab: Lab) -> None:
    """After questions about `error_page 502 =200`: a page that says "back soon" for weeks."""
    lab.application_service.stop()
    lab.server.write("/var/www/maintenance/soon.html", "<!doctype html><h1>Back soon</h1>\n")
    soon = "  location = /soon.html {\n    root /var/www/maintenance;\n  }\n\n"
    soon += "  error_page 502 504 =200 /soon.html;\n\n"
    lab.change("  location /ws", f"{soon}  location /ws")


@scenario(
    outside="websocket.not-upgraded",
    server="upstream.refused",
    manual=APPLICATION,
    args=("--ws", "/ws"),
)
def websocket_proxied_to_the_wrong_port(lab: Lab) -> None:
    """The page comes; the WebSocket's own application is down."""
    rest = site.HTTPS[site.HTTPS.index("location /ws") :]
    lab.change(rest, rest.replace("127.0.0.1:3000", "127.0.0.1:9999"))


@scenario(outside="http.server-error", server="upstream.timeout", manual=APPLICATION)
def application_never_answers(lab: Lab) -> None:
    """nginx waits two seconds, then 504."""
    lab.application("--mode", "hang")
    lab.change("proxy_set_header X-Forwarded-Proto", "proxy_read_timeout 2s; proxy_set_header X-P")


@scenario(
    outside="http.server-error",
    server="upstream.timeout",
    manual=APPLICATION,
    args=("--ws", "/ws"),
    also=("websocket.not-upgraded",),  # the page's 504 comes sooner than the socket's
)
def application_answers_neither_page_nor_websocket(lab: Lab) -> None:
    """nginx waits long for the WebSocket, as it should for an open one."""
    lab.application("--mode", "hang")
    lab.change("proxy_set_header X-Forwarded-Proto", "proxy_read_timeout 2s; proxy_set_header X-P")


@scenario(outside="http.server-error", server="upstream.closed-early", manual=APPLICATION)
def application_hangs_up(lab: Lab) -> None:
    """It reads the request and closes: 502."""
    lab.application("--mode", "close")
