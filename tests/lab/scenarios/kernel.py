"""What the server's kernel drops by itself, and what only looks like it."""

import os
import subprocess

from .. import site
from ..hosts import until
from ..lab import ROUTER, SERVER, SERVER6, Lab
from ..scenario import healthy, scenario

LISTEN = "listen 443 ssl;"
SECOND, SECOND6 = "192.0.2.10", "2001:db8:9::10"
GATEWAY, GATEWAY6 = "192.0.2.1", "2001:db8:9::1"

#: Connections that are opened and left alone.
HOLD = """
import socket, sys, time
held = []
for _ in range(int(sys.argv[3])):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex((sys.argv[1], int(sys.argv[2])))
    held.append(one)
time.sleep(300)
"""

#: A program that listens and never accepts.
STUCK = """
import os, socket, sys, time
open("/run/stuck.pid", "w").write(str(os.getpid()))
one = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=1)
time.sleep(300)
"""


#: A datagram to each of many ports: as many connections to track.
MANY = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(20000, 28000):
    try:
        one.sendto(b"", (sys.argv[1], port))
    except OSError:
        pass
"""


def second_uplink(lab: Lab) -> None:
    """A second network card, with an address and a gateway of its own; the default route stays."""
    lab.undo(lambda: lab.router.sh("ip link del eth2"))
    made = ("ip", "link", "add", "eth2", "type", "veth", "peer", "name", "eth1")
    enter = ("nsenter", "-t", str(lab.router.pid), "-n")
    subprocess.run([*enter, *made, "netns", str(lab.server.pid)], check=True)
    lab.router.sh(f"""
        ip link set eth2 up
        ip addr add {GATEWAY}/24 dev eth2
        ip addr add {GATEWAY6}/64 dev eth2 nodad
    """)
    lab.server.sh(f"""
        ip link set eth1 up
        ip addr add {SECOND}/24 dev eth1
        ip addr add {SECOND6}/64 dev eth1 nodad
    """)


def filtering(lab: Lab, **devices: int) -> None:
    before = lab.server.sh("cat /proc/sys/net/ipv4/conf/all/rp_filter").strip()
    for device, value in devices.items():
        lab.server.sh(f"echo {value} > /proc/sys/net/ipv4/conf/{device}/rp_filter")
    back = f"echo {before} > /proc/sys/net/ipv4/conf/all/rp_filter; "
    back += "echo 0 > /proc/sys/net/ipv4/conf/eth0/rp_filter"
    lab.undo(lambda: lab.server.sh(back))


def visited(lab: Lab, address: str) -> None:
    """Somebody has tried it already."""
    where = f"[{address}]" if ":" in address else address
    lab.client.sh(f"curl -skm 1 https://{where}/ -o /dev/null; :")


def fill(lab: Lab, port: int) -> None:
    """Open connections until the queue of a port takes no more."""
    lab.client.write("/run/hold.py", HOLD)
    limit = queue(lab, port)[1]
    program = lab.client.python("/run/hold.py", SERVER, str(port), str(limit + 3))
    lab.spawn(lab.client, program, lambda: queue(lab, port)[0] > limit)


def queue(lab: Lab, port: int) -> tuple[int, int]:
    """How many wait, and how many may."""
    said = lab.server.run(["ss", "-Hltn", f"sport = :{port}"]).stdout.split()
    return int(said[1]), int(said[2])


# Reverse paths


@scenario(
    outside="tcp.timeout",
    server="tcp.reverse-path-filter",
    differs=("/etc/sysctl.d/99-zz-rp-filter-eth1.conf",),
)
def second_uplink_is_filtered_strictly(lab: Lab) -> None:
    """The site is at the second card's address, and the answers' way leads out of the first."""
    second_uplink(lab)
    filtering(lab, eth1=1)
    lab.dns([SECOND])
    visited(lab, SECOND)


@scenario(
    outside="tcp.timeout",
    server="tcp.reverse-path-filter",
    both="tcp.timeout",
    differs=("/etc/sysctl.d/99-zz-rp-filter-eth0.conf",),
)
def default_route_has_moved_to_another_card(lab: Lab) -> None:
    """A second line took over the default route; all interfaces filter strictly."""
    second_uplink(lab)
    filtering(lab, all=1, eth0=0)
    lab.server.sh(f"ip route replace default via {GATEWAY} dev eth1")
    visited(lab, SERVER)


@scenario(
    outside="tcp.timeout", server="tcp.reverse-path-filter", manual="the gateway has to be known"
)
def firewalld_filters_ipv6_paths(lab: Lab) -> None:
    """IPv6_rpfilter=strict, a second uplink, and no route back by it."""
    second_uplink(lab)
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n    listen [::]:443 ssl;")
    lab.edit("listen 80;", "listen 80;\n    listen [::]:80;")
    lab.restart_nginx()
    lab.dns([], [SECOND6])


@healthy()
def strict_filtering_with_one_way(lab: Lab) -> None:
    """rp_filter=1, as some distributions have it, and one interface."""
    filtering(lab, all=1, eth0=1)


@healthy()
def loose_filtering_with_two_ways(lab: Lab) -> None:
    """rp_filter=2, and answers leave by another card."""
    second_uplink(lab)
    filtering(lab, all=1, eth1=2)
    lab.dns([SECOND])


@healthy()
def strict_filtering_with_rules_for_each_way(lab: Lab) -> None:
    """Policy routing: what comes from the second address leaves by the second card."""
    second_uplink(lab)
    filtering(lab, all=1, eth1=1)
    lab.undo(lambda: lab.server.sh("ip rule del table 100; ip route flush table 100"))
    lab.server.sh(f"""
        ip route add default via {GATEWAY} dev eth1 table 100
        ip rule add from {SECOND} table 100
    """)
    lab.dns([SECOND])


@healthy()
def two_gateways_share_the_load(lab: Lab) -> None:
    """One default route with two next hops, and strict filtering."""
    second_uplink(lab)
    filtering(lab, all=1, eth1=1)
    hops = f"nexthop via {ROUTER[1]} dev eth0 nexthop via {GATEWAY} dev eth1"
    lab.server.sh(f"ip route replace default {hops}")
    lab.dns([SERVER, SECOND])


@healthy(ipv6=True)
def ipv6_with_a_rule_for_the_second_way(lab: Lab) -> None:
    """firewalld's filter is content with policy routing."""
    second_uplink(lab)
    lab.undo(lambda: lab.server.sh("ip -6 rule del table 100; ip -6 route flush table 100"))
    lab.server.sh(f"""
        ip -6 route add default via {GATEWAY6} dev eth1 table 100
        ip -6 rule add from {SECOND6} table 100
    """)
    lab.dns([SERVER], [SERVER6, SECOND6])


