"""Scenarios of nginx.failed-at-times: the page is served, and the log has what failed before."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit
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


def _crashes(lab: Lab, times: int) -> None:
    lab.spawn(lab.server, lab.server.application("late_server", "3009", "/graphql", "crash"), 3009)
    log_of_its_own(lab, "  location /graphql { proxy_pass http://127.0.0.1:3009; }\n")
    for _ in range(times):
        visit(lab, "/graphql", "-d", "{}")


@scenario(
    outside=None, server="upstream.closed-early", manual="what the application does is its own",
    not_on=UNLOGGED,
)  # fmt: skip
def request_on_which_the_application_crashes(lab: Lab) -> None:
    """After https://github.com/nginx-proxy/nginx-proxy/issues/1587: a POST, again and again."""
    _crashes(lab, 3)


@healthy()
def request_that_was_under_way_at_a_restart(lab: Lab) -> None:
    """Once: the application was restarted meanwhile."""
    _crashes(lab, 1)


LONG = (
    "We run a Fastify application behind nginx and about one of ten thousand requests fails in"
    " production, 502 every now and then. The log has: upstream prematurely closed connection while"
    " reading response header from upstream"
)


@scenario(
    outside=None, server="nginx.failed-at-times", args=(LONG,), manual="what failed is over",
    not_on=UNLOGGED,
)  # fmt: skip
def long_message_says_that_it_fails_at_times(lab: Lab) -> None:
    """After https://github.com/fastify/help/issues/943: the words stand far from the error."""
    _grouped(lab, HURT)
    lab.spawn(lab.server, lab.server.application("paths_server", "3009", "/hurt"), 3009)


@healthy(args=(OFTEN,))
def log_has_nothing_that_failed(lab: Lab) -> None:
    _grouped(lab, "")
