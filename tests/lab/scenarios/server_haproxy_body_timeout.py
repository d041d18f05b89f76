"""HAProxy waits for the body of an upload, and not for long."""

from .. import haproxy
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

TOLD = ("408 Request Time-out Your browser didn't send a complete request in time.",)
PLACE = "    default_backend app\n"
HEADER_ALONE = f"    timeout http-request 10s\n{PLACE}"
BODY_TOO = f"    option http-buffer-request\n{HEADER_ALONE}"


@haproxy_scenario(
    outside=None, server="server.haproxy-body-timeout", args=TOLD, differs=(haproxy.CONFIG,)
)  # fmt: skip
def haproxy_waits_for_bodies_and_not_for_long(lab: Lab) -> None:
    haproxy.serve(lab, haproxy.SITE.replace(PLACE, BODY_TOO))


@healthy_haproxy(args=TOLD)
def haproxy_counts_the_header_alone(lab: Lab) -> None:
    haproxy.serve(lab, haproxy.SITE.replace(PLACE, HEADER_ALONE))
