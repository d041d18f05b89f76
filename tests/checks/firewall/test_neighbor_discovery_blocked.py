"""firewall.neighbor-discovery-blocked: when it fires, and when it is silent."""

from typing import Any

import pytest

from diagnose.model import Observation, Severity
from diagnose.model.dns import Resolution
from diagnose.model.netfilter import Ruleset
from tests.support.check_evidence import judge
from tests.support.firewall_rules import ADDRESS, connected, host, listening, nic
from tests.support.packets import ACCEPT, DROP, REPLIES, dport, field, nft, prefix, saved

CHECK = "firewall.neighbor-discovery-blocked"
ADDRESS6 = "2001:db8:2::10"
NAME6 = Resolution(name="shop.example.com", family=6, addresses=(ADDRESS6,))
NAME4 = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
ICMP = [field("ip", "protocol", "icmp"), ACCEPT]


def seen(rules: Observation, *names: Resolution) -> tuple[Observation, ...]:
    both = nic("eth0", ADDRESS, ADDRESS6)
    return (host(), both, listening(80, 443), connected(ADDRESS6), *names, rules)


def l4proto(value: str) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": value}}


def test_fires_where_only_icmp_of_ipv4_is_accepted() -> None:
    rules = nft(REPLIES, ICMP, [dport(443), ACCEPT], policy="drop")
    (claim,) = judge(CHECK, *seen(rules, NAME6))
    assert claim.severity is None
    assert claim.facts["addresses"] == (ADDRESS6,)
    (claim,) = judge(CHECK, *seen(rules, NAME6, NAME4), connected())
    assert claim.severity is Severity.WARNING


def test_fires_for_a_rule_that_drops_the_type() -> None:
    text = saved("-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP", tool="ip6tables").text
    assert judge(CHECK, *seen(Ruleset(tool="ip6tables", text=text), NAME6))


@pytest.mark.parametrize(
    "rule",
    [
        [l4proto("ipv6-icmp"), ACCEPT],
        [field("icmpv6", "type", {"set": ["echo-request", "nd-neighbor-solicit"]}), ACCEPT],
        [field("ip6", "saddr", prefix("fe80::", 10)), l4proto("ipv6-icmp"), ACCEPT],
    ],
)
def test_silent_where_discovery_is_accepted(rule: list[dict[str, Any]]) -> None:
    rules = nft(REPLIES, ICMP, rule, [dport(443), ACCEPT], policy="drop")
    assert not judge(CHECK, *seen(rules, NAME6))


def test_silent_about_other_types_and_without_ipv6() -> None:
    echo = "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j DROP"
    assert not judge(CHECK, *seen(saved(echo, tool="ip6tables"), NAME6))
    rules = nft(REPLIES, ICMP, [dport(443), ACCEPT], policy="drop")
    assert not judge(CHECK, host(), nic(), listening(443), connected(), NAME4, rules)
    assert not judge(CHECK, *seen(nft([dport(25), DROP]), NAME6))


def test_silent_where_the_port_is_closed_too() -> None:
    assert not judge(CHECK, *seen(nft(REPLIES, ICMP, policy="drop"), NAME6))
