"""Ports that rules of NAT lead elsewhere."""

from checks.netfilter import seen_of
from checks.translated import by, led
from tests.checks.firewall.nat import DNAT, saved
from tests.checks.firewall.rules import connected, host, nic
from tests.saying import evidence

AROUND = (host(), nic(), connected())


def test_where_a_port_is_led_and_by_which_rule() -> None:
    seen = evidence(*AROUND, saved())
    (one,) = led(seen, 443)
    assert (one.address, one.to) == ("203.0.113.10", ("172.17.0.2", 8443))
    place = by(seen_of(seen), one)
    assert place is not None
    assert place.text == DNAT.splitlines()[1]


def test_other_ports_and_other_rules_lead_nowhere() -> None:
    assert not led(evidence(*AROUND, saved()), 80)
    assert not led(evidence(*AROUND, saved("")), 443)
    assert not led(evidence(*AROUND), 443)
