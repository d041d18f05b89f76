"""The second web server of a request's way has the limit: nginx behind HAProxy, Apache or Caddy, or
one block of nginx behind another. The remedy is in the file of the inner one."""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .body_limits import LIBRARY, _application, _upload
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario, healthy_haproxy
from .two_servers import INNER, behind_caddy, behind_haproxy, inner

MINE = (site.CONF,)
REPORT = f"https://{site.NAME}/api/report"
OUTER = site.HTTPS.replace("127.0.0.1:3000", INNER)
LIMIT = "    client_max_body_size 100m;\n"


def blocks(lab: Lab, behind: str, front: str = OUTER) -> None:
    """Both blocks are in one nginx."""
    lab.server.write(site.CONF, f"{behind}\n{front}\n{site.HTTP}")
    lab.restart_nginx()


def _late(lab: Lab, seconds: str = "2") -> None:
    argv = lab.server.application("late_server", "3009", "/api/report", seconds)
    lab.spawn(lab.server, argv, 3009)


def _behind(path: str, lines: str = "") -> str:
    """The inner site, with an application of its own at a path."""
    own = f"  location {path} {{\n    proxy_pass http://127.0.0.1:3009;\n{lines}  }}\n"
    return inner().replace("  location / {", f"{own}  location / {{")


@haproxy_scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def nginx_limits_the_body_behind_haproxy(lab: Lab) -> None:
    """HAProxy writes no log; the inner nginx has the line in its error log."""
    _application(lab)
    behind_haproxy(lab, _behind("/library"))
    _upload(lab, times=2)


@apache_scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def nginx_limits_the_body_behind_apache(lab: Lab) -> None:
    """Apache's access log has the 413 of the nginx behind it."""
    _application(lab)
    passed = f"{apache.HTTPS}\n{apache.HTTP}".replace("127.0.0.1:3000", INNER)
    apache.install(lab, passed, keep_nginx=True)
    lab.server.write(site.CONF, _behind("/library"))
    lab.restart_nginx()
    apache.start(lab)
    _upload(lab, times=2)


@caddy_scenario(
    outside=None, server="nginx.body-limit", args=("413 Request Entity Too Large",), differs=MINE,
    target=LIBRARY,
)  # fmt: skip
def nginx_limits_the_body_behind_caddy_by_words(lab: Lab) -> None:
    _application(lab)
    behind_caddy(lab, _behind("/library"))


@healthy_haproxy()
def nginx_behind_haproxy_takes_the_upload(lab: Lab) -> None:
    _application(lab)
    behind_haproxy(lab, _behind("/library", LIMIT))
    _upload(lab, times=2)


@scenario(
    outside="http.server-error", server="upstream.answer-too-late", target=REPORT, differs=MINE
)
def inner_block_does_not_wait(lab: Lab) -> None:
    """The visitors' block waits for a minute, the one behind it for a second: whose 504 is it?"""
    _late(lab)
    blocks(lab, _behind("/api/", "    proxy_read_timeout 1s;\n"))


@scenario(
    outside="http.server-error",
    server="upstream.refused",
    manual="nothing listens where the file says",
)
def application_is_down_behind_two_blocks(lab: Lab) -> None:
    """The error is that of the inner block, and the application is that of the inner block."""
    blocks(lab, inner("3999"))


@healthy(target=REPORT)
def both_blocks_wait(lab: Lab) -> None:
    _late(lab)
    blocks(lab, _behind("/api/"))
