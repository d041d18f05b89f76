"""What an iptables rule does: its target (iptables-extensions(8), "Target Extensions")."""

import pytest

from diagnose.parsers.netfilter.rules import (
    Assign,
    Nat,
    Opaque,
    Reject,
    Step,
    Untrack,
    Verdict,
    address_span,
)
from diagnose.parsers.netfilter.targets import target_steps


def steps(text: str, family: str = "ip") -> tuple[Step, ...]:
    """The steps of a target, such as `-j REJECT --reject-with tcp-reset`."""
    jump, *words = text.split()
    return target_steps(jump, tuple(words), family)


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("-j ACCEPT", Verdict("accept")),
        ("-j RETURN", Verdict("return")),
        ("-j f2b-nginx", Verdict("jump", "f2b-nginx")),
        ("-g web", Verdict("goto", "web")),
        ("-j REJECT --reject-with icmp-host-prohibited", Reject("icmp", "host-prohibited")),
        ("-j REJECT --reject-with tcp-reset", Reject("tcp reset")),
        ("-j REJECT", Reject("icmp", "port-unreachable")),
        (
            "-j DNAT --to-destination 172.17.0.2:443",
            Nat("dnat", address_span("172.17.0.2"), (443, 443)),
        ),
        ("-j REDIRECT --to-ports 8443", Nat("redirect", None, (8443, 8443))),
        ("-j MASQUERADE", Nat("masquerade")),
        ("-j MARK --set-xmark 0x4000/0x4000",
         Assign("meta mark", 0x4000, "meta mark", 0xFFFFBFFF)),
        ("-j CONNMARK --restore-mark", Assign("meta mark", 0, "ct mark")),
        ("-j CT --notrack", Untrack()),
        ("-j NFQUEUE --queue-num 1", Opaque("NFQUEUE")),
    ],
)  # fmt: skip
def test_what_a_rule_does(rule: str, last: Step) -> None:
    assert steps(rule) == (last,)


@pytest.mark.parametrize(
    ("target", "step"),
    [
        (
            "-j REJECT --reject-with icmp6-adm-prohibited",
            Reject("icmpv6", "admin-prohibited"),
        ),
        ("-j REJECT", Reject("icmpv6", "port-unreachable")),
        (
            "-j DNAT --to-destination [fd00::2]:443",
            Nat("dnat", address_span("fd00::2"), (443, 443)),
        ),
        ("-j SNAT --to-source fd00::2", Nat("snat", address_span("fd00::2"))),
        (
            "-j SNAT --to-source fd00::2-fd00::9",
            Nat("snat", address_span("fd00::2-fd00::9")),
        ),
    ],
)
def test_what_a_rule_does_over_ipv6(target: str, step: Step) -> None:
    assert steps(target, "ip6") == (step,)


@pytest.mark.parametrize(
    ("target", "step"),
    [
        ("-j DNAT --to-destination :8443", Nat("dnat", None, (8443, 8443))),
        (
            "-j DNAT --to-destination 10.0.0.1-10.0.0.3:80-89",
            Nat("dnat", address_span("10.0.0.1-10.0.0.3"), (80, 89)),
        ),
        ("-j MASQUERADE --to-ports 1024-2048", Nat("masquerade", None, (1024, 2048))),
        ("-j DNAT --to-destination nonsense", Opaque("DNAT nonsense")),
        ("-j REDIRECT --to-ports web", Opaque("REDIRECT web")),
    ],
)
def test_where_to_an_address_is_translated(target: str, step: Step) -> None:
    assert steps(target) == (step,)


@pytest.mark.parametrize(
    ("target", "step"),
    [
        ("-j MARK --set-xmark 0x1", Assign("meta mark", 1, "meta mark", 0)),
        (
            "-j CONNMARK --set-xmark 0x1/0xff",
            Assign("ct mark", 1, "ct mark", 0xFFFFFF00),
        ),
        ("-j CONNMARK --save-mark", Assign("ct mark", 0, "meta mark")),
        ("-j MARK --set-mark zero", Assign("meta mark", None)),
        ("-j MARK", Assign("meta mark", None)),
    ],
)
def test_what_becomes_of_a_mark(target: str, step: Step) -> None:
    assert steps(target) == (step,)


@pytest.mark.parametrize(
    "target", ["-j LOG --log-prefix x", "-j TCPMSS --clamp-mss-to-pmtu", "-j CT --zone 1", "-j"]
)
def test_what_changes_nothing_is_no_step(target: str) -> None:
    assert steps(target) == ()
