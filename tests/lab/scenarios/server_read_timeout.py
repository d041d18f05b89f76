"""A message says 504, and no log has the request any more: HAProxy or Caddy in front."""

from .. import caddy, haproxy
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .server_answer_too_late import WAITS
from .upstream_read_timeout import MESSAGE, OTHER_TIME, TIMED

TO_APPLICATION = "reverse_proxy 127.0.0.1:3000"


@haproxy_scenario(
    outside=None, server="server.read-timeout", args=(MESSAGE,), differs=(haproxy.CONFIG,)
)
def a_message_says_504_of_haproxy(lab: Lab) -> None:
    haproxy.serve(lab)


@healthy_haproxy(args=(MESSAGE,))
def a_message_says_504_and_haproxy_waits_long(lab: Lab) -> None:
    haproxy.serve(lab, haproxy.SITE.replace("timeout server 1m", "timeout server 10m"))


@caddy_scenario(
    outside=None, server="server.read-timeout", args=(MESSAGE,), differs=(caddy.CONFIG,)
)
def a_message_says_504_of_caddy(lab: Lab) -> None:
    caddy.serve(lab, caddy.SHOP.replace(TO_APPLICATION, WAITS.replace("2s", "30s")))


@healthy_caddy(args=(MESSAGE,))
def a_message_says_504_and_caddy_waits_for_ever(lab: Lab) -> None:
    caddy.serve(lab)


@haproxy_scenario(
    outside=None, server="server.read-timeout", args=(TIMED,), differs=(haproxy.CONFIG,)
)
def a_message_tells_the_time_that_haproxy_waits(lab: Lab) -> None:
    """`timeout server 1m`, and no status in the words."""
    haproxy.serve(lab)


@healthy_haproxy(args=(OTHER_TIME,))
def a_message_tells_another_time_than_haproxy_waits(lab: Lab) -> None:
    haproxy.serve(lab)
