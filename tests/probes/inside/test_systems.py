"""Whole servers of several systems, as their own tools print them: CentOS 7 (iproute2 4.11, once
without ss), Alibaba Cloud Linux 3, Ubuntu 24.04, Debian 13, and Alpine with busybox and without
root. Written after these tools' formats, short."""

import shlex
from collections.abc import Mapping

from diagnose.model import Host, Unseen
from diagnose.model.addresses import ROOT_SERVERS
from diagnose.model.kernel import Arrival, Boot, Counters, Kernel, Queue, Queues
from diagnose.model.server import Interface, Listeners, Route
from diagnose.probes.inside.kernel import FIRST_SCRIPT, kernel
from diagnose.probes.inside.system import IDENTIFY_SCRIPT, network, server
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine

ASK_KERNEL = shlex.join(("sh", "-c", FIRST_SCRIPT, "sh", "443", ROOT_SERVERS[4], ROOT_SERVERS[6]))
ASK_WHO = shlex.join(("sh", "-c", IDENTIFY_SCRIPT))


def played(who: str, kernel_said: str, others: Mapping[str, str]) -> Looking:
    said = {ASK_WHO: who, ASK_KERNEL: kernel_said, **others}
    return looked(RecordedMachine(said), server, network, kernel)


def ports(ctx: Looking) -> list[tuple[str, int, bool, int | None, str | None]]:
    (listeners,) = ctx.observed(Listeners)
    found = listeners.sockets
    return [(one.address, one.port, one.dual, one.pid, one.process) for one in found]


CENTOS_7 = """\
0
iz2ze7web
systemd
NAME="CentOS Linux"
VERSION="7 (Core)"
PRETTY_NAME="CentOS Linux 7 (Core)"
"""
CENTOS_7_SS = """\
State      Recv-Q Send-Q Local Address:Port               Peer Address:Port
LISTEN     0      511          *:80                       *:*                   users:(("nginx",pid=1204,fd=6),("nginx",pid=1203,fd=6)) ino:24611 sk:ffff8d0bb5d81740 <->
LISTEN     0      128          *:22                       *:*                   users:(("sshd",pid=801,fd=3)) ino:19003 sk:ffff8d0bb5d80000 <->
LISTEN     0      128         :::22                      :::*                   users:(("sshd",pid=801,fd=4)) ino:19005 sk:ffff8d0bb6590840 v6only:1 <->
LISTEN     0      511         :::443                     :::*                   users:(("nginx",pid=1203,fd=7)) ino:24612 sk:ffff8d0bb6590000 v6only:0 <->
"""  # noqa: E501
CENTOS_7_NETSTAT = """\
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      1203/nginx: master
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      801/sshd
tcp6       0      0 :::443                  :::*                    LISTEN      1203/nginx: master
tcp6       0      0 :::22                   :::*                    LISTEN      801/sshd
"""
CENTOS_7_ADDR = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP qlen 1000
    link/ether 00:16:3e:0a:f1:2c brd ff:ff:ff:ff:ff:ff
    inet 172.16.0.5/20 brd 172.16.15.255 scope global dynamic eth0
       valid_lft 315343437sec preferred_lft 315343437sec
3: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group default
    link/ether 02:42:7c:5d:8f:0e brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
       valid_lft forever preferred_lft forever
"""
CENTOS_7_ROUTE = """\
default via 172.16.15.253 dev eth0
169.254.0.0/16 dev eth0 scope link metric 1002
172.16.0.0/20 dev eth0 proto kernel scope link src 172.16.0.5
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
"""
CENTOS_7_KERNEL = """\
@ files
/proc/sys/net/ipv4/conf/all/rp_filter:0
/proc/sys/net/ipv4/conf/eth0/rp_filter:1
/proc/sys/net/netfilter/nf_conntrack_max:65536
/proc/sys/net/core/somaxconn:128
/proc/net/netstat:TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPReqQFullDrop
/proc/net/netstat:TcpExt: 0 417 417 0
/proc/net/stat/nf_conntrack:entries  searched found new invalid insert_failed drop early_drop
/proc/net/stat/nf_conntrack:00000c12  00000000 00000000 00000000 00000007 00000000 00000000 0000000a
/proc/sys/net/netfilter/nf_conntrack_count:3090
@ client
198.51.100.10 52341 172.16.0.5 22
@ queues
State      Recv-Q Send-Q Local Address:Port               Peer Address:Port
LISTEN     0      128          *:80                       *:*
LISTEN     0      128         :::443                     :::*
@ arrivals
? 198.41.0.4 172.16.0.5 eth0
local 172.16.0.5 from 198.41.0.4 dev lo
    cache <local>  iif eth0
