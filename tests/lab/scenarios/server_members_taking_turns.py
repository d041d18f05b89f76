"""Eight workers of Socket.IO behind a balancer of Apache or Caddy, whose sessions get lost between
them. After Socket.IO's own documentation, "Using multiple nodes"."""

from .. import apache, caddy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_threads import site_with
from .caddy import caddy_scenario, healthy_caddy

PORTS = range(3001, 3009)
POLLING = "https://shop.example.com/socket.io/?EIO=4&transport=polling"
TOLD = ("Session ID unknown",)
MODULES = ("proxy_balancer", "lbmethod_byrequests", "slotmem_shm")
ROUTES = "\n".join(
    (
        "ProxyPreserveHost On",
        "ProxyPass /socket.io/ balancer://chat/socket.io/",
        "ProxyPass /ws ws://127.0.0.1:3000/ws",
        "ProxyPass / http://127.0.0.1:3000/",
    )
)
COOKIE = (
    "    ProxySet stickysession=NODE\n"
    '    Header add Set-Cookie "NODE=.%{BALANCER_WORKER_ROUTE}e; path=/" '
    "env=BALANCER_ROUTE_CHANGED\n"
)


def workers(lab: Lab) -> None:
    argv = lab.server.application("engine_server", "--port", "3001", "--workers", "8")
    lab.spawn(lab.server, argv, 3001)


def apache_workers(lab: Lab, is_sticky: bool = False) -> None:
    def route(port: int) -> str:
        return f" route=w{port}" if is_sticky else ""

    workers(lab)
    members = "".join(
        f"    BalancerMember http://127.0.0.1:{port} upgrade=websocket{route(port)}\n"
        for port in PORTS
    )
    group = f"<Proxy balancer://chat>\n{members}{COOKIE if is_sticky else ''}</Proxy>\n"
    apache.install(lab, f"{group}{site_with(ROUTES)}")
    apache.enable(lab, *MODULES)
    lab.undo(lambda: apache.disable(lab, *MODULES))
    apache.start(lab)


def caddy_workers(lab: Lab, policy: str = "") -> None:
    workers(lab)
    members = " ".join(f"127.0.0.1:{port}" for port in PORTS)
    block = f" {{\n\t\tlb_policy {policy}\n\t}}" if policy else ""
    line = f"\treverse_proxy /socket.io/* {members}{block}\n\treverse_proxy 127.0.0.1:3000"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000", line))


@apache_scenario(
    outside="websocket.not-sticky", target=POLLING, args=TOLD, differs=(apache.SITE,)
)  # fmt: skip
def apache_loses_sessions_between_workers(lab: Lab) -> None:
    apache_workers(lab)


@healthy_apache(target=POLLING)
def apache_keeps_sessions_by_a_cookie(lab: Lab) -> None:
    apache_workers(lab, is_sticky=True)


@caddy_scenario(
    outside="websocket.not-sticky", target=POLLING, args=TOLD, differs=(caddy.CONFIG,)
)  # fmt: skip
def caddy_loses_sessions_between_workers(lab: Lab) -> None:
    caddy_workers(lab)


@caddy_scenario(
    outside="websocket.not-sticky", target=POLLING, args=TOLD, differs=(caddy.CONFIG,)
)  # fmt: skip
def caddy_loses_sessions_with_a_policy_of_turns(lab: Lab) -> None:
    caddy_workers(lab, "round_robin")


@healthy_caddy(target=POLLING)
def caddy_keeps_sessions_by_the_address(lab: Lab) -> None:
    caddy_workers(lab, "ip_hash")


@healthy_caddy(target=POLLING)
def caddy_keeps_sessions_by_a_cookie(lab: Lab) -> None:
    caddy_workers(lab, "cookie")
