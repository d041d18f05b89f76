"""The name's address is a router's, which forwards ports to this server. The router of the
laboratory is that one."""

from .. import certificates
from ..containers import Engine, application, proxy
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, other_machine
from .compose_files import labels
from .nginx_in_container import TEXT

WAN = "198.51.100.1"
ROUTER = "the router belongs to a person"


def forwards(lab: Lab, *ports: tuple[int, int]) -> None:
    """The router forwards these ports, also for the server itself (RFC 4787 section 6)."""
    router = lab.router
    lab.undo(lambda: router.sh("nft delete table ip wan", check=False))
    rules = "".join(
        f"    ip daddr {WAN} tcp dport {outer} dnat to {SERVER}:{inner}\n" for outer, inner in ports
    )
    back = f"ip saddr {SERVER} ip daddr {SERVER} ct status dnat masquerade"
    chains = f"""table ip wan {{
  chain pre {{ type nat hook prerouting priority -100; policy accept;
{rules}  }}
  chain post {{ type nat hook postrouting priority 100; policy accept; {back}; }}
}}
"""
    router.run(["nft", "-f", "-"], input=chains)
    lab.dns([WAN])


def _to_application(lab: Lab, port: int) -> None:
    lab.server.sh("firewall-cmd -q --add-port 3000/tcp")
    lab.application("--host", "0.0.0.0")
    forwards(lab, (443, port), (80, 80))


@scenario(outside="tls.plain-http", server="tcp.forwarded-to-other-port", manual=ROUTER)
def router_forwards_https_to_the_application(lab: Lab) -> None:
    """https://github.com/home-assistant/core/issues/40137: the rule of 443 leads to 8123."""
    _to_application(lab, 3000)


@healthy()
def router_forwards_https_to_the_web_server(lab: Lab) -> None:
    _to_application(lab, 443)


@scenario(outside="tcp.refused", server="dns.wrong-address", manual=ROUTER)
def router_forwards_to_ports_that_a_container_left(lab: Lab) -> None:
    """https://github.com/NginxProxyManager/nginx-proxy-manager/issues/3901: the container has 443
    and 80 again."""
    engine = Engine(lab)
    address = application(engine, labels=labels("app"))
    proxy(engine, TEXT, hosts=f"{address} app\n", labels=labels("proxy"))
    lab.server.sh("firewall-cmd -q --add-port 8443/tcp --add-port 8080/tcp")
    forwards(lab, (443, 8443), (80, 8080))


LOGIN = "default_type text/html; return 200 '<html><head><title>FRITZ!Box</title></head></html>';"


@scenario(outside="tcp.router-page", manual=ROUTER)
def router_keeps_the_port_for_its_own_page(lab: Lab) -> None:
    """After https://github.com/sandstorm-io/sandstorm/issues/1729 and
    https://github.com/Freetz/freetz/issues/5: no rule forwards 443, and the router answers."""
    other_machine(lab, LOGIN, certificates.leaf("fritz.box", issuer="self"))
    lab.dns([OTHER])
