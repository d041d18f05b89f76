from tests.support.check_evidence import judge
from tests.support.firewall_rules import SSH, both, connected, firewalld, host, listening, nic
from tests.support.nat_rules import saved

AROUND = (host(), nic(), listening(443, process="docker-proxy"), connected())


def test_fires_where_the_input_rules_would_not_let_it_in() -> None:
    (claim,) = judge("firewall.bypassed", *AROUND, saved(policy="DROP"))
    assert (claim.facts["owner"], claim.facts["to"]) == ("docker", "172.17.0.2:8443")


def test_silent_where_they_would_or_where_it_is_not_led_away() -> None:
    assert not judge("firewall.bypassed", *AROUND, saved())
    assert not judge("firewall.bypassed", *AROUND, saved("", policy="DROP"))


def test_silent_are_those_that_would_call_the_port_closed() -> None:
    closed = (firewalld(), *both("public", SSH, interfaces=("eth0",)))
    assert judge("firewall.port-closed", *AROUND, *closed, saved(""))
    assert not judge("firewall.port-closed", *AROUND, *closed, saved())
    # Without a look at the rules of NAT nobody can tell.
    assert not judge("firewall.port-closed", *AROUND, *closed)
