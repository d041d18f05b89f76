"""firewall.rule-unjudged: when it fires, and when it is silent."""

from typing import Any

import pytest

from diagnose.model import Confidence, Failure, Observation, Severity
from diagnose.model.netfilter import Ruleset
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.firewall_rules import ADDRESS, connected
from tests.support.packets import DROP, dport, field, from_outside, nft, saved, served

CHECK = "firewall.rule-unjudged"
REJECT: dict[str, Any] = {"reject": None}
STRING = '-A INPUT -p tcp -m tcp --dport 443 -m string --string "shop" --algo bm -j DROP'


def counted(rule: str, packets: int) -> Ruleset:
    observation = saved(rule)
    return Ruleset(tool="iptables", text=observation.text.replace("[0:0] -A", f"[{packets}:64] -A"))


def meta(key: str, value: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": value}}


def mangled(name: str, value: int) -> dict[str, Any]:
    return {"mangle": {"key": {"payload": {"protocol": "ip", "field": name}}, "value": value}}


def stalled() -> Handshake:
    failure = Failure("timeout", "timed out", None, "")
    return Handshake(address=ADDRESS, port=443, server_name="shop.example.com", failure=failure)


def outgoing(*rule: dict[str, Any]) -> Ruleset:
    return nft(list(rule), hook="output", chain="output")


def test_fires_where_the_answers_of_a_user_are_rejected_and_nothing_answers() -> None:
    (claim,) = judge(CHECK, *served(outgoing(meta("skuid", "www-data"), REJECT)), stalled())
    assert (claim.severity, claim.confidence) == (None, Confidence.POSSIBLE)
    assert (claim.facts["user"], claim.facts["failed"]) == (True, True)


def test_fires_and_is_likely_where_the_rule_has_counted_packets() -> None:
    (claim,) = judge(CHECK, *from_outside(counted(STRING, 12)))
    assert (claim.confidence, claim.facts["packets"]) == (Confidence.LIKELY, 12)
    assert claim.facts["rule"] == STRING


@pytest.mark.parametrize(
    "rule",
    [
        [dport(443), {"queue": {"num": 7}}],
        [dport(443), field("@th,160", "16", 5), DROP],
    ],
)
def test_fires_as_a_note_where_the_server_alone_was_seen(rule: list[dict[str, Any]]) -> None:
    (claim,) = judge(CHECK, *served(nft(rule)))
    assert (claim.severity, claim.facts["failed"]) == (Severity.NOTE, False)


def test_fires_where_packets_of_the_server_get_a_short_life() -> None:
    rule = "-A OUTPUT -p tcp -m tcp --sport 443 -j TTL --ttl-set 1"
    observation = saved(rule)
    text = observation.text.replace("*filter", "*mangle").replace("[0:0] -A", "[3:9] -A")
    assert judge(CHECK, *served(Ruleset(tool="iptables", text=text)))
    assert judge(CHECK, *served(outgoing(field("tcp", "sport", 443), mangled("ttl", 0))))


@pytest.mark.parametrize(
    "rule",
    [
        [field("tcp", "sport", 443), mangled("ttl", 64)],
        [field("tcp", "sport", 443), mangled("dscp", 8)],
        [dport(5432), meta("skuid", "www-data"), DROP],
    ],
)
def test_silent_about_what_stops_no_packet(rule: list[dict[str, Any]]) -> None:
    assert not judge(CHECK, *served(outgoing(*rule)), stalled())


def test_silent_where_the_rule_has_met_no_packet() -> None:
    assert not judge(CHECK, *from_outside(counted(STRING, 0)))


def test_silent_where_the_rule_was_passed_from_outside() -> None:
    silent, *rest = from_outside(counted(STRING, 12))
    others: list[Observation] = [item for item in rest if not getattr(item, "failure", None)]
    assert not judge(CHECK, silent, *others, connected(source="198.51.100.7"))


def test_silent_where_a_rule_blocks_for_sure() -> None:
    rules = counted(STRING, 3)
    text = rules.text.replace("COMMIT", "[0:0] -A INPUT -p tcp -m tcp --dport 443 -j DROP\nCOMMIT")
    assert not judge(CHECK, *served(Ruleset(tool="iptables", text=text)), stalled())


@pytest.mark.parametrize(
    "rule",
    [
        [
            {
                "match": {
                    "op": "<",
                    "left": {"payload": {"protocol": "ip", "field": "ttl"}},
                    "right": 10,
                }
            }
        ],
        [field("ip", "dscp", "cs0", "!=")],
        [field("tcp", "sport", 12345)],
    ],
)
def test_silent_about_what_no_visitor_sends(rule: list[dict[str, Any]]) -> None:
    assert not judge(CHECK, *served(nft([*rule, DROP])))


def test_silent_where_a_queue_may_be_bypassed() -> None:
    queue = "-A INPUT -p tcp -m tcp --dport 443 -j NFQUEUE --queue-num 1"
    assert judge(CHECK, *served(counted(queue, 5)))
    assert not judge(CHECK, *served(counted(f"{queue} --queue-bypass", 5)))
    assert not judge(CHECK, *served(nft([dport(443), {"queue": {"num": 7, "flags": "bypass"}}])))
    low = "-A INPUT -p tcp -m ttl --ttl-lt 10 -j DROP"
    assert not judge(CHECK, *served(counted(low, 5)))
