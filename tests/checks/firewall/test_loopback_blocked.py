"""firewall.loopback-blocked: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Failure, Subject, Vantage
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import UpstreamTry
from diagnose.model.visitor import Jail, Jails
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS
from tests.support.packets import ACCEPT, DROP, dport, from_outside, nft, saved, served

CHECK = "firewall.loopback-blocked"
REFUSED = Failure("refused", "Connection refused", 111)
TRIED = UpstreamTry(
    vantage=Vantage.SERVER,
    target="http://127.0.0.1:3000",
    host="127.0.0.1",
    address="127.0.0.1",
    port=3000,
    failure=TIMEOUT,
)
LO: list[dict[str, Any]] = [
    {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}},
    ACCEPT,
]
PORTS: list[dict[str, Any]] = [dport({"set": [22, 80, 443]}), ACCEPT]


def judged(rules: Ruleset, tried: UpstreamTry = TRIED) -> list[str]:
    return [str(claim.facts["chain"]) for claim in judge(CHECK, *served(rules), tried)]


def test_fires_where_the_policy_drops_and_nothing_accepts_lo() -> None:
    (claim,) = judge(CHECK, *served(nft(PORTS, policy="drop")), TRIED)
    assert claim.facts["policy"]
    assert claim.facts["match"] == "iifname"


def test_fires_on_a_rule_of_iptables() -> None:
    rules = saved("-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT", "-A INPUT -j DROP")
    (claim,) = judge(CHECK, *served(rules), TRIED)
    assert claim.facts["rule"]
    assert claim.facts["match"] == "-i"


def test_silent_where_lo_is_accepted() -> None:
    assert not judged(nft(LO, PORTS, policy="drop"))


def test_silent_where_the_connection_was_refused_and_not_dropped() -> None:
    refused = replace(TRIED, failure=REFUSED)
    assert not judged(nft(PORTS, policy="drop"), refused)


def test_silent_where_it_opens_or_is_another_host() -> None:
    assert not judged(nft(PORTS, policy="drop"), replace(TRIED, failure=None))
    assert not judged(nft(PORTS, policy="drop"), replace(TRIED, address="10.0.0.5"))


def test_fires_where_a_jail_has_banned_the_server_itself() -> None:
    own = replace(TRIED, address=ADDRESS, failure=REFUSED)
    chain = ":f2b-apache - [0:0]\n"
    ban = f"-A f2b-apache -s {ADDRESS}/32 -j REJECT --reject-with icmp-port-unreachable"
    rules = saved("-A INPUT -p tcp -j f2b-apache", ban, more=chain)
    (claim,) = judge(CHECK, *served(rules), own)
    assert (claim.facts["jail"], claim.facts["address"]) == ("apache", ADDRESS)
    held = Jails(jails=(Jail("plesk-apache", (ADDRESS,)),))
    (claim,) = judge(CHECK, *served(rules), own, held)
    assert claim.facts["jail"] == "plesk-apache"


def test_silent_where_a_jail_has_banned_another() -> None:
    own = replace(TRIED, address=ADDRESS, failure=REFUSED)
    ban = "-A f2b-apache -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable"
    rules = saved("-A INPUT -p tcp -j f2b-apache", ban, more=":f2b-apache - [0:0]\n")
    assert not judged(rules, own)


def test_silent_where_only_another_port_is_dropped() -> None:
    assert not judged(nft([dport(8080), DROP]))


def test_covers_its_own_connections_and_not_those_of_another_machine() -> None:
    rules = nft(PORTS, policy="drop")
    (claim,) = judge(CHECK, *served(rules), TRIED)
    assert claim.covers == (Subject(),)
    (claim,) = judge(CHECK, *from_outside(rules), TRIED)
    assert Subject() not in claim.covers
