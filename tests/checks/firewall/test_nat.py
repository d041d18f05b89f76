"""Ports that rules of NAT lead elsewhere."""

from checks.firewall._nat import dnat_rule, dnat_targets
from checks.firewall._netfilter import netfilter_view
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import connected, host, nic
from tests.support.nat_rules import DNAT, saved

AROUND = (host(), nic(), connected())


def test_where_a_port_is_led_and_by_which_rule() -> None:
    seen = evidence(*AROUND, saved())
    (one,) = dnat_targets(seen, 443)
    assert (one.address, one.destination) == ("203.0.113.10", ("172.17.0.2", 8443))
    place = dnat_rule(netfilter_view(seen), one)
    assert place is not None
    assert place.text == DNAT.splitlines()[1]


def test_other_ports_and_other_rules_lead_nowhere() -> None:
    assert not dnat_targets(evidence(*AROUND, saved()), 80)
    assert not dnat_targets(evidence(*AROUND, saved("")), 443)
    assert not dnat_targets(evidence(*AROUND), 443)
