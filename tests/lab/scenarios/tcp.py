"""Between the client and the server's port."""

import shutil

from tests.support.kernel_features import no_ebpf

from ..hosts import PATH as PATHS
from ..lab import CLIENT, HERE, ROUTER, ROUTER6, SERVER, SERVER6, Lab
from ..scenario import healthy, scenario

CONSOLE = "the cloud's console"
PATH = "a router on the way belongs to somebody else"


def for_the_client(lab: Lab, route: str) -> None:
    """A route that only what comes in from the client takes: the server still has its resolver."""
    lab.undo(lambda: lab.router.sh("ip rule del table 99; ip route flush table 99"))
    lab.router.sh(f"ip route add {route} {SERVER} table 99; ip rule add iif eth0 table 99")


NEVER = "tcp.never-arrives"

#: As systemd-networkd does when a link comes up again.
NETWORK = """
import pathlib, subprocess, sys, time
address, *gateways = sys.argv[1:]
card = pathlib.Path("/sys/class/net/eth0/operstate")
before = card.read_text()
pathlib.Path("/run/managed").touch()
while True:
    now = card.read_text()
    if now != before and now.strip() == "up":
        subprocess.run(["ip", "addr", "replace", address, "dev", "eth0", "nodad"])
        for gateway in gateways:
            subprocess.run(["ip", "route", "replace", "default", "via", gateway])
    before = now
    time.sleep(0.05)
"""


@scenario(outside="tcp.timeout", server=None, both=NEVER, manual=CONSOLE)
def security_group_drops_443(lab: Lab) -> None:
    """The security group has no rule for 443."""
    lab.cloud("tcp dport 443 drop")


@scenario(outside="tcp.timeout", server=None, both=NEVER, manual=CONSOLE)
def security_group_drops_web(lab: Lab) -> None:
    """The security group has rules for neither 80 nor 443."""
    lab.cloud("tcp dport { 80, 443 } drop")


@scenario(outside="tcp.timeout", server=None, both=NEVER, manual=CONSOLE)
def security_group_keeps_one_visitor_out(lab: Lab) -> None:
    """The client's address is on a list of blocked ones; others get in."""
    lab.cloud(f"ip saddr {CLIENT} tcp dport 443 drop")
    other = "198.51.100.77"
    lab.undo(lambda: lab.client.sh(f"ip addr del {other}/24 dev eth0; :"))
    lab.client.sh(f"ip addr add {other}/24 dev eth0")
    visit = f"curl -skm 1 --interface {other} https://{SERVER}/ -o /dev/null"
    lab.spawn(lab.client, ["sh", "-c", f"while :; do {visit}; sleep 0.2; done"], lambda: True)


@scenario(outside="tcp.timeout", server=None, manual=CONSOLE)
def network_acl_drops_replies(lab: Lab) -> None:
    """The subnet's ACL lets requests in and no answers out."""
    lab.cloud("tcp sport 443 drop")


@scenario(outside="tcp.timeout", server=None, manual=CONSOLE)
def network_acl_drops_replies_to_a_translated_client(lab: Lab) -> None:
    """The client's connections to 443 come from another address than its SSH, as behind a line with
    two exits: the server knows their SYNs by the MSS alone."""
    other = "203.0.113.2"
    lab.undo(lambda: lab.router.sh(f"nft delete table ip exits; ip addr del {other}/24 dev eth1"))
    lab.router.sh(f"""
        ip addr add {other}/24 dev eth1
        nft add table ip exits
        nft add chain ip exits post '{{ type nat hook postrouting priority 100; }}'
        nft add rule ip exits post ip saddr {CLIENT} tcp dport 443 snat to {other}
    """)
    lab.cloud("tcp sport 443 drop")


@scenario(
    outside="tcp.timeout",
    server=None,
    both=NEVER,
    needs=no_ebpf,
    manual="an eBPF program has an owner",
)
def xdp_program_drops_443(lab: Lab) -> None:
    """Before any capture sees them. From both ends it looks like a security group."""
    lab.undo(lambda: lab.server.sh("rm -f /run/bpf.attached"))
    argv = lab.server.python(str(HERE / "bpf.py"), "xdp", "eth0", "443")
    lab.spawn(lab.server, argv, lab.server.path("/run/bpf.attached").exists)


@scenario(outside="tcp.timeout", server=None, manual=PATH)
def router_swallows_everything(lab: Lab) -> None:
    """A black-hole route on the way."""
    for_the_client(lab, "blackhole")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_rejects_443(lab: Lab) -> None:
    """A firewall on the way says so."""
    lab.cloud("tcp dport 443 reject with icmpx type admin-prohibited")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_has_an_unreachable_route(lab: Lab) -> None:
    """The address was null-routed."""
    for_the_client(lab, "unreachable")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_has_a_prohibit_route(lab: Lab) -> None:
    """The address is prohibited by policy."""
    for_the_client(lab, "prohibit")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_has_no_route(lab: Lab) -> None:
    """Network unreachable, says the router: the public address has been released."""
    lab.dns(["192.0.2.10"])
    lab.server.sh("ip addr add 192.0.2.10/32 dev eth0")


