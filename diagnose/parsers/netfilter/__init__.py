"""What the kernel's packet filter will do with a new connection. Pure.

`nft.read` and `iptables.read` make `Rules` of what the tools print (`filter.Filter` of all of it
at once); `decide(rules, Packet(None, "203.0.113.10", 443, "eth0"))` is the answer, for anybody who
connects. tests/lab/test_netfilter.py compares it with the kernel's own.
"""

from diagnose.parsers.netfilter.packet import Decision, Host, Others, Packet, Stage
from diagnose.parsers.netfilter.rules import Rules


def decide(rules: Rules, packet: Packet) -> Decision:
    """What the rules do with this connection. ValueError: an address is none."""
    from diagnose.parsers.netfilter.evaluate import (
        decide as answer,  # most runs have no ruleset to judge
    )

    return answer(rules, packet)


def blocked_sources(rules: Rules, packet: Packet) -> tuple[Others, ...]:
    """Whom single rules keep from this port. ValueError: an address is none."""
    from diagnose.parsers.netfilter.evaluate import blocked_sources as answer

    return answer(rules, packet)


__all__ = ["Decision", "Host", "Others", "Packet", "Rules", "Stage", "blocked_sources", "decide"]
