"""HAProxy's timeout for visitors has no unit: it is milliseconds."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

SET = "timeout client 1m"


@haproxy_scenario(
    outside="tls.closed", server="server.haproxy-client-timeout", differs=(haproxy.CONFIG,)
)
def timeout_of_visitors_has_no_unit(lab: Lab) -> None:
    """https://docs.haproxy.org/3.0/configuration.html#2.5: seconds were meant."""
    haproxy.serve(lab, SITE.replace(SET, "timeout client 1"))


@healthy_haproxy(args=("--ws", "/ws"))
def timeout_of_visitors_is_in_milliseconds(lab: Lab) -> None:
    """A minute, written as in older guides."""
    haproxy.serve(lab, SITE.replace(SET, "timeout client 60000"))
