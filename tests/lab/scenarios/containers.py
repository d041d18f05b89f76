"""The site is in a container: a network namespace behind a bridge, with the rules that Docker would
write. Docker itself does not run here."""

from collections.abc import Sequence

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .firewall import firewalld
from .firewall_rules import CLOSED, also_on_8443

INSIDE = "172.17.0.2"
NFTABLES = "/etc/nftables.conf"
NETWORK = f"""
ip netns add web
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip link add vweb type veth peer name eth0 netns web
ip link set vweb master docker0 up
ip -n web addr add {INSIDE}/16 dev eth0
ip -n web link set eth0 up
ip -n web link set lo up
ip -n web route add default via 172.17.0.1
sysctl -qw net.ipv4.ip_forward=1
"""
GONE = """
ip netns del web
ip link del docker0
sysctl -qw net.ipv4.ip_forward=0
for table in nat filter; do nft delete table ip $table 2>/dev/null; done; :
"""
# In the form of Docker for `-p 443:443`, on iptables, without its chains of isolation.
RULES = f"""
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 443 -j DNAT --to-destination {INSIDE}:443
iptables -P FORWARD DROP
iptables -N DOCKER
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A DOCKER -d {INSIDE}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 443 -j ACCEPT
iptables -A DOCKER-USER -j RETURN
"""
LISTEN = "import socket, time; s = socket.create_server(('0.0.0.0', 443)); time.sleep(1e6)"


def container(lab: Lab) -> None:
    """It serves 443; nginx on the server itself has the redirect only."""
    server = lab.server
    lab.undo(lambda: server.sh(GONE, check=False))
    server.sh(NETWORK)
    application = server.python(str(HERE / "application.py"), "--host", "0.0.0.0", "--port", "443")
    files = ("--certificate", site.PEM, "--key", site.KEY)
    inside = ["ip", "netns", "exec", "web"]

    def ready() -> bool:
        asked: Sequence[str] = [*inside, "curl", "-sko", "/dev/null", "https://127.0.0.1/"]
        return server.run(asked).returncode == 0

    lab.spawn(server, [*inside, *application, *files], ready)
    lab.change(site.HTTPS, "")


def published(lab: Lab) -> None:
    container(lab)
    lab.server.sh(RULES)


def proxy(lab: Lab) -> None:
    """What holds the port on the server; the rules lead visitors past it."""
    lab.server.sh(f"ln -sf {lab.server.python()[0]} /run/docker-proxy")
    lab.spawn(lab.server, ["/run/docker-proxy", "-c", LISTEN], 443)


@scenario(
    outside="tcp.refused",
    server="listener.container-unpublished",
    manual="there is no Docker to make the container anew",
)
def container_is_not_published(lab: Lab) -> None:
    """It listens on 443 in a network of its own."""
    container(lab)


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.container-rules-lost",
    manual="there is no Docker to restart",
)
def rules_of_docker_are_gone(lab: Lab) -> None:
    """docker-proxy is left, behind a zone that never opened 443."""
    container(lab)
    proxy(lab)
    firewalld(lab, CLOSED)


@scenario(outside="tcp.timeout", server="firewall.forward-blocks", differs=("rules",))
def chain_for_users_drops(lab: Lab) -> None:
    """Somebody dropped all that comes in by eth0 in DOCKER-USER."""
    published(lab)
    lab.server.sh("iptables -I DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP")


@scenario(outside="tcp.timeout", server="firewall.forward-blocks", differs=("rules",))
def forward_chain_of_hand_drops(lab: Lab) -> None:
    """A table of nftables lets pass only what is known."""
    published(lab)
    lab.server.run(["nft", "-f", "-"], input=GUARD, check=True)
    lab.undo(lambda: lab.server.run(["nft", "delete", "table", "inet", "guard"]))


@scenario(outside="tcp.timeout", server="firewall.forward-blocks", differs=(NFTABLES, "rules"))
def forward_policy_of_hand_knows_no_replies(lab: Lab) -> None:
    """Debian's example of nftables.conf with policy drop, beside Docker's rules; after issue 705 of
    dfw (https://github.com/pitkley/dfw/issues/705). Replies would be dropped, too."""
    published(lab)
    lab.server.write(NFTABLES, f"#!/usr/sbin/nft -f\n\nflush ruleset\n{STRANGERS}")
    lab.server.run(["nft", "-f", "-"], input=STRANGERS, check=True)
    lab.undo(lambda: lab.server.run(["nft", "delete", "table", "inet", "filter"]))


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.forward-blocks",
    manual="the safer of two ways leaves the server's own connections shut out",
)
def forwards_are_strict(lab: Lab) -> None:
    """StrictForwardPorts=yes (since 2.3): what firewalld does not forward itself is rejected."""
    published(lab)
    conf = "/etc/firewalld/firewalld.conf"
    lab.edit("StrictForwardPorts=no", "StrictForwardPorts=yes", conf)
    firewalld(lab)


STRANGERS = """
table inet filter {
  chain input {
    type filter hook input priority 0; policy accept;
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
  }
}
"""
GUARD = """
table inet guard {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    iifname "eth0" drop
  }
}
"""


@healthy()
def published_without_a_proxy(lab: Lab) -> None:
    """Nothing listens on the server's own 443, and the zone does not list it."""
    published(lab)
    firewalld(lab, CLOSED)


@healthy()
def published_with_a_proxy(lab: Lab) -> None:
    """docker-proxy holds the port."""
    published(lab)
    proxy(lab)
    firewalld(lab, CLOSED)


@healthy()
def another_container_has_a_namespace(lab: Lab) -> None:
    """It listens on 443 inside, and so does nginx on the server."""
    container(lab)
    lab.change(site.HTTP, site.HTTPS + site.HTTP)


# Rules of NAT by hand


def redirected(lab: Lab, to: str) -> None:
    table = f"""
    table ip old {{
      chain prerouting {{
        type nat hook prerouting priority dstnat; policy accept;
        tcp dport 443 redirect to :{to}
      }}
    }}
    """
    lab.server.run(["nft", "-f", "-"], input=table, check=True)
    lab.undo(lambda: lab.server.run(["nft", "delete", "table", "ip", "old"]))


@scenario(outside="tcp.refused", server="firewall.forward-port", differs=("rules",))
def nat_leads_to_nothing(lab: Lab) -> None:
    """443 is redirected to 8443, where the old application was."""
    redirected(lab, "8443")


@scenario(outside="tcp.refused", server="firewall.forward-port", differs=("rules",))
def nat_leads_to_nothing_by_chance(lab: Lab) -> None:
    """To one of several ports, drawn each time."""
    redirected(lab, "8443-8445 random,persistent")


@healthy()
def nat_leads_to_the_site(lab: Lab) -> None:
    """nginx serves the same site on 8443, and the zone does not list https."""
    also_on_8443(lab)
    redirected(lab, "8443")
    firewalld(lab, CLOSED)


@healthy(unsure=("server",))
def nat_leads_visitors_alone_to_the_site(lab: Lab) -> None:
    """https://github.com/firewalld/firewalld/issues/1565: 443 is redirected to 8443, where the site
    listens. The server's own connections are not redirected, and are refused."""
    lab.edit("listen 443 ssl", "listen 8443 ssl")
    lab.restart_nginx()
    firewalld(lab, "--zone=public --add-forward-port=port=443:proto=tcp:toport=8443")
