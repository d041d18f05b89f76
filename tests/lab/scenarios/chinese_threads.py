"""What administrators asked in Chinese, on sites of developers and in issue trackers: a message of
the browser beside the address of the site, and a file of settings from a blog.

Each has the thread that it is made after, and a healthy twin where it is not obvious.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
TIMEOUT = "    proxy_read_timeout 3600s;\n"
HANDSHAKE = (
    f"WebSocket connection to 'wss://{site.NAME}/ws' failed: Error during WebSocket handshake: "
    "Unexpected response code: 426"
)
FIREFOX = f"Firefox 无法建立到 wss://{site.NAME}/ws 服务器的连接。"
CLOSED = "WebSocket closed: { code: 1006, reason: , wasClean: false }"
#: What Red Hat's nginx.conf has for all names, an error page of its own that is not there, and the
#: redirect of the first page.
PACKAGED = """\
server {
  listen 80;
  server_name _;
  root /usr/share/nginx/html;
  error_page 404 /404.html;
  location = /404.html {
  }
  location = / {
    return 301 https://$host$request_uri;
  }
}
"""


def _application(lab: Lab, program: str, *words: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / program), *words)
    lab.spawn(lab.server, argv, 3001)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=(HANDSHAKE,), differs=MINE,
)  # fmt: skip
def message_names_the_websocket(lab: Lab) -> None:
    """The site and Chrome's message are given, after jkyo.org: only the message names the path."""
    lab.change(UPGRADE, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=(FIREFOX,), differs=MINE,
)  # fmt: skip
def firefox_names_the_websocket(lab: Lab) -> None:
    """The same with Firefox's message in Chinese, after article 310243 of dtcms."""
    lab.change(UPGRADE, "")


@healthy(args=(HANDSHAKE,))
def message_names_a_websocket_that_opens(lab: Lab) -> None:
    """It was repaired since."""


@scenario(
    outside=None, server="websocket.idle-default", args=("--ws", "/ws", CLOSED),
    manual="a longer time or pings of the application: a person chooses",
)  # fmt: skip
def closed_after_a_minute(lab: Lab) -> None:
    """Code 1006 after 60 seconds of silence, after article 713907 of lpnh."""
    lab.change(TIMEOUT, "")


@scenario(
    outside=None,
    server="upstream.wrong-path",
    target=f"https://{site.NAME}/api/users",
    differs=MINE,
)
def prefix_beside_a_packaged_error_page(lab: Lab) -> None:
    """`proxy_pass` without the slash, after article 1958352492495941633 of jishuzhan: the packaged
    block of port 80 logs an error page that is missing, for the same path."""
    _application(lab, "paths_server.py", "3001", "/users")
    lab.server.write("/etc/nginx/conf.d/00-default.conf", PACKAGED)
    lab.edit(site.HTTP, "")
    passed = "  location /api/ {\n    proxy_pass http://127.0.0.1:3001;\n  }\n\n"
    lab.change(PAGES, passed + PAGES)


@scenario(
    outside="websocket.mixed-content", args=("--method", "GET"),
    manual="the program of the page is the application's own",
)  # fmt: skip
def plain_websocket_to_a_name_for_the_host(lab: Lab) -> None:
    """`'ws://' + domain + …` in a page over https, after pull request 474 of YApi."""
    lab.spawn(lab.server, lab.server.application("proxied_server", "yapi", "3001"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(
    outside="http.redirect-to-error", server="http.redirect-wrong-host",
    target=f"http://{site.NAME}/",
    manual="on which port visitors shall use https is a choice",
)  # fmt: skip
def redirect_without_the_port_of_https(lab: Lab) -> None:
    """https is on port 1443, and http leads to 443, after issue 17191 of JumpServer."""
    lab.change("listen 443 ssl;", "listen 1443 ssl;")


@healthy(target=f"http://{site.NAME}/")
def redirect_to_https(lab: Lab) -> None:
    """http was asked for, and its redirect leads to https that works."""