@ boot
process nginx
manager systemd
Id=nginx.service
WantedBy=multi-user.target
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ExecMainStartTimestampMonotonic=8512345
"""
CENTOS_7_IP = {
    "ip addr": CENTOS_7_ADDR,
    "ip route": CENTOS_7_ROUTE,
    "ip -6 route": "unreachable default dev lo metric 4294967295 error -101\n",
}


def test_centos_7() -> None:
    looking = played(CENTOS_7, CENTOS_7_KERNEL, {"ss -ltnpe": CENTOS_7_SS, **CENTOS_7_IP})
    (host,) = looking.observed(Host)
    assert (host.system, host.manager) == ("CentOS Linux 7 (Core)", "systemd")
    assert ports(looking) == [
        ("0.0.0.0", 80, False, 1203, "nginx"),
        ("0.0.0.0", 22, False, 801, "sshd"),
        ("::", 22, False, 801, "sshd"),
        ("::", 443, True, 1203, "nginx"),
    ]
    assert [
        (interface.name, interface.default, interface.carrier)
        for interface in looking.observed(Interface)
    ] == [
        ("lo", (), True),
        ("eth0", (4,), True),
        ("docker0", (), False),
    ]
    (settings,) = looking.observed(Kernel)
    assert (settings.trackable, settings.longest_queue) == (65536, 128)
    assert settings.strictness("eth0") == 1
    (read,) = looking.observed(Counters)
    assert (read.get("ListenOverflows"), read.get("conntrack early_drop")) == (417, 10)
    (queues,) = looking.observed(Queues)
    assert queues.on(443) == (Queue("::", 443, 0, 128),)
    (arrival,) = looking.observed(Arrival)
    assert arrival.failure is None
    (boot,) = looking.observed(Boot)
    assert (boot.state, boot.pulled_by) == ("enabled", ("multi-user.target",))
    assert not looking.observed(Unseen)


def test_centos_7_with_net_tools_only() -> None:
    looking = played(CENTOS_7, CENTOS_7_KERNEL, {"netstat -ltnp": CENTOS_7_NETSTAT, **CENTOS_7_IP})
    assert ports(looking) == [
        ("0.0.0.0", 80, False, 1203, "nginx"),
        ("0.0.0.0", 22, False, 801, "sshd"),
        ("::", 443, True, 1203, "nginx"),
        ("::", 22, False, 801, "sshd"),
    ]


ALINUX_3 = """\
0
iZbp1web
systemd
NAME="Alibaba Cloud Linux"
PRETTY_NAME="Alibaba Cloud Linux 3 (Soaring Falcon)"
"""
ALINUX_3_SS = """\
State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
LISTEN 0      511          0.0.0.0:443       0.0.0.0:*     users:(("nginx",pid=1931,fd=7),("nginx",pid=1930,fd=7)) ino:27311 sk:1 <->
LISTEN 0      511          0.0.0.0:80        0.0.0.0:*     users:(("nginx",pid=1930,fd=6)) ino:27310 sk:2 <->
LISTEN 0      128          0.0.0.0:22        0.0.0.0:*     users:(("sshd",pid=1188,fd=5)) ino:22218 sk:3 <->
"""  # noqa: E501
ALINUX_3_ADDR = """\
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    inet 172.19.38.1/20 brd 172.19.47.255 scope global dynamic noprefixroute eth0
    inet6 fe80::216:3eff:fe0a:1/64 scope link noprefixroute
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    inet 172.19.38.2/20 brd 172.19.47.255 scope global dynamic noprefixroute eth1
"""
ALINUX_3_ROUTE = """\
default via 172.19.47.253 dev eth0 proto dhcp src 172.19.38.1 metric 100
default via 172.19.47.253 dev eth1 proto dhcp src 172.19.38.2 metric 101
172.19.32.0/20 dev eth0 proto kernel scope link src 172.19.38.1 metric 100
"""
ALINUX_3_KERNEL = """\
@ files
/proc/sys/net/ipv4/conf/all/rp_filter:0
/proc/sys/net/ipv4/conf/eth0/rp_filter:0
/proc/sys/net/core/somaxconn:4096
/proc/net/netstat:TcpExt: ListenOverflows IPReversePathFilter
/proc/net/netstat:TcpExt: 0 0
@ client

