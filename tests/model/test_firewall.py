from dataclasses import replace

from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from tests.support.summaries import summary_text

WEB = PortRange(443, 445, "tcp")
ZONE = Zone(name="public", permanent=False, opens=(WEB,))


def test_a_range_includes_both_ends() -> None:
    assert [port for port in range(441, 448) if port in WEB] == [443, 444, 445]
    assert "443" not in WEB
    assert 443 not in PortRange(445, 443, "tcp")


def test_a_zone_admits_open_ports_of_the_same_protocol() -> None:
    assert ZONE.admits(443)
    assert not ZONE.admits(80)
    assert not ZONE.admits(443, "udp")
    assert replace(ZONE, opens=(WEB, PortRange(443, 443, "udp"))).admits(443, "udp")


def test_only_the_target_accept_admits_every_port() -> None:
    assert replace(ZONE, opens=(), target="ACCEPT").admits(80)
    assert not any(
        replace(ZONE, opens=(), target=target).admits(80)
        for target in ("default", "DROP", "%%REJECT%%")
    )


def test_the_ports_opened_by_number_admit_nothing_by_themselves() -> None:
    """`opens` are all open ports, `ports` only a part of them."""
    assert not Zone(name="public", permanent=False, ports=(WEB,)).admits(443)


def test_the_summary_of_a_zone_names_what_enters_it_and_what_it_opens() -> None:
    zone = replace(
        ZONE,
        permanent=True,
        interfaces=("eth0",),
        sources=("192.0.2.0/24",),
        services=("ssh",),
        ports=(WEB, PortRange(80, 80, "tcp")),
        rich_rules=('rule family="ipv4" drop',),
    )
    assert summary_text(zone) == (
        "zone public (permanent) on eth0, 192.0.2.0/24",
        'opens ssh, 443-445, 80; rule family="ipv4" drop',
    )
    assert summary_text(ZONE) == ("zone public (running)", "opens nothing")


def test_the_summary_names_a_target_only_if_it_is_not_the_default() -> None:
    assert summary_text(replace(ZONE, target="DROP"))[1] == "target DROP; opens nothing"
    policy = Policy(name="in", permanent=False, ingress=("ANY",), egress=("HOST",))
    assert summary_text(policy) == ("policy in (running) from ANY to HOST", "opens nothing")
    assert summary_text(replace(policy, target="DROP"))[1] == "target DROP; opens nothing"


def test_the_summary_of_a_set_is_bounded() -> None:
    entries = tuple(f"192.0.2.{number}" for number in range(200))
    subject, outcome = summary_text(IpSet(name="banned", permanent=True, entries=entries))
    assert subject == "set banned (permanent)"
    assert outcome.count("192.0.2.") == 12


def test_the_summary_of_firewalld_says_whether_it_lets_anything_in() -> None:
    running = Firewalld(running=True, default_zone="public")
    assert summary_text(running)[1] == "running, default zone public"
    assert (
        summary_text(replace(running, panic=True))[1] == "running, default zone public, panic mode"
    )
    assert summary_text(Firewalld(running=False, panic=True))[1] == "not running"
