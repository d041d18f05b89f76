from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Observation, Severity
from diagnose.model.http import Exchange
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import (
    ADDRESS,
    HTTP,
    HTTPS,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    policies,
    remedy,
    zone,
)
from tests.support.nat_rules import saved
from tests.support.packets import dport, nft

FORWARD = "port=443:proto=tcp:toport=8443:toaddr="


def forwarding(
    *observations: Observation, forward: str = FORWARD, via: str = "local", **fields: Any
) -> tuple[Observation, ...]:
    zones = both("public", HTTP, HTTPS, interfaces=("eth0",), forward_ports=(forward,), **fields)
    return (host(via), firewalld(), nic(), *zones, *observations)


def test_fires_where_nothing_listens() -> None:
    (claim,) = judge("firewall.forward-port", *forwarding(listening(80, 443), connected()))
    assert (claim.confidence, claim.facts["to"]) == (Confidence.CERTAIN, "8443/tcp")
    assert remedy(claim) == [
        "firewall-cmd --zone=public --remove-forward-port=port=443:proto=tcp:toport=8443",
        "firewall-cmd --permanent --zone=public "
        "--remove-forward-port=port=443:proto=tcp:toport=8443",
    ]


def test_fires_where_what_listens_is_on_loopback() -> None:
    there = listening(8443, address="127.0.0.1", process="node")
    (claim,) = judge("firewall.forward-port", *forwarding(there, connected()))
    assert (claim.facts["loopback"], claim.facts["process"]) == (True, "node")


def test_fires_where_another_service_gets_what_is_nginxs() -> None:
    both_listen = listening(443), listening(8443, process="java")
    (claim,) = judge("firewall.forward-port", *forwarding(*both_listen, connected()))
    assert claim.confidence is Confidence.LIKELY


def test_fires_where_another_machine_gets_it() -> None:
    away = "port=443:proto=tcp:toport=:toaddr=172.17.0.2"
    (claim,) = judge(
        "firewall.forward-port", *forwarding(listening(443), connected(), forward=away)
    )
    assert (claim.facts["away"], claim.facts["to"]) == (True, "172.17.0.2:443")
    assert remedy(claim)[0].endswith("--remove-forward-port=port=443:proto=tcp:toaddr=172.17.0.2")


def test_fires_for_a_rich_rule_and_for_a_policy() -> None:
    rule = 'rule family="ipv4" forward-port port="443" protocol="tcp" to-port="8443"'
    rich = zone("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=(rule,))
    around = (host(), firewalld(), nic(), listening(443), connected())
    (claim,) = judge("firewall.forward-port", *around, rich)
    assert remedy(claim) == [f"firewall-cmd --zone=public --remove-rich-rule={rule}"]
    led = policies("guard", forward_ports=(FORWARD,))
    opened = both("public", HTTP, HTTPS, interfaces=("eth0",))
    (claim,) = judge("firewall.forward-port", *around, *opened, *led)
    assert remedy(claim)[0].startswith("firewall-cmd --policy=guard --remove-forward-port=")


def test_silent_where_it_leads_to_the_same_or_the_only_service() -> None:
    assert not judge("firewall.forward-port", *forwarding(listening(80, 443, 8443), connected()))
    only = listening(8443, process="java")
    assert not judge("firewall.forward-port", *forwarding(only, connected()))


def test_silent_where_it_was_seen_to_work() -> None:
    answer = Exchange(address=ADDRESS, port=443, url="https://shop.example.com/", status=200)
    both_listen = listening(443), listening(8443, process="java")
    given = forwarding(*both_listen, connected(source="198.51.100.10"), answer, via="ssh://web")
    assert not judge("firewall.forward-port", *given)


def test_silent_for_another_port_or_family() -> None:
    other = FORWARD.replace("443", "444", 1)
    assert not judge(
        "firewall.forward-port", *forwarding(listening(443), connected(), forward=other)
    )
    six = connected("2001:db8:2::10", failure=REFUSED)
    assert not judge("firewall.forward-port", *forwarding(listening(443), six))


def test_silent_about_another_machine_that_is_a_gateways_business() -> None:
    away = "port=443:proto=tcp:toport=:toaddr=172.17.0.2"
    assert not judge("firewall.forward-port", *forwarding(listening(22), forward=away))


def test_fires_as_an_error() -> None:
    (claim,) = judge("firewall.forward-port", *forwarding(listening(443), connected()))
    assert claim.severity in (None, Severity.ERROR)


REDIRECT = "-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443\n"


def test_fires_for_a_rule_of_nat() -> None:
    around = (host(), nic(), connected())
    (claim,) = judge("firewall.forward-port", *around, listening(443), saved(REDIRECT))
    assert (claim.facts["nothing"], claim.facts["to"]) == (True, "8443/tcp")
    assert claim.facts["nat"] == "ip nat PREROUTING"
    assert remedy(claim)[0].startswith("iptables -t nat -D PREROUTING -p tcp")


@pytest.mark.parametrize(
    ("flags", "how"),
    [("random", Applicability.AUTOMATIC), ({"of": "a newer nft"}, Applicability.REVIEW)],
)
def test_fires_for_one_of_nftables_that_goes_by_itself_if_it_can_be_made_again(
    flags: Any, how: Applicability
) -> None:
    redirect = [dport(443), {"redirect": {"port": 8443, "flags": flags}}]
    rules = nft(redirect, table="ip nat", chain="in", hook="prerouting", kind="nat")
    around = (host(), nic(), connected(), listening(443))
    (claim,) = judge("firewall.forward-port", *around, rules)
    assert remedy(claim) == ["nft delete rule ip nat in handle 2"]
    assert claim.fix is not None
    assert claim.fix.applicability is how


def test_fires_where_nat_leads_past_nginx_into_a_container() -> None:
    (claim,) = judge("firewall.forward-port", host(), nic(), connected(), listening(443), saved())
    assert (claim.facts["away"], claim.confidence) == (True, Confidence.LIKELY)


def test_silent_where_nat_leads_to_a_container_and_only_its_engine_listens() -> None:
    proxy = listening(443, process="docker-proxy")
    assert not judge("firewall.forward-port", host(), nic(), connected(), proxy, saved())
    assert not judge("firewall.forward-port", host(), nic(), connected(), listening(22), saved())
    both_ports = listening(443, 8443)
    assert not judge(
        "firewall.forward-port", host(), nic(), connected(), both_ports, saved(REDIRECT)
    )
