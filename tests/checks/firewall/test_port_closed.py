import pytest

from diagnose.model import Applicability, Command, Confidence, Observation, Severity, Target
from diagnose.model.dns import Resolution
from diagnose.model.firewall import PortRange
from diagnose.model.processes import TunnelClient
from tests.support.check_evidence import SHOP, TIMEOUT, judge, texts
from tests.support.firewall_rules import (
    ADDRESS,
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    policies,
    server,
    zone,
)

CLOSED = both("public", SSH, HTTP, interfaces=("eth0",), services=("ssh", "http"))


def commands(claim) -> list[str]:  # type: ignore[no-untyped-def]
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def undone(claim) -> list[str]:  # type: ignore[no-untyped-def]
    return [" ".join(step.undo) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_where_the_zone_of_the_interface_does_not_open_the_port() -> None:
    (claim,) = judge("firewall.port-closed", *server(*CLOSED))
    assert str(claim.about) == "public zone, eth0, 443/tcp"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["ports"] == ("443/tcp",)
    assert commands(claim) == [
        "firewall-cmd --permanent --zone=public --add-service=https",
        "firewall-cmd --reload",
    ]
    assert undone(claim) == [
        "firewall-cmd --permanent --zone=public --remove-service=https",
        "firewall-cmd --zone=public --remove-service=https",
    ]


@pytest.mark.parametrize(
    "way",
    [
        Resolution(name=SHOP.host, family=4, addresses=("104.16.1.1",)),
        TunnelClient(program="cloudflared", pid=7, host="127.0.0.1", port=80),
        TunnelClient(program="cloudflared", pid=7, host="127.0.0.1", port=80, names=(SHOP.host,)),
    ],
)
def test_a_person_opens_the_port_where_visitors_may_come_another_way(way: Observation) -> None:
    (claim,) = judge("firewall.port-closed", *server(*CLOSED), way, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert commands(claim)


@pytest.mark.parametrize(
    "way",
    [
        Resolution(name=SHOP.host, family=4, addresses=(ADDRESS,)),
        TunnelClient(program="cloudflared", pid=7, host="a", port=80, names=("a.example.com",)),
    ],
)
def test_the_port_is_opened_where_another_site_has_a_way_of_its_own(way: Observation) -> None:
    (claim,) = judge("firewall.port-closed", *server(*CLOSED), way)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_once_for_all_closed_ports_of_a_zone() -> None:
    (claim,) = judge("firewall.port-closed", *server(*both("public", SSH, interfaces=("eth0",))))
    assert claim.facts["ports"] == ("443/tcp", "80/tcp")
    assert claim.severity is Severity.ERROR
    assert commands(claim)[0].endswith("--add-service=https --add-service=http")


def test_fires_as_a_warning_where_only_the_redirect_is_closed() -> None:
    (claim,) = judge("firewall.port-closed", *server(*both("public", HTTPS, interfaces=("eth0",))))
    assert claim.facts["ports"] == ("80/tcp",)
    assert claim.severity is Severity.WARNING


def test_fires_without_a_reload_where_one_would_lose_something() -> None:
    now = zone("public", SSH, PortRange(9999, 9999, "tcp"), interfaces=("eth0",))
    later = zone("public", SSH, permanent=True, interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", *server(now, later))
    assert commands(claim) == [
        "firewall-cmd --zone=public --add-service=https --add-service=http",
        "firewall-cmd --permanent --zone=public --add-service=https --add-service=http",
    ]


def test_fires_where_the_service_is_defined_otherwise() -> None:
    redefined = (("https", (PortRange(8443, 8443, "tcp"),)), ("http", (HTTP,)))
    zones = both("public", HTTP, PortRange(8443, 8443, "tcp"), services=("http", "https"))
    (claim,) = judge("firewall.port-closed", *server(*zones, services=redefined))
    assert claim.facts["redefined"] == "https"
    assert "--add-port=443/tcp" in commands(claim)[0]


def test_fires_where_only_udp_is_open() -> None:
    zones = both("public", HTTP, PortRange(443, 443, "udp"), interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", *server(*zones))
    assert claim.facts["udp"] is True


def test_fires_where_the_target_drops() -> None:
    zones = both("drop", interfaces=("eth0",), target="DROP")
    (claim,) = judge("firewall.port-closed", *server(*zones, *both("public", SSH)))
    assert claim.facts["drops"] is True
    assert any("DROP" in text for text in texts("firewall.port-closed", claim))


def test_fires_for_another_port_by_its_number() -> None:
    target = Target("shop.example.com:8443", "https", "shop.example.com", 8443)
    observations = (host(), firewalld(), nic(), listening(8443), *both("public", HTTPS))
    (claim,) = judge("firewall.port-closed", *observations, target=target)
    assert "--add-port=8443/tcp" in commands(claim)[0]


def test_fires_in_the_default_zone_where_no_zone_holds_the_interface() -> None:
    (claim,) = judge("firewall.port-closed", *server(*both("public", SSH, HTTP)))
    assert claim.facts["zone"] == "public"


def test_fires_on_the_default_routes_interface_where_the_address_is_translated() -> None:
    inner = (nic("eth0", "172.16.0.5"), nic("eth1", "10.0.0.5", default=()))
    zones = (*CLOSED, *both("trusted", interfaces=("eth1",), target="ACCEPT"))
    observations = (host("ssh://web"), firewalld(), *inner, listening(443), *zones)
    (claim,) = judge("firewall.port-closed", *observations, connected(failure=TIMEOUT))
    assert claim.facts["interface"] == ("eth0",)


def test_fires_only_as_a_doubt_where_a_client_got_through() -> None:
    observations = (host("ssh://web"), firewalld(), nic(), listening(80, 443), *CLOSED, connected())
    (claim,) = judge("firewall.port-closed", *observations)
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)
    assert claim.facts["contradiction"] == (f"{ADDRESS}:443",)


def test_fires_for_all_others_where_the_client_is_bound_to_a_zone_that_lets_it_in() -> None:
    office = both("office", HTTPS, sources=("198.51.100.0/24",), target="ACCEPT")
    observations = (host("ssh://web"), firewalld(), nic(), listening(443), *CLOSED, *office)
    (claim,) = judge("firewall.port-closed", *observations, connected(source="198.51.100.7"))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)


@pytest.mark.parametrize(
    "more",
    [
        {"opens": (PortRange(400, 500, "tcp"),)},
        {"target": "ACCEPT"},
        {"rich_rules": ('rule family="ipv4" service name="https" accept',)},
        {"rich_rules": ('rule port port="443" protocol="tcp" accept limit value="9/s"',)},
        {"rich_rules": ('rule family="ipv4" source address="198.51.100.0/24" accept',)},
        {"forward_ports": ("port=443:proto=tcp:toport=8443:toaddr=",)},
        {"rich_rules": ('rule forward-port port="443" protocol="tcp" to-port="8443"',)},
    ],
)
def test_silent_where_the_zone_lets_it_in_in_whatever_way(more: dict[str, object]) -> None:
    zones = both("public", *more.pop("opens", ()), interfaces=("eth0",), **more)  # type: ignore[misc]
    observations = (host(), firewalld(), nic(), listening(443), *zones)
    assert not judge("firewall.port-closed", *observations)


@pytest.mark.parametrize(
    "rule",
    [
        'rule family="ipv6" service name="https" accept',
        'rule port port="8443" protocol="tcp" accept',
        'rule service name="http" accept',
        'rule protocol value="icmp" accept',
        'rule forward-port port="443" protocol="udp" to-port="8443"',
        'rule priority="1" reject',
    ],
)
def test_fires_where_a_rich_rule_lets_in_something_else(rule: str) -> None:
    zones = both("public", HTTP, interfaces=("eth0",), rich_rules=(rule,))
    assert judge("firewall.port-closed", *server(*zones))


def test_fires_for_the_family_that_is_closed_only() -> None:
    rule = 'rule family="ipv4" port port="443" protocol="tcp" accept'
    zones = both("public", HTTP, interfaces=("eth0",), rich_rules=(rule,))
    observations = server(*zones, connected("2001:db8:2::10", failure=TIMEOUT))
    (claim,) = judge("firewall.port-closed", *observations)
    assert claim.facts["ipv6"] is True
    assert claim.severity is Severity.WARNING
    assert [subject.address for subject in claim.covers] == ["2001:db8:2::10"]


def test_fires_where_a_policy_after_the_zone_rejects_the_rest() -> None:
    after = policies("guard", target="REJECT", priority=10)
    assert judge("firewall.port-closed", *server(*CLOSED, *after))


def test_silent_where_a_policy_opens_it() -> None:
    assert not judge("firewall.port-closed", *server(*CLOSED, *policies("guard", HTTPS)))


def test_silent_where_a_rule_or_a_policy_rejects_it() -> None:
    rule = both("public", interfaces=("eth0",), rich_rules=('rule service name="https" reject',))
    assert not judge("firewall.port-closed", host(), firewalld(), nic(), *rule, connected())
    before = policies("guard", target="REJECT")
    assert not judge("firewall.port-closed", *server(*CLOSED, *before))


def test_silent_where_tls_ends_at_a_load_balancer() -> None:
    observations = (host(), firewalld(), nic("eth0", "10.0.0.5"), listening(80), *CLOSED)
    assert not judge("firewall.port-closed", *observations, connected("198.51.100.80"))


def test_silent_where_a_container_answers_past_the_rules() -> None:
    published = listening(443, process="docker-proxy")
    observations = (host("ssh://web"), firewalld(), nic(), published, *CLOSED, connected())
    assert not judge("firewall.port-closed", *observations)


def test_silent_where_firewalld_does_not_run_or_panics() -> None:
    assert not judge("firewall.port-closed", *server(*CLOSED, running=False))
    assert not judge("firewall.port-closed", *server(*CLOSED, panic=True))


def test_silent_where_all_sources_are_bound_to_an_open_zone() -> None:
    every = both("open", HTTPS, HTTP, sources=("0.0.0.0/0",))
    assert not judge("firewall.port-closed", *server(*CLOSED, *every))


def test_silent_where_a_direct_rule_on_iptables_accepts() -> None:
    rule = ("ipv4 filter INPUT 0 -p tcp --dport 443 -j ACCEPT",)
    assert not judge("firewall.port-closed", *server(*CLOSED, backend="iptables", direct=rule))
    # On nftables firewalld rejects all the same.
    assert judge("firewall.port-closed", *server(*CLOSED, backend="nftables", direct=rule))


def test_silent_where_it_is_another_fault() -> None:
    open_later = (
        zone("public", SSH, interfaces=("eth0",)),
        zone("public", HTTP, HTTPS, permanent=True, interfaces=("eth0",)),
    )
    elsewhere = (*both("dmz", SSH, interfaces=("eth0",)), *both("public", HTTP, HTTPS))
    assert not judge("firewall.port-closed", *server(*open_later))
    assert not judge("firewall.port-closed", *server(*elsewhere))
