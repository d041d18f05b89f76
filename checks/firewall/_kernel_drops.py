"""What the kernel itself says about this run's packets: a witness beside the rules and the wire."""

from collections.abc import Iterable

from diagnose.model import Evidence
from diagnose.model.kernel import KernelDrop


def netfilter_drops(evidence: Evidence, ports: Iterable[int]) -> tuple[KernelDrop, ...]:
    """Return the drops by netfilter of packets to these ports, and of replies from them."""
    wanted_ports = set(ports)
    return tuple(
        drop
        for drop in evidence.good(KernelDrop)
        if drop.by_netfilter and drop.port in wanted_ports
    )


def drop_text(drops: Iterable[KernelDrop]) -> str:
    """Return the kernel's words for the first drop, for the fact `kernel`; "" if there is none."""
    return next((drop.text for drop in drops), "")
