"""Direct rules of firewalld, which iptables-save shows as rules like others."""

import pytest

from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import (
    HTTPS,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    remedy,
)
from tests.support.nat_rules import saved

DROP = "ipv4 filter INPUT 0 -p tcp --dport 443 -j DROP"
OPEN = both("public", HTTPS, interfaces=("eth0",))
SEEN = (host(), nic(), listening(443), *OPEN, connected(failure=TIMEOUT))
SAVED = "-A INPUT -p tcp -m tcp --dport 443 -j DROP\n"


def test_a_direct_rule_is_taken_back_by_firewalld() -> None:
    daemon = firewalld(direct=(DROP,), permanent_direct=(DROP,))
    (claim,) = judge("firewall.ruleset-blocks", *SEEN, daemon, saved("", lines=SAVED))
    assert remedy(claim) == [
        f"firewall-cmd --direct --remove-rule {DROP}",
        f"firewall-cmd --permanent --direct --remove-rule {DROP}",
    ]


def test_it_decides_in_a_chain_of_firewallds_own_too() -> None:
    lines = "-A INPUT -j INPUT_direct\n-A INPUT_direct -p tcp -m tcp --dport 443 -j DROP\n"
    daemon = firewalld(direct=(DROP,), backend="iptables")
    (claim,) = judge("firewall.ruleset-blocks", *SEEN, daemon, saved("", ("INPUT_direct",), lines))
    assert remedy(claim) == [f"firewall-cmd --direct --remove-rule {DROP}"]


def test_one_about_more_gets_an_exception() -> None:
    rule = "ipv4 filter INPUT 0 -p tcp -j DROP"
    daemon = firewalld(direct=(rule,))
    lines = "-A INPUT -p tcp -j DROP\n"
    (claim,) = judge("firewall.ruleset-blocks", *SEEN, daemon, saved("", lines=lines))
    accept = "ipv4 filter INPUT -1 -p tcp --dport 443 -j ACCEPT"
    assert remedy(claim) == [f"firewall-cmd --direct --add-rule {accept}"]


@pytest.mark.parametrize("other", [(), ("ipv4 filter INPUT 0 -p udp --dport 443 -j DROP",)])
def test_a_rule_that_is_none_goes_the_usual_way(other: tuple[str, ...]) -> None:
    observations = (*SEEN, firewalld(direct=other), saved("", lines=SAVED))
    (claim,) = judge("firewall.ruleset-blocks", *observations)
    assert remedy(claim)[0].startswith("iptables ")
