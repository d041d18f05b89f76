"""Scenarios of server.caddy-upstream-path."""

from .. import caddy
from ..caddy import SHOP
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy


@caddy_scenario(
    outside="http.server-error", server="server.caddy-upstream-path", differs=(caddy.CONFIG,)
)
def caddy_upstream_has_a_path(lab: Lab) -> None:
    """After https://raoqu.cc/p/caddy2配置: a path behind the port, as proxy_pass may have one."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "127.0.0.1:3000/"))


@healthy_caddy()
def caddy_writes_the_path_anew(lab: Lab) -> None:
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "127.0.0.1:3000 {\n\t\trewrite {uri}\n\t}"))
