"""systemd keeps a program from what it needs: its packets, its sockets, its network, its files.
Lists of settings that harden a service contain them, and `systemd-analyze security` marks a unit
without them (https://github.com/NixOS/nixpkgs/pull/121222). Then rules for users, programs of an
old release, and networks that the visitors have too."""

from functools import partial

from .. import site
from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT, SERVER, install, start
from .hidden_reasons import behind_nginx
from .nginx import start_in_vain
from .systemd import UNITS, drop_in

OWN = "what the service may do is a choice"
#: Writes a line for each page.
WRITING = SERVER.replace(
    "  response.setHeader",
    """  try { require('fs').appendFileSync('/srv/shop/shop.db', 'x'); } catch (error) {
    console.error(error); response.statusCode = 500; response.end('Internal Server Error'); return;
  }
  response.setHeader""",
    1,
)


def restart_with(lab: Lab, text: str) -> None:
    drop_in(lab, f"[Service]\n{text}\n")
    lab.restart_nginx()


@scenario(outside="tcp.refused", server="server.own-network", manual=OWN, not_on=UNITS)
def unit_of_nginx_has_its_own_network(lab: Lab) -> None:
    """PrivateNetwork=yes: nginx runs, and is alone in its network."""
    drop_in(lab, "[Service]\nPrivateNetwork=yes\n")
    lab.stop_nginx()
    lab.try_to_start_nginx()


@scenario(outside="tcp.timeout", server="server.unit-forbids", manual=OWN, not_on=UNITS)
def unit_of_nginx_drops_the_packets_of_visitors(lab: Lab) -> None:
    """Issue 51 of JGoutin/ansible_home asks for IPAddressDeny= in nginx's unit; a list that lets
    this machine in alone."""
    drop_in(lab, "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n")
    lab.stop_nginx()
    lab.try_to_start_nginx()


@scenario(outside="http.server-error", server="server.unit-forbids", manual=OWN, not_on=UNITS)
def unit_of_nginx_drops_its_packets_to_the_application(lab: Lab) -> None:
    """The loopback network is left out of the list."""
    restart_with(lab, "IPAddressDeny=127.0.0.0/8")


@scenario(outside="http.server-error", server="server.unit-forbids", manual=OWN, not_on=ONE_LAYOUT)
def unit_of_the_application_drops_the_packets_of_nginx(lab: Lab) -> None:
    """A list of the company's networks, without this machine itself."""
    start(lab, service="IPAddressDeny=any\nIPAddressAllow=10.0.0.0/8")


@scenario(outside="tcp.refused", server="server.unit-forbids", manual=OWN, not_on=UNITS)
def unit_of_nginx_allows_no_socket_of_ip(lab: Lab) -> None:
    """Issue 293 of restic/rest-server: "address family not supported by protocol", by systemd
    only."""
    drop_in(lab, "[Service]\nRestrictAddressFamilies=AF_UNIX\n")
    start_in_vain(lab)


@scenario(
    outside="http.server-error", server="upstream.application-log", manual=OWN, not_on=ONE_LAYOUT
)
def unit_of_the_application_makes_its_folder_read_only(lab: Lab) -> None:
    """Issue 785 of rustfs/rustfs and pull request 17178 of mastodon/mastodon: "Read-only file
    system", and it is none: ProtectSystem=strict."""
    start(lab, service="ProtectSystem=strict", program=WRITING)


@healthy(not_on=ONE_LAYOUT)
def units_that_forbid_what_nobody_needs(lab: Lab) -> None:
    """Hardened as it should be: each has what it needs, and a folder that it may write."""
    server = start(
        lab,
        service="IPAddressDeny=any\nIPAddressAllow=localhost\nProtectSystem=strict\n"
        "ReadWritePaths=/srv/shop\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n"
        "ProtectHome=yes",
        program=WRITING,
    )
    server.sh("chown -R www-data /srv/shop")


