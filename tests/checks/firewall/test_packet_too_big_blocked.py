"""firewall.packet-too-big-blocked: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Severity, Vantage
from diagnose.model.kernel import Kernel
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nat_rules import saved as nat_saved
from tests.support.packets import ACCEPT, DROP, REPLIES, dport, field, nft, saved, served, state

CHECK = "firewall.packet-too-big-blocked"
PORTS: list[dict[str, Any]] = [dport({"set": [22, 80, 443]}), ACCEPT]
ESTABLISHED: list[dict[str, Any]] = [state("established"), ACCEPT]


def test_fires_where_only_established_is_accepted() -> None:
    (claim,) = judge(CHECK, *served(nft(ESTABLISHED, PORTS, policy="drop")))
    assert claim.severity is None
    assert claim.facts["commands"] == (
        "`nft insert rule inet filter input icmp type destination-unreachable accept`",
    )


def test_fires_where_all_of_icmp_is_dropped_first() -> None:
    (claim,) = judge(CHECK, *served(saved("-A INPUT -p icmp -j DROP")))
    assert claim.facts["commands"] == (
        "`iptables -I INPUT -p icmp --icmp-type fragmentation-needed -j ACCEPT`",
    )


@pytest.mark.parametrize("kind", ["3", "3/4"])
def test_silent_where_iptables_accepts_the_type(kind: str) -> None:
    accept = f"-A INPUT -p icmp -m icmp --icmp-type {kind} -j ACCEPT"
    assert not judge(CHECK, *served(saved(accept, "-A INPUT -p icmp -j DROP")))


@pytest.mark.parametrize("kind", ["8", "3/3", "11"])
def test_fires_where_iptables_accepts_other_types(kind: str) -> None:
    accept = f"-A INPUT -p icmp -m icmp --icmp-type {kind} -j ACCEPT"
    assert judge(CHECK, *served(saved(accept, "-A INPUT -p icmp -j DROP")))


@pytest.mark.parametrize("code", ["frag-needed", 4])
def test_silent_where_it_is_accepted(code: str | int) -> None:
    assert not judge(CHECK, *served(nft(REPLIES, PORTS, policy="drop")))
    kind = field("icmp", "type", "destination-unreachable")
    rule = [kind, field("icmp", "code", code), ACCEPT]
    assert not judge(CHECK, *served(nft(rule, ESTABLISHED, PORTS, policy="drop")))


def test_silent_where_ping_alone_is_dropped() -> None:
    echo = [field("icmp", "type", "echo-request"), DROP]
    assert not judge(CHECK, *served(nft(echo)))


def test_silent_where_the_kernel_probes_or_the_port_is_closed_or_passed_on() -> None:
    rules = nft(ESTABLISHED, PORTS, policy="drop")
    probing = Kernel(vantage=Vantage.SERVER, mtu_probing=1)
    assert not judge(CHECK, *served(rules), probing)
    assert judge(CHECK, *served(rules), replace(probing, mtu_probing=0))
    assert not judge(CHECK, *served(nft(ESTABLISHED, policy="drop")))
    assert not judge(CHECK, *served(nat_saved(policy="DROP")))


@pytest.mark.parametrize(
    ("kind", "text", "confidence"),
    [
        ("other", "pages hang over a vpn with a smaller mtu", Confidence.LIKELY),
        ("timeout", "ERR_TIMED_OUT", Confidence.POSSIBLE),
    ],
)
def test_warns_after_a_message(kind: Any, text: str, confidence: Confidence) -> None:
    target = replace(SHOP, symptom=Symptom(kind, text))
    rules = nft(ESTABLISHED, PORTS, policy="drop")
    (claim,) = judge(CHECK, *served(rules), target=target)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, confidence)