# Accept queues


@scenario(outside="tcp.timeout", server="listener.process-stopped", differs=(site.CONF,))
def stopped_workers_and_a_full_queue(lab: Lab) -> None:
    """nginx's workers are stopped, and no more connections fit its queues."""
    lab.edit("listen 80;", "listen 80 backlog=2;")
    lab.change(LISTEN, "listen 443 ssl backlog=2;")
    workers = os.cpu_count() or 1
    until(lambda: len(lab.server.pids("nginx")) > workers, "all workers are there")
    lab.server.kill(lab.server.pids("nginx")[1:], "STOP")
    fill(lab, 443)
    fill(lab, 80)


@scenario(outside="tls.stalled", server="listener.process-stopped")
def nginx_was_stopped_by_a_signal(lab: Lab) -> None:
    """`kill -STOP`, and its queues have room."""
    pids = lab.server.pids("nginx")
    lab.undo(lambda: lab.server.kill(pids, "CONT"))
    lab.server.kill(pids, "STOP")


@scenario(outside="http.server-error", server="listener.process-stopped")
def application_was_stopped_by_ctrl_z(lab: Lab) -> None:
    """It ran in a terminal. SIGSTOP, because SIGTSTP stops nothing without a terminal."""
    pids = lab.server.pids("python")

    def back() -> None:
        lab.server.kill(pids, "CONT")
        lab.application_service.resume()

    lab.undo(back)
    lab.server.kill(pids, "STOP")


@scenario(outside="tcp.timeout", server="tcp.accept-queue-full", manual="the program is at fault")
def program_that_never_accepts(lab: Lab) -> None:
    """Not nginx but a program of one's own has the port, and hangs."""
    lab.change(site.HTTPS, "")
    lab.server.write("/run/stuck.py", STUCK)
    lab.spawn(lab.server, lab.server.python("/run/stuck.py", "443"), 443)
    fill(lab, 443)


@healthy()
def overflows_of_another_port(lab: Lab) -> None:
    """Another program's queue is full; the site's is not."""
    lab.server.write("/run/stuck.py", STUCK)
    lab.spawn(lab.server, lab.server.python("/run/stuck.py", "9000"), 9000)
    lab.server.run(["firewall-cmd", "--add-port=9000/tcp"], check=True)
    lab.undo(lambda: lab.server.run(["firewall-cmd", "--remove-port=9000/tcp"]))
    fill(lab, 9000)
    visited(lab, SERVER)


@healthy()
def overflows_of_long_ago(lab: Lab) -> None:
    """The counters tell of a bad day that is over."""
    overflows_of_another_port(lab)
    lab.server.sh("kill $(cat /run/stuck.pid)")


@healthy()
def many_tracked_connections(lab: Lab) -> None:
    """The table of connections is well used, and far from full."""
    lab.server.write("/run/many.py", MANY)
    lab.server.run(lab.server.python("/run/many.py", ROUTER[1]), check=True)