@scenario(
    outside="http.server-error",
    server="firewall.user-blocked",
    manual="who may connect is a choice",
)
def rule_for_users_stops_nginx(lab: Lab) -> None:
    """Issue 1496 of Latand/live-log-viewer-next: `-m owner` before a port of this machine, against
    other accounts. nginx has one too (issue 2 of jseidl/torblock: 502 after a script of rules)."""
    rule = "-I OUTPUT -o lo -p tcp --dport 3000 -m owner ! --uid-owner root -j REJECT"
    lab.undo(lambda: lab.server.sh("iptables-nft -F OUTPUT"))
    lab.server.sh(f"iptables-nft {rule}")


@healthy()
def rule_for_users_stops_others(lab: Lab) -> None:
    """The database of the same machine is root's alone."""
    lab.undo(lambda: lab.server.sh("iptables-nft -F OUTPUT"))
    for port in (5432, 6379):
        users = f"--dport {port} -m owner ! --uid-owner root"
        lab.server.sh(f"iptables-nft -A OUTPUT -o lo -p tcp {users} -j REJECT")


RELEASE = """\
import http.server, os, socket, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Shop</title><p>It works, welcome to the shop.</p>")
    def log_message(self, *words): pass
os.chdir(os.path.dirname(os.path.abspath(__file__)))
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listening.bind(("127.0.0.1", 3000))
listening.listen(64)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 3000), Page, False)
server.socket = listening
server.serve_forever()
"""


def releases(lab: Lab, *folders: str) -> None:
    """A program of each folder, all on one port."""
    lab.application_service.stop()
    lab.undo(lambda: lab.server.sh("rm -rf /srv/releases"))
    for number, folder in enumerate(folders):
        path = f"/srv/releases/{folder}/app.py"
        lab.server.write(path, RELEASE.format(status=200))
        argv = lab.server.python(path, f"--instance={number}")
        lab.spawn(lab.server, argv, partial(_listens, lab, number + 1))


def _listens(lab: Lab, number: int) -> bool:
    rows = lab.server.run(["ss", "-Hltn", "sport = :3000"]).stdout
    return len(rows.split("\n")) > number


@scenario(
    outside=None, server="upstream.port-shared", manual="which of the two is the site is a choice"
)
def old_release_shares_the_port(lab: Lab) -> None:
    """Issue 250 of yhirose/cpp-httplib and pull request 1872 of Expensify/Bedrock: two programs
    share a port without an error, and requests go to either."""
    releases(lab, "1", "2")


@healthy()
def instances_of_one_release_share_the_port(lab: Lab) -> None:
    """As it is meant: two processes of the same program."""
    releases(lab, "1", "1")


READING = SERVER.replace(
    "  response.setHeader",
    """  try { require('fs').readFileSync('page.html'); } catch (error) {
    console.error(error); response.statusCode = 500; response.end('Internal Server Error'); return;
  }
  response.setHeader""",
    1,
)


@scenario(
    outside="http.server-error", server="upstream.program-outdated", not_on=ONE_LAYOUT,
    manual="the new release has to be there",
)  # fmt: skip
def folder_of_the_application_was_deleted(lab: Lab) -> None:
    """Issue 1623 of Unitech/pm2: the fifth deployment removes the release in whose folder the
    program was started ("uv_cwd")."""
    server = install(lab, service="WorkingDirectory=/srv/shop", program=READING)
    server.write("/srv/shop/page.html", "<p>page</p>")
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the shop listens")
    server.sh("rm -rf /srv/shop")


@healthy()
def neighbour_address_of_the_gateway_is_set(lab: Lab) -> None:
    """By hand, and right, against spoofed answers."""
    lab.undo(lambda: lab.server.sh("ip neigh del 203.0.113.1 dev eth0", check=False))
    lab.visit()
    address = lab.server.run(["ip", "neigh", "show", "203.0.113.1", "dev", "eth0"]).stdout
    mac = address.split("lladdr ")[1].split()[0]
    lab.server.sh(f"ip neigh replace 203.0.113.1 lladdr {mac} nud permanent dev eth0")