@ queues
State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
LISTEN 0      511          0.0.0.0:443       0.0.0.0:*
@ arrivals
@ boot
process nginx
manager systemd
Id=nginx.service
LoadState=loaded
ActiveState=active
UnitFileState=disabled
WantedBy=
"""


def test_alibaba_cloud_linux_3() -> None:
    others = {
        "ss -ltnpe": ALINUX_3_SS,
        "ip addr": ALINUX_3_ADDR,
        "ip route": ALINUX_3_ROUTE,
        "ip -6 route": "::1 dev lo proto kernel metric 256 pref medium\n",
    }
    looking = played(ALINUX_3, ALINUX_3_KERNEL, others)
    (host,) = looking.observed(Host)
    assert host.system == "Alibaba Cloud Linux 3 (Soaring Falcon)"
    assert ports(looking)[0] == ("0.0.0.0", 443, False, 1930, "nginx")
    assert [(interface.name, interface.default) for interface in looking.observed(Interface)] == [
        ("eth0", (4,)),
        ("eth1", ()),
    ]
    # Connections are not tracked there: nothing is known of a table, and nothing said.
    (settings,) = looking.observed(Kernel)
    assert (settings.tracked, settings.trackable) == (None, None)
    (boot,) = looking.observed(Boot)
    assert (boot.state, boot.running) == ("disabled", True)


UBUNTU = '0\nweb\nsystemd\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\n'
UBUNTU_SS = """\
State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=512,fd=15)) uid:991 ino:5012 sk:1 cgroup:/system.slice/systemd-resolved.service <->
LISTEN 0      4096               *:22              *:*    users:(("sshd",pid=901,fd=3),("systemd",pid=1,fd=80)) ino:6100 sk:2 cgroup:/system.slice/ssh.socket v6only:0 <->
LISTEN 0      511                *:443             *:*    users:(("caddy",pid=1204,fd=6)) uid:999 ino:9231 sk:3 cgroup:/system.slice/caddy.service v6only:0 <->
"""  # noqa: E501
UBUNTU_ADDR = """\
2: enp1s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    inet 203.0.113.10/24 metric 100 brd 203.0.113.255 scope global dynamic enp1s0
    inet6 2001:db8:2::10/64 scope global dynamic mngtmpaddr noprefixroute
4: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN group default qlen 1000
    inet 10.8.0.1 peer 10.8.0.2/32 scope global wg0
