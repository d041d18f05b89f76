"""Scenarios of upstream.request-timed-out: the page is served, and one request of it takes longer
than nginx waits.

After https://errornotes.dev/en/errors/nginx/fix-nginx-error-upstream-timed-out-110-connection-timed-out-while-reading-respon
(an export by POST) and https://www.zhifeiya.cn/post/2025/4/27/16e6979e (a PHP script). They wait
the default of 60 seconds; here nginx waits one.
"""

from pathlib import Path

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit

MINE = (site.CONF,)
GATEWAY = str(Path(__file__).parents[1] / "applications" / "gateway_server.py")


def _late(lab: Lab, seconds: str, patience: str = "proxy_read_timeout 1s;") -> None:
    argv = lab.server.application("late_server", "3009", "/api/export", seconds)
    lab.spawn(lab.server, argv, 3009)
    lines = f"    proxy_pass http://127.0.0.1:3009;\n    {patience}\n"
    log_of_its_own(lab, f"  location /api/ {{\n{lines}  }}\n")


@scenario(
    outside=None, server="upstream.request-timed-out", differs=MINE, not_on=UNLOGGED
)  # fmt: skip
def export_takes_longer_than_nginx_waits(lab: Lab) -> None:
    """The page sends a POST, which is not sent again."""
    _late(lab, "2")
    visit(lab, "/api/export", "-d", "month=11")


@scenario(
    outside=None, server="upstream.request-timed-out", differs=MINE, not_on=UNLOGGED
)  # fmt: skip
def report_takes_longer_than_nginx_waits(lab: Lab) -> None:
    """A visitor opens the report by its address, twice."""
    _late(lab, "2")
    visit(lab, "/api/export?month=10", referer="")
    visit(lab, "/api/export?month=11", referer="")


@scenario(
    outside=None, server="upstream.request-timed-out", differs=MINE, not_on=UNLOGGED
)  # fmt: skip
def script_of_a_report_takes_longer_than_nginx_waits(lab: Lab) -> None:
    """`fastcgi_read_timeout` in the location of all scripts."""
    lab.spawn(lab.server, lab.server.python(GATEWAY, "php-hangs", "9000"), 9000)
    lines = "    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:9000;\n"
    patience = "    fastcgi_read_timeout 1s;\n"
    log_of_its_own(lab, f"  location ~ \\.php$ {{\n{lines}{patience}  }}\n")
    visit(lab, "/report.php?month=11")


@healthy()
def export_is_waited_for(lab: Lab) -> None:
    _late(lab, "2", "proxy_read_timeout 30s;")
    visit(lab, "/api/export", "-d", "month=11")


@healthy()
def export_that_took_too_long_succeeds_later(lab: Lab) -> None:
    """One was too late, and the next came in time."""
    _late(lab, "2")
    visit(lab, "/api/export", "-d", "month=11")
    process = lab.server.application("late_server", "3010", "/api/none", "0")
    lab.spawn(lab.server, process, 3010)
    lab.edit("127.0.0.1:3009", "127.0.0.1:3010")
    lab.reload()
    visit(lab, "/api/export", "-d", "month=11")
