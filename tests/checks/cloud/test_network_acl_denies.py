"""cloud.network-acl-denies: when it fires, and when it is silent."""

from typing import Any

from diagnose.model import Confidence, Manual
from tests.support.aliyun_state import CONSOLE_DEFAULT, rule
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import group_rules, silent
from tests.support.server_tcp_evidence import capture, host, kernel, nic
from tests.support.tcp_evidence import HERE

CHECK = "cloud.network-acl-denies"
OK = rule("ok", "443/443")


def entry(policy: str, ports: str, address: str = "SourceCidrIp") -> dict[str, Any]:
    return {"Policy": policy, "Protocol": "tcp", "Port": ports, address: "0.0.0.0/0"}


ALL_IN = entry("accept", "1/65535")
ALL_OUT = entry("accept", "1/65535", "DestinationCidrIp")


def test_fires_for_an_entry_that_drops() -> None:
    acl = {"IngressAclEntries": [entry("drop", "443/443"), ALL_IN], "EgressAclEntries": [ALL_OUT]}
    (claim,) = judge(CHECK, group_rules(OK, acl=acl), *silent())
    assert claim.facts["rules"] == ("`drop tcp 443/443 0.0.0.0/0`",)
    assert not claim.facts["replies"]
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert (step.step, step.commands) == ("change-acl", ())


def test_fires_for_replies_that_have_no_entry() -> None:
    reply = entry("accept", "443/443", "DestinationCidrIp")
    acl = {"IngressAclEntries": [ALL_IN], "EgressAclEntries": [reply]}
    (claim,) = judge(CHECK, group_rules(OK, acl=acl), *silent())
    assert claim.facts["replies"]


def test_fires_for_certain_where_packets_arrive_and_replies_are_denied() -> None:
    reply = entry("accept", "443/443", "DestinationCidrIp")
    acl = {"IngressAclEntries": [ALL_IN], "EgressAclEntries": [reply]}
    inside = (host(), nic(), kernel())
    (claim,) = judge(CHECK, *inside, group_rules(OK, acl=acl), *silent(), capture(HERE[4]))
    assert claim.confidence is Confidence.CERTAIN
    assert not claim.facts["absent"]


def test_silent_where_no_packet_arrives_and_replies_are_denied() -> None:
    """The first fault lies before the server."""
    reply = entry("accept", "443/443", "DestinationCidrIp")
    acl = {"IngressAclEntries": [ALL_IN], "EgressAclEntries": [reply]}
    inside = (host(), nic(), kernel())
    assert not judge(CHECK, *inside, group_rules(OK, acl=acl), *silent(), capture())


def test_silent_where_both_directions_are_allowed() -> None:
    acl = {"IngressAclEntries": [ALL_IN], "EgressAclEntries": [ALL_OUT]}
    assert not judge(CHECK, group_rules(OK, acl=acl), *silent())


def test_silent_where_some_clients_ports_get_their_replies() -> None:
    """Linux and Windows connect from the upper half: their replies pass."""
    reply = entry("accept", "32768/65535", "DestinationCidrIp")
    acl = {"IngressAclEntries": [ALL_IN], "EgressAclEntries": [reply]}
    assert not judge(CHECK, group_rules(OK, acl=acl), *silent())


def test_silent_where_the_group_is_closed_already() -> None:
    acl: dict[str, Any] = {"IngressAclEntries": [], "EgressAclEntries": []}
    assert not judge(CHECK, group_rules(*CONSOLE_DEFAULT, acl=acl), *silent())