@scenario(
    outside="tcp.timeout", server="host.gateway-silent", both="tcp.timeout",
    manual="the server has to be reached another way",
)  # fmt: skip
def neighbour_address_of_the_gateway_is_an_old_one(lab: Lab) -> None:
    """The router was replaced, and `arp -s` of years ago is still in a script (pull request 1474 of
    vyos/vyos-1x shows such an entry: PERMANENT)."""
    lab.undo(lambda: lab.server.sh("ip neigh del 203.0.113.1 dev eth0", check=False))
    lab.server.sh("ip neigh replace 203.0.113.1 lladdr 02:00:00:00:00:99 nud permanent dev eth0")


@scenario(
    outside="tcp.timeout", server="host.visitors-on-link", both="tcp.timeout",
    manual="which network the bridge gets is a choice",
)  # fmt: skip
def bridge_has_the_network_of_the_visitors(lab: Lab) -> None:
    """Issue 79 of jakeswenson/BitBetter and issue 58 of docker/for-win: the bridge has taken a
    company's network, and the server answers everybody but those."""
    lab.undo(lambda: lab.server.sh("ip link del br-1a2b3c", check=False))
    lab.server.sh(
        "ip link add br-1a2b3c type bridge; ip link set br-1a2b3c up; "
        "ip addr add 198.51.100.1/24 dev br-1a2b3c"
    )
    visit_again_and_again(lab)


@scenario(
    outside="tcp.timeout", server="host.visitors-on-link", both="tcp.timeout",
    manual="which netmask is right has to be known",
)  # fmt: skip
def netmask_makes_visitors_neighbours(lab: Lab) -> None:
    """A route of 198.0.0.0/8 to the interface itself, as a netmask of 255.0.0.0 makes it."""
    lab.server.sh("ip route add 198.0.0.0/8 dev eth0")
    visit_again_and_again(lab)


def visit_again_and_again(lab: Lab) -> None:
    """As visitors do who get no reply."""
    again = f"while :; do curl -sk -m 3 -o /run/page https://{site.NAME}/; echo >/run/tried; done"
    lab.client.path("/run/tried").unlink(missing_ok=True)
    lab.spawn(lab.client, ["sh", "-c", again], lab.client.path("/run/tried").exists)


@healthy()
def bridge_has_a_network_of_its_own(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh("ip link del br-1a2b3c", check=False))
    lab.server.sh(
        "ip link add br-1a2b3c type bridge; ip link set br-1a2b3c up; "
        "ip addr add 172.18.0.1/16 dev br-1a2b3c"
    )


def tunnel(lab: Lab, port: int) -> None:
    """A process that is called frpc, with its configuration; no tunnel is made."""
    server = lab.server
    text = f'[[proxies]]\ntype = "http"\nlocalPort = {port}\ncustomDomains = ["{site.NAME}"]\n'
    server.write("/etc/frp/frpc.toml", text)
    server.sh("mkdir -p /srv/frp; cp /usr/bin/sleep /srv/frp/frpc")
    lab.undo(lambda: server.sh("rm -rf /srv/frp /etc/frp"))
    lab.spawn(server, ["/srv/frp/frpc", "600"], lambda: bool(server.pids("frpc")))


@scenario(
    outside="http.not-the-site", server="server.tunnel-target-down",
    manual="which port is meant is a choice",
)  # fmt: skip
def tunnel_leads_to_a_port_without_a_program(lab: Lab) -> None:
    """Issue 56 of gofrp/frp-doc: "The page you requested was not found", and frpc runs."""
    behind_nginx(lab, "frp")
    tunnel(lab, 3999)


@healthy()
def tunnel_ends_at_the_application(lab: Lab) -> None:
    tunnel(lab, 3000)


@scenario(outside="tcp.refused", server="server.unit-forbids", manual=OWN, not_on=UNITS)
def unit_of_nginx_forbids_a_system_call(lab: Lab) -> None:
    """SystemCallFilter= of a list that was made for another program: status=31/SYS."""
    drop_in(lab, "[Service]\nSystemCallFilter=~epoll_create epoll_create1\n")
    start_in_vain(lab)
