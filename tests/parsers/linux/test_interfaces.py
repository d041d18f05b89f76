from pathlib import Path

from diagnose.parsers.linux.interfaces import Nic, interfaces, os_name

RECORDED = Path(__file__).parents[2] / "machine" / "fixtures" / "debian-13" / "commands"


def test_interfaces_with_their_addresses_and_default_routes() -> None:
    texts = [(RECORDED / name).read_text() for name in ("ip-addr", "ip-route", "ip-6-route")]
    loopback, wired = interfaces(*texts)
    assert loopback == Nic("lo", True, ("127.0.0.1", "::1"))
    assert wired.addresses[:2] == ("203.0.113.10", "2001:db8:2::10")
    assert wired.default == (4, 6)
    assert wired.networks == ("203.0.113.0/24", "2001:db8:2::/64", "fe80::/64")


def test_networks_by_the_interface_of_their_routes() -> None:
    text = "".join(f"{n}: {name}: <UP> mtu 1\n" for n, name in ((2, "eth0"), (3, "docker0")))
    routes = """\
default via 192.0.2.1 dev eth0
10.8.0.0/24 via 192.0.2.7 dev eth0 proto static
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
172.18.0.0/16 dev docker0 proto kernel scope link src 172.18.0.1 linkdown
192.0.2.1 dev eth0 scope link
unreachable 198.51.100.0/24
blackhole 10.9.0.0/16
999.0.0.0/8 dev eth0
"""
    found = {nic.name: nic.networks for nic in interfaces(text, routes)}
    assert found == {"eth0": ("10.8.0.0/24", "192.0.2.1/32"), "docker0": ("172.17.0.0/16",)}


def test_the_default_route_of_the_lowest_metric_counts() -> None:
    text = "2: a@if3: <BROADCAST,UP> mtu 1\n3: b: <BROADCAST> mtu 1\n"
    routes = "default via 192.0.2.1 dev b metric 600\ndefault via 192.0.2.9 dev a metric 100\n"
    assert interfaces(text, routes) == (Nic("a", True, (), (4,)), Nic("b", False))


def test_the_name_of_the_system() -> None:
    assert os_name((RECORDED / "who").read_text()) == "Debian GNU/Linux 13 (trixie)"
    assert os_name("nothing") == ""


def test_a_default_route_with_several_next_hops_leaves_by_all_that_live() -> None:
    text = "".join(f"{n}: {name}: <UP> mtu 1\n" for n, name in ((2, "a"), (3, "b"), (4, "c")))
    routes = """\
default proto static metric 50
\tnexthop via 192.0.2.1 dev a weight 1
\tnexthop via 198.51.100.1 dev b weight 1 dead linkdown
\tnexthop dev c weight 1
192.0.2.0/24 dev b proto kernel scope link src 192.0.2.2
"""
    found = {nic.name: nic.default for nic in interfaces(text, routes)}
    assert found == {"a": (4,), "b": (), "c": (4,)}


def test_the_forms_of_busybox_and_of_old_iproute2() -> None:
    busybox = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000
    inet 127.0.0.1/8 scope host lo
2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000
    inet 203.0.113.10/24 scope global eth0
    inet6 2001:db8:2::10/64 scope global flags 02
"""
    six = "2001:db8:2::/64 dev eth0  metric 256\ndefault via 2001:db8:2::1 dev eth0  metric 1024\n"
    wired = interfaces(busybox, "default via 203.0.113.1 dev eth0 \n", six)[1]
    assert wired.addresses == ("203.0.113.10", "2001:db8:2::10")
    assert wired.default == (4, 6)
    assert wired.networks == ("2001:db8:2::/64",)
    old = "unreachable default dev lo  proto kernel  metric 4294967295  error -101 hoplimit 255\n"
    assert interfaces(busybox, "", old)[0].default == ()


def test_an_xdp_program_is_noticed() -> None:
    """As ip-link(8) prints its three modes."""
    text = """\
2: eth0: <BROADCAST,UP> mtu 1500 xdpgeneric/id:41 qdisc mq state UP group default qlen 1000
3: eth1: <BROADCAST,UP> mtu 1500 xdp/id:7 qdisc mq state UP group default qlen 1000
    prog/xdp id 7
4: eth2: <BROADCAST,UP> mtu 1500 xdpoffload qdisc mq state UP
5: xdp0: <BROADCAST,UP> mtu 1500 qdisc mq state UP group default qlen 1000
"""
    assert [nic.xdp for nic in interfaces(text)] == [True, True, True, False]


def test_a_tunnel_has_no_link_layer() -> None:
    text = """\
2: eth0: <BROADCAST,UP> mtu 1500 qdisc mq state UP group default qlen 1000
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
5: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN group default
    link/none
    inet 10.66.66.2/32 scope global wg0
"""
    assert [(nic.name, nic.tunnel) for nic in interfaces(text)] == [("eth0", False), ("wg0", True)]
