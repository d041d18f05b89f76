"""The addresses that the packet filter shuts out of a port while it lets strangers in."""

from checks.firewall._netfilter import NetfilterView
from diagnose.parsers.netfilter import Others, Packet, blocked_sources, owners


def shut_out(view: NetfilterView, port: int) -> tuple[dict[str, int], list[str]]:
    """Return how many addresses and networks each program, or each chain written by hand, shuts
    out; and those of them that are known. firewalld's rules have checks of their own."""
    counts: dict[str, int] = {}
    addresses: list[str] = []
    for _, packet in view.packets(port):
        for group in _sources(view, packet):
            place = view.ruleset.position_of(group.decision)
            owner = view.owner(place) if place else "firewalld"
            if place is None or owner == "firewalld":
                continue
            jail = owners.jail(place) if owner == "fail2ban" else ""
            name = f"fail2ban ({jail})" if jail else owner
            if owner == "hand":
                name = f"{place.table.family} {place.table.name} {place.chain.name}"
            counts[name] = counts.get(name, 0) + len(group.sources) + group.omitted
            addresses += group.sources
    return counts, addresses


def shut_out_at_own_addresses(view: NetfilterView, port: int) -> list[str]:
    """Return the addresses and networks that are shut out of a port at the server's own addresses,
    also if the name leads to another machine."""
    packets = (view.own_packet(port, family) for family in (4, 6))
    groups = (group for packet in packets if packet for group in _sources(view, packet))
    return [source for group in groups for source in group.sources]


def _sources(view: NetfilterView, packet: Packet) -> tuple[Others, ...]:
    try:
        return blocked_sources(view.ruleset.rules, packet)
    except ValueError:
        return ()