#: What is lost to the client is lost to its SSH as well.
NO_SSH = "tcp.timeout"


@scenario(
    outside="tcp.host-down",
    server="host.link-down",
    both="tcp.host-down",
)
def link_is_down(lab: Lab) -> None:
    """The server's only interface is down; what manages its network sets routes when it is up."""
    lab.server.write("/run/network.py", NETWORK)
    address, gateway = f"{SERVER6}/64", ROUTER[1]
    program = lab.server.python("/run/network.py", address, gateway, ROUTER6[1])
    lab.spawn(lab.server, program, lab.server.path("/run/managed").exists)
    lab.server.sh("ip link set eth0 down")


@scenario(
    outside="tcp.timeout",
    server="tcp.no-return-route",
    both=NO_SSH,
    manual="the route has to be known",
)
def server_has_no_default_route(lab: Lab) -> None:
    """The server hears the client and has no way to answer."""
    lab.server.sh("ip route del default")


@scenario(
    outside="tcp.timeout",
    server="host.gateway-silent",
    both=NO_SSH,
    manual="the right gateway has to be known",
)
def gateway_with_a_typing_error(lab: Lab) -> None:
    """The default route leads to an address of the network that no machine has."""
    lab.server.sh("ip route replace default via 203.0.113.77 dev eth0")
    visited_once(lab)


def visited_once(lab: Lab) -> None:
    """Somebody has tried it already, so that the kernel has asked for the gateway."""
    lab.client.sh(f"curl -skm 4 https://{SERVER}/ -o /dev/null; :")


def tunnel(lab: Lab, name: str, address: str) -> None:
    """A TUN device with this address. A server that systemd boots has a /dev of its own."""
    lab.undo(lambda: lab.server.sh(f"ip link del {name}; :"))
    lab.server.sh(f"""
        [ -c /dev/net/tun ] || {{ mkdir -p /dev/net; mknod /dev/net/tun c 10 200; }}
        ip tuntap add {name} mode tun; ip link set {name} up; ip addr add {address} dev {name}
    """)


def wg_quick(lab: Lab) -> None:
    """What wg-quick(8) does for AllowedIPs = 0.0.0.0/0, with a TUN device in WireGuard's place."""
    tunnel(lab, "wg0", "10.66.66.2/32")
    lab.undo(
        lambda: lab.server.sh("""
        ip rule del table 51820; ip rule del table main suppress_prefixlength 0
        ip rule del priority 100; :
    """)
    )
    lab.server.sh("""
        ip route add default dev wg0 table 51820
        ip rule add not fwmark 51820 table 51820
        ip rule add table main suppress_prefixlength 0
    """)


@scenario(
    outside="tcp.timeout",
    server="tcp.answers-in-tunnel",
    both=NO_SSH,
    manual="what the tunnel is for, a person knows",
)
def vpn_takes_the_answers(lab: Lab) -> None:
    """After many threads about wg-quick on a web server: AllowedIPs = 0.0.0.0/0."""
    wg_quick(lab)


@scenario(
    outside="tcp.timeout",
    server="tcp.answers-in-tunnel",
    both=NO_SSH,
    manual="what the tunnel is for, a person knows",
)
def openvpn_takes_the_answers(lab: Lab) -> None:
    """OpenVPN's `redirect-gateway def1`: two routes that are more specific than the default one."""
    tunnel(lab, "tun0", "10.8.0.6/24")
    lab.server.sh("ip route add 0.0.0.0/1 dev tun0; ip route add 128.0.0.0/1 dev tun0")


@healthy()
def vpn_for_a_network_of_its_own(lab: Lab) -> None:
    """A tunnel to other servers beside the default route."""
    tunnel(lab, "wg0", "10.66.66.2/24")
    lab.server.sh("ip route add 10.0.0.0/8 dev wg0")


@healthy()
def vpn_for_all_but_the_answers(lab: Lab) -> None:
    """The same, and a rule that lets replies leave as the visitors came."""
    wg_quick(lab)
    lab.server.sh(f"ip rule add from {SERVER} lookup main priority 100")


@scenario(outside="tcp.path-mtu", server=None, manual=PATH)
def large_answers_are_lost(lab: Lab) -> None:
    """A path-MTU black hole: the server's certificate does not get through."""
    lab.cloud(f"ip saddr {SERVER} meta length > 1000 drop")


