"""The page opens a WebSocket at one address, and the web server passes WebSockets on at another.

After https://github.com/django/channels/issues/157: the script opens the site's root, which
gunicorn gets, and daphne has /ws/.
"""

from .. import caddy, haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario

ROOT = f"wss://{site.NAME}/"
PLAIN = ("--method", "GET")
PROGRAM = "the page's program is not the laboratory's to mend"
UPGRADE = (
    "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    '    proxy_set_header Connection "upgrade";\n'
)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.rindex("}")]


def _programs(lab: Lab, address: str) -> None:
    """The page at one port, which knows no WebSocket, and the WebSockets at another."""
    page = f"<script>var socket = new WebSocket({address});</script>"
    pages = ("--port", "3001", "--path", "/none", "--page", page)
    sockets = ("--port", "3002", "--path", "/ws/")
    lab.spawn(lab.server, lab.server.application("chat_server", *pages), 3001)
    lab.spawn(lab.server, lab.server.application("chat_server", *sockets), 3002)


def _by_nginx(lab: Lab, address: str) -> None:
    _programs(lab, address)
    lab.change(
        PAGES,
        f"  location /ws/ {{\n    proxy_pass http://127.0.0.1:3002;\n{UPGRADE}  }}\n\n"
        "  location / {\n    proxy_pass http://127.0.0.1:3001;\n  }\n",
    )


WRONG, RIGHT = "'wss://' + location.host", "'wss://' + location.host + '/ws/'"


@scenario(
    outside="websocket.not-upgraded", server="websocket.other-path", target=ROOT, args=PLAIN,
    manual=PROGRAM,
)  # fmt: skip
def script_opens_the_root_beside_the_location_of_websockets(lab: Lab) -> None:
    _by_nginx(lab, WRONG)


@healthy(target=f"{ROOT}ws/", args=PLAIN)
def script_opens_the_location_of_websockets(lab: Lab) -> None:
    _by_nginx(lab, RIGHT)


@caddy_scenario(
    outside="websocket.not-upgraded", server="websocket.other-path", target=ROOT, args=PLAIN,
    manual=PROGRAM,
)  # fmt: skip
def script_opens_the_root_beside_the_matcher_of_caddy(lab: Lab) -> None:
    _programs(lab, WRONG)
    lines = "\treverse_proxy /ws/* 127.0.0.1:3002\n\treverse_proxy 127.0.0.1:3001\n"
    caddy.serve(lab, f"{site.NAME} {{\n\ttls {caddy.PEM} {caddy.KEY}\n{lines}}}\n")


@haproxy_scenario(
    outside="websocket.not-upgraded", server="websocket.other-path", target=ROOT, args=PLAIN,
    manual=PROGRAM,
)  # fmt: skip
def script_opens_the_root_beside_the_rule_of_haproxy(lab: Lab) -> None:
    _programs(lab, WRONG)
    rule = "    use_backend sockets if { path_beg /ws/ }\n    default_backend app\n"
    text = SITE.replace("    default_backend app\n", rule).replace(
        "127.0.0.1:3000", "127.0.0.1:3001"
    )
    haproxy.serve(lab, f"{text}\nbackend sockets\n    server daphne 127.0.0.1:3002\n")
