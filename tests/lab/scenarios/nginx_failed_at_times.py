"""Scenarios of nginx.failed-at-times: the page is served, and the log has what failed before."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .page_assets import PAGE

OFTEN = "502 Bad Gateway every now and then, a refresh fixes it"
GROUP = "upstream app {\n  server 127.0.0.1:3000;\n  keepalive 16;\n}\n"
HURT = "  location = /hurt { proxy_pass http://127.0.0.1:3009; }\n"


def _grouped(lab: Lab, more: str) -> None:
    lab.edit("map $http_upgrade", f"{GROUP}map $http_upgrade")
    lab.change(PAGE, PAGE.replace("http://127.0.0.1:3000", "http://app") + more)
    lab.client.run(["curl", "-sk", "-o", "/dev/null", f"https://{site.NAME}/hurt"])


@scenario(
    outside=None, server="nginx.failed-at-times", args=(OFTEN,),
    manual="what failed is over", not_on=UNLOGGED,
)  # fmt: skip
def log_has_what_failed_at_times(lab: Lab) -> None:
    """After pull request 448 of DistrictBuilder, and many threads: the page itself is served."""
    _grouped(lab, HURT)
    lab.spawn(lab.server, lab.server.application("paths_server", "3009", "/hurt"), 3009)


@healthy(args=(OFTEN,))
def log_has_nothing_that_failed(lab: Lab) -> None:
    _grouped(lab, "")