@scenario(outside="tcp.large-hello-lost", server=None, manual=PATH)
def large_hellos_are_lost(lab: Lab) -> None:
    """Something on the way drops the post-quantum ClientHello."""
    lab.cloud(f"ip daddr {SERVER} meta length > 1300 drop")


@scenario(
    outside="tcp.timeout",
    server="tcp.no-return-route",
    both=NO_SSH,
    manual="the route has to be known",
)
def second_address_without_a_way_back(lab: Lab) -> None:
    """A rule sends the answers of the published address to a table that is empty."""
    lab.undo(lambda: lab.server.sh("ip rule del priority 90; ip route flush table 90"))
    lab.server.sh(f"""
        ip route add unreachable default table 90
        ip rule add priority 90 from {SERVER} iif lo table 90
        ip route del default
    """)


def table_for_https(lab: Lab, route: str) -> None:
    """A rule chooses a table of its own for the replies from port 443, as for a VPN."""
    lab.undo(lambda: lab.server.sh("ip rule del priority 91; ip route flush table 91"))
    lab.server.sh(f"""
        ip route add {route} table 91
        ip rule add priority 91 ipproto tcp sport 443 lookup 91
    """)


@scenario(
    outside="tcp.timeout", server="tcp.no-return-route", both="tcp.no-return-route",
    manual="whether the rule is needed is not known",
)  # fmt: skip
def table_for_https_leads_nowhere(lab: Lab) -> None:
    """The rule was left behind by a VPN that is down. SSH and port 80 work, and so does the site on
    the server itself."""
    table_for_https(lab, "blackhole default")


@healthy()
def table_for_https_leads_to_visitors(lab: Lab) -> None:
    """The same rule, and the table has the way."""
    table_for_https(lab, f"default via {ROUTER[1]}")


PRIVATE, PUBLIC = "10.0.0.10", "203.0.113.99"


@healthy(unsure=("server",))
def router_that_translates_for_others_only(lab: Lab) -> None:
    """A private address behind a router; the server does not reach the public one itself."""
    lab.undo(lambda: lab.router.sh("nft delete table ip home; ip addr del 10.0.0.1/24 dev eth1"))
    lab.router.sh(f"""
        ip addr add 10.0.0.1/24 dev eth1
        nft add table ip home
        nft add chain ip home in '{{ type nat hook prerouting priority -100; }}'
        nft add rule ip home in ip daddr {{ {PUBLIC}, {SERVER} }} dnat to {PRIVATE}
    """)
    lab.server.sh(f"""
        ip addr flush dev eth0
        ip addr add {PRIVATE}/24 dev eth0
        ip route add default via 10.0.0.1
    """)
    lab.dns([PUBLIC])


#: tinyproxy(8) on the router, which alone has a way to the server.
TINYPROXY = """
Port 8888
Listen 198.51.100.1
ConnectPort {port}
PidFile "/run/lab/tinyproxy.pid"
LogFile "/run/lab/tinyproxy.log"
"""
BY_PROXY = ("--proxy", "http://198.51.100.1:8888", "--ws", "/ws")


def no_tinyproxy() -> str:
    return "" if shutil.which("tinyproxy", path=PATHS) else "tinyproxy is not installed"


def only_the_proxy_leads_out(lab: Lab, port: int) -> None:
    lab.router.write("/run/lab/tinyproxy.conf", TINYPROXY.format(port=port))
    argv = ["tinyproxy", "-d", "-c", "/run/lab/tinyproxy.conf"]
    lab.spawn(lab.router, argv, lambda: lab.router.listening(8888))
    lab.cloud(f"ip saddr {CLIENT} tcp dport {{ 80, 443 }} drop")


@healthy(args=BY_PROXY, needs=no_tinyproxy)
def proxy_is_the_only_way_out(lab: Lab) -> None:
    """Directly nothing gets out; through the proxy the site works."""
    only_the_proxy_leads_out(lab, 443)


@scenario(
    outside="tcp.proxy-refused",
    server="tcp.proxy-refused",
    both="tcp.proxy-refused",
    args=BY_PROXY,
    needs=no_tinyproxy,
    manual="the proxy belongs to somebody else",
)
def proxy_forbids_the_port(lab: Lab) -> None:
    """A proxy that connects to another port only."""
    only_the_proxy_leads_out(lab, 563)


@scenario(outside="tcp.host-down", server="dns.wrong-address", ipv6=True, manual=PATH)
def two_addresses_dead_in_two_ways(lab: Lab) -> None:
    """Of a machine that is gone one address is silent, the other not known to its network."""
    gone, gone6 = "203.0.113.77", "2001:db8:2::77"
    lab.cloud(f"ip daddr {gone} drop")
    lab.dns([gone], [gone6])
