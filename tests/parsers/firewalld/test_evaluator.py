"""What firewalld does with a packet, in the order of its own chains."""

from typing import Any

import pytest

from diagnose.model.firewall import Policy, PortRange, Zone
from diagnose.parsers.firewalld.evaluator import (
    Decision,
    Settings,
    decide,
    matching_zones,
    rules_for_sources,
)
from diagnose.parsers.firewalld.rich_rules import Packet

HTTPS = PortRange(443, 443, "tcp")
SERVICES = {"https": (HTTPS,)}


def zone(name: str = "public", *opens: PortRange, **fields: Any) -> Zone:
    return Zone(name=name, permanent=False, opens=opens, **fields)


def public(*opens: PortRange, **fields: Any) -> Zone:
    return zone("public", *opens, interfaces=("eth0",), **fields)


def policy(*opens: PortRange, **fields: Any) -> Policy:
    given = {"ingress": ("ANY",), "egress": ("HOST",), **fields}
    return Policy(name="guard", permanent=False, opens=opens, **given)


def decided(*zones: Zone, policies: tuple[Policy, ...] = (), **packet: Any) -> Decision:
    named = {zone.name: zone for zone in zones}
    sets = {"office": ("192.0.2.0/24",)}
    settings = Settings(named, "public", policies, sets, SERVICES)
    decision = decide(settings, Packet(**{"port": 443, "nic": "eth0", **packet}))
    assert decision is not None
    return decision


@pytest.mark.parametrize(
    ("target", "verdict"),
    [("default", "reject"), ("%%REJECT%%", "reject"), ("DROP", "drop"), ("ACCEPT", "accept")],
)
def test_what_nothing_opens_meets_the_target(target: str, verdict: str) -> None:
    assert decided(public(target=target)).verdict == verdict


def test_what_a_zone_opens_is_accepted() -> None:
    assert decided(public(HTTPS)).verdict == "accept"


@pytest.mark.parametrize(
    ("rules", "opens", "verdict"),
    [
        (['rule service name="https" reject'], (HTTPS,), "reject"),
        (['rule service name="https" drop'], (HTTPS,), "drop"),
        (['rule service name="https" accept'], (), "accept"),
        (['rule family="ipv6" reject'], (HTTPS,), "accept"),
        # Negative priorities come first, whatever they say; positive ones last.
        (['rule priority="-1" accept', "rule drop"], (), "accept"),
        (['rule priority="-2" drop', 'rule priority="-1" accept'], (HTTPS,), "drop"),
        (['rule priority="1" drop'], (HTTPS,), "accept"),
        (['rule priority="1" drop'], (), "drop"),
        # Those that refuse come before those that accept.
        (['rule service name="https" accept', "rule reject"], (), "reject"),
        (['rule source address="192.0.2.0/24" drop'], (HTTPS,), "accept"),
    ],
)
def test_rich_rules(rules: list[str], opens: tuple[PortRange, ...], verdict: str) -> None:
    assert decided(public(*opens, rich_rules=tuple(rules))).verdict == verdict


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"target": "REJECT"}, "reject"),
        ({"target": "DROP", "ingress": ("public",)}, "drop"),
        ({"target": "DROP", "ingress": ("dmz",)}, "accept"),
        ({"target": "DROP", "egress": ("ANY",)}, "accept"),
        ({"target": "CONTINUE"}, "accept"),
        ({"target": "REJECT", "priority": 10}, "accept"),
        ({"rich_rules": ('rule service name="https" reject',)}, "reject"),
    ],
)
def test_policies_before_an_open_zone(more: dict[str, Any], verdict: str) -> None:
    assert decided(public(HTTPS), policies=(policy(**more),)).verdict == verdict


def test_policies_before_and_after_a_closed_zone() -> None:
    assert decided(public(), policies=(policy(HTTPS),)).verdict == "accept"
    assert decided(public(), policies=(policy(HTTPS, target="DROP"),)).verdict == "accept"
    after = policy(target="DROP", priority=5)
    assert decided(public(), policies=(after,)).policy is after
    assert decided(public(target="ACCEPT"), policies=(after,)).verdict == "drop"
    assert decided(public(), policies=(policy(HTTPS, priority=5),)).verdict == "accept"


def test_policies_go_by_their_priority() -> None:
    first, second = policy(target="DROP", priority=-9), policy(HTTPS, priority=-5)
    assert decided(public(HTTPS), policies=(second, first)).policy is first


def test_sources_come_before_interfaces_and_these_before_the_default() -> None:
    office = zone("office", sources=("ipset:office",), target="DROP")
    assert decided(public(HTTPS), office, source="192.0.2.1").zone_match.source == "ipset:office"
    assert decided(public(HTTPS), office).verdict == "accept"
    dmz = zone("dmz", interfaces=("eth+",))
    assert decided(zone("public", HTTPS), dmz).zone_match.zone is dmz
    assert decided(zone("public", HTTPS), dmz, nic="wlan0").verdict == "accept"


def test_zones_go_by_their_priority_first() -> None:
    """Since 2.0 an interface can come before a source."""
    office = zone("office", sources=("0.0.0.0/0",), target="DROP")
    assert decided(public(HTTPS, priority=-1), office).verdict == "accept"
    assert decided(public(HTTPS), office).verdict == "drop"
    assert decided(public(HTTPS), office, family=6).verdict == "accept"


def test_what_is_forwarded_is_let_in() -> None:
    forward = "port=443:proto=tcp:toport=8443:toaddr="
    led = decided(public(forward_ports=(forward,), rich_rules=("rule drop",)))
    assert (led.verdict, led.rule, led.admits) == ("forward", forward, True)
    assert decided(public(forward_ports=(forward,)), family=6).verdict == "reject"
    rich = 'rule forward-port port="443" protocol="tcp" to-port="8443"'
    assert decided(public(rich_rules=(rich,))).rule == rich
    passed = policy(forward_ports=(forward,), egress=("ANY",))
    assert decided(public(), policies=(passed,)).policy is passed


def test_zones_drift_before_1_0_where_it_is_allowed() -> None:
    zones = {"public": public(HTTPS), "office": zone("office", sources=("192.0.2.0/24",))}
    packet = Packet(443, source="192.0.2.1", nic="eth0")
    drifting = decide(Settings(zones, "public", drifts=True), packet)
    assert drifting is not None
    assert drifting.zone_match.zone.name == "public"
    strict = decide(Settings(zones, "public"), packet)
    assert strict is not None
    assert strict.zone_match.zone.name == "office"


def test_nothing_is_known_without_a_zone() -> None:
    assert decide(Settings({}, "public"), Packet(443)) is None
    assert matching_zones(Settings({}, "public"), Packet(443)) == ()


def test_what_is_about_some_only() -> None:
    rules = (
        'rule source address="192.0.2.0/24" service name="https" accept',
        'rule source address="192.0.2.0/24" port port="22" protocol="tcp" accept',
        'rule service name="https" accept',
        'rule source ipset="office" drop',
    )
    settings = Settings({"public": public(rich_rules=rules)}, "public", services=SERVICES)
    assert [
        rules_for_source.text
        for rules_for_source in rules_for_sources(settings, Packet(443), "accept")
    ] == [rules[0]]
    assert [one.text for one in rules_for_sources(settings, Packet(443), "drop")] == [rules[3]]
