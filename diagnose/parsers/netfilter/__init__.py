"""Predict what the kernel's packet filter does with a new connection. No I/O.

`nft.parse_ruleset` and `iptables.parse_tables` make `Rules` from the tools' output
(`ruleset.LoadedRuleset` combines all of it). `decide(rules, Packet(None, "203.0.113.10", 443,
"eth0"))` is the decision for any visitor. tests/lab/test_netfilter.py compares it with the kernel.
"""

from diagnose.parsers.netfilter.packet import Decision, Host, Others, Packet, Stage
from diagnose.parsers.netfilter.rules import Rules


def decide(rules: Rules, packet: Packet) -> Decision:
    """Return what the rules do with a connection. Raises ValueError for an invalid address."""
    from diagnose.parsers.netfilter.evaluate import (
        decide as answer,  # imported here because most runs have no ruleset
    )

    return answer(rules, packet)


def blocked_sources(rules: Rules, packet: Packet) -> tuple[Others, ...]:
    """Return the sources that single rules keep from this port. Raises ValueError for an invalid
    address."""
    from diagnose.parsers.netfilter.evaluate import blocked_sources as answer

    return answer(rules, packet)


__all__ = ["Decision", "Host", "Others", "Packet", "Rules", "Stage", "blocked_sources", "decide"]