"""  # noqa: E501
UBUNTU_KERNEL = """\
@ files
/proc/sys/net/ipv4/conf/all/rp_filter:2
/proc/sys/net/ipv4/conf/enp1s0/rp_filter:2
/proc/sys/net/netfilter/nf_conntrack_max:262144
/proc/net/netstat:TcpExt: ListenOverflows
/proc/net/netstat:TcpExt: 0
/proc/sys/net/netfilter/nf_conntrack_count:180
@ client
2001:db8:1::10 50022 2001:db8:2::10 22
@ queues
State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      511                *:443             *:*
@ arrivals
@ boot
process caddy
manager systemd
Id=caddy.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
WantedBy=multi-user.target
"""


def test_ubuntu_24_04() -> None:
    others = {
        "ss -ltnpe": UBUNTU_SS,
        "ip addr": UBUNTU_ADDR,
        "ip route": "default proto static metric 100 \n"
        "\tnexthop via 203.0.113.1 dev enp1s0 weight 1 \n"
        "\tnexthop via 10.8.0.2 dev wg0 weight 1 \n",
        "ip -6 route": "default via fe80::1 dev enp1s0 proto ra metric 100 expires 1797sec\n",
    }
    looking = played(UBUNTU, UBUNTU_KERNEL, others)
    assert ports(looking) == [
        ("127.0.0.53", 53, False, 512, "systemd-resolve"),
        ("::", 22, True, 1, "systemd"),
        ("::", 443, True, 1204, "caddy"),
    ]
    assert [
        (interface.name, interface.addresses, interface.default)
        for interface in looking.observed(Interface)
    ] == [
        ("enp1s0", ("203.0.113.10", "2001:db8:2::10"), (4, 6)),
        ("wg0", ("10.8.0.1",), (4,)),
    ]
    (settings,) = looking.observed(Kernel)
    assert (settings.client, settings.strictness("enp1s0")) == ("2001:db8:1::10", 2)
    (boot,) = looking.observed(Boot)
    assert (boot.service, boot.process) == ("caddy.service", "caddy")


def test_debian_13_that_has_lost_its_default_route() -> None:
    who = '0\nserver\nsystemd\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
    get = f"ip route get {ROOT_SERVERS[4]} from 203.0.113.10"
    others = {
        "ss -ltnpe": "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n",
        "ip addr": "2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n"
        "    inet 203.0.113.10/24 brd 203.0.113.255 scope global ens3\n",
        "ip route": "203.0.113.0/24 dev ens3 proto kernel scope link src 203.0.113.10\n",
        "ip -6 route": "",
        get: (
            f"{ROOT_SERVERS[4]} from 203.0.113.10 via 203.0.113.1 dev ens3 table 100 uid 0 \n"
            "    cache \n"
        ),
    }
    looking = played(who, "", others)
    (listeners,) = looking.observed(Listeners)
    assert listeners.failure is None
    assert not listeners.sockets
    (route,) = looking.observed(Route)
    assert (route.gateway, route.device, route.failure) == ("203.0.113.1", "ens3", None)
    # A script that said nothing tells nothing.
    assert not looking.observed(Kernel)
    assert not looking.observed(Queues)


ALPINE_KERNEL = """\
@ files
/proc/sys/net/ipv4/conf/all/rp_filter:0
/proc/sys/net/ipv4/conf/eth0/rp_filter:1
/proc/net/netstat:TcpExt: ListenOverflows
/proc/net/netstat:TcpExt: 0
@ client
@ queues
   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24544
   1: 0100007F:0BB8 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 24543
@ arrivals
? 198.41.0.4 203.0.113.10 eth0
local 203.0.113.10 from 198.41.0.4 dev lo  iif eth0
@ boot
process nginx
manager openrc
running yes
level /etc/runlevels/default/nginx
service nginx
"""
ALPINE_NETSTAT = """\
netstat: showing only processes with your user ID
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:443             0.0.0.0:*               LISTEN      -
tcp        0      0 :::80                   :::*                    LISTEN      -
"""
ALPINE_ADDR = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0@if12: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue state UP
    link/ether ca:4a:9c:65:9a:a0 brd ff:ff:ff:ff:ff:ff
    inet 203.0.113.10/24 scope global eth0
       valid_lft forever preferred_lft forever
"""


def test_alpine_with_busybox_and_without_root() -> None:
    who = '1000\nweb\nnone\nNAME="Alpine Linux"\nPRETTY_NAME="Alpine Linux v3.20"\n'
    others = {
        "netstat -ltnp": ALPINE_NETSTAT,
        "ip addr": ALPINE_ADDR,
        "ip route": "default via 203.0.113.1 dev eth0 \n"
        "203.0.113.0/24 dev eth0 scope link  src 203.0.113.10 \n",
        "ip -6 route": "",
    }
    looking = played(who, ALPINE_KERNEL, others)
    (host,) = looking.observed(Host)
    assert (host.system, host.privileged) == ("Alpine Linux v3.20", False)
    assert ports(looking) == [("0.0.0.0", 443, False, None, None), ("::", 80, True, None, None)]
    (unseen,) = looking.observed(Unseen)
    assert (unseen.why, unseen.enable) == ("needs root", "sudo ss -ltnp")
    assert looking.observed(Interface)[1].default == (4,)
    (queues,) = looking.observed(Queues)
    # The kernel's own list does not tell how many may wait: such a queue is never called full.
    assert queues.on(443) == (Queue("0.0.0.0", 443, 0),)
    assert not any(queue.full for queue in queues.queues)
    (boot,) = looking.observed(Boot)
    assert (boot.manager, boot.state) == ("openrc", "enabled")


def test_a_server_without_ip_says_that_its_interfaces_were_not_seen() -> None:
    looking = played('0\nbox\nnone\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', "", {})
    unseen = [(one.what, one.why) for one in looking.observed(Unseen)]
    assert unseen == [("the network interfaces", "ip: not found")]
    assert not looking.observed(Interface)
