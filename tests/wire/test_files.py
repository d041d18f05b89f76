from pathlib import Path

from diagnose.wire.files import Nic, interfaces, os_name

RECORDED = Path(__file__).parents[1] / "machine" / "fixtures" / "debian-13" / "commands"


def test_interfaces_with_their_addresses_and_default_routes() -> None:
    texts = [(RECORDED / name).read_text() for name in ("ip-addr", "ip-route", "ip-6-route")]
    loopback, wired = interfaces(*texts)
    assert loopback == Nic("lo", True, ("127.0.0.1", "::1"))
    assert wired.addresses[:2] == ("203.0.113.10", "2001:db8:2::10")
    assert wired.default == (4, 6)


def test_the_default_route_of_the_lowest_metric_counts() -> None:
    text = "2: a@if3: <BROADCAST,UP> mtu 1\n3: b: <BROADCAST> mtu 1\n"
    routes = "default via 192.0.2.1 dev b metric 600\ndefault via 192.0.2.9 dev a metric 100\n"
    assert interfaces(text, routes) == (Nic("a", True, (), (4,)), Nic("b", False))


def test_the_name_of_the_system() -> None:
    assert os_name((RECORDED / "who").read_text()) == "Debian GNU/Linux 13 (trixie)"
    assert os_name("nothing") == ""
