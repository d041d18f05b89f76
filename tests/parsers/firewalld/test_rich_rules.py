"""Rich rules, as firewall-cmd lists them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld.rich_rules import (
    AddressMatch,
    Packet,
    forward_port_matches,
    is_address_in,
    matches_packet,
    rich_rule,
)

SETS = {"office": ("192.0.2.0/24",), "six": ("2001:db8:5::/48",)}
SERVICES = {"https": (PortRange(443, 443, "tcp"),), "quic": (PortRange(443, 443, "udp"),)}
STRANGER = Packet(443)


def members(name: str) -> tuple[str, ...]:
    return SETS.get(name, ())


def opens(name: str) -> tuple[PortRange, ...]:
    return SERVICES.get(name, ())


def test_a_rule_is_taken_apart() -> None:
    rule = rich_rule(
        'rule priority="-5" family="ipv4" source NOT address="198.51.100.0/24" '
        'service name="https" log prefix="drop it" level="info" limit value="3/m" '
        'accept limit value="9/s"'
    )
    assert (rule.priority, rule.family, rule.action) == (-5, 4, "accept")
    assert rule.source == AddressMatch("198.51.100.0/24", inverted=True)
    assert (rule.element, rule.value("name"), rule.limited) == ("service", "https", True)


def test_a_limit_of_the_log_is_none_of_the_rule() -> None:
    rule = rich_rule('rule port port="443" protocol="tcp" log prefix="" limit value="3/m" drop')
    assert (rule.element, rule.action, rule.limited) == ("port", "drop", False)


def test_a_forward_has_no_action() -> None:
    rule = rich_rule('rule family="ipv4" forward-port port="443" protocol="tcp" to-port="8443"')
    assert (rule.element, rule.value("to-port"), rule.action) == ("forward-port", "8443", "")


@pytest.mark.parametrize(
    "rule",
    [
        "rule reject",
        'rule family="ipv4" reject',
        'rule service name="https" drop',
        'rule port port="440-450" protocol="tcp" drop',
        'rule protocol value="tcp" drop',
        'rule source NOT address="192.0.2.0/24" reject',
        'rule source NOT ipset="office" reject',
        'rule source address="0.0.0.0/0" reject',
    ],
)
def test_a_rule_about_a_stranger(rule: str) -> None:
    assert matches_packet(rich_rule(rule), STRANGER, members, opens)


@pytest.mark.parametrize(
    "rule",
    [
        'rule family="ipv6" reject',
        'rule service name="quic" drop',
        'rule port port="443" protocol="udp" drop',
        'rule port port="44" protocol="tcp" drop',
        'rule protocol value="icmp" drop',
        'rule icmp-type name="echo-request" drop',
        'rule source address="192.0.2.0/24" reject',
        'rule source ipset="office" reject',
        'rule source mac="00:11:22:33:44:55" reject',
        'rule destination address="198.51.100.1" reject',
    ],
)
def test_a_rule_about_others(rule: str) -> None:
    assert not matches_packet(rich_rule(rule), STRANGER, members, opens)


def test_a_rule_about_a_client() -> None:
    client = Packet(443, source="192.0.2.9", to="203.0.113.10")
    for rule in (
        'rule source address="192.0.2.0/24" reject',
        'rule source ipset="office" reject',
        'rule destination address="203.0.113.10" reject',
    ):
        assert matches_packet(rich_rule(rule), client, members, opens)
    six = Packet(443, 6, "2001:db8:5::1")
    assert matches_packet(rich_rule('rule source ipset="six" drop'), six, members, opens)
    assert not matches_packet(rich_rule('rule source ipset="office" drop'), six, members, opens)


def test_forwards_are_about_ipv4_unless_they_lead_to_ipv6() -> None:
    rule = "port=443:proto=tcp:toport=8443:toaddr="
    assert forward_port_matches(rule, STRANGER)
    assert not forward_port_matches(rule, Packet(443, 6))
    assert not forward_port_matches(rule.replace("tcp", "udp"), STRANGER)
    assert not forward_port_matches(rule, Packet(80))
    assert forward_port_matches("port=440-450:proto=tcp:toport=:toaddr=2001:db8::1", Packet(443, 6))


def test_nearly_everybody_is_everybody() -> None:
    assert is_address_in("", "0.0.0.0/1", 4, members)
    assert not is_address_in("", "10.0.0.0/8", 4, members)
    assert not is_address_in("", "::/0", 4, members)
    assert not is_address_in("nonsense", "10.0.0.0/8", 4, members)


@given(st.text(st.sampled_from('rule port="443 accept NOT-1ipsetaddress= ')))
def test_no_rule_breaks_it(text: str) -> None:
    with contextlib.suppress(ZeroDivisionError):
        matches_packet(rich_rule(text), STRANGER, members, opens)
