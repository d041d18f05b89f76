"""Parse the sets that iptables rules name, as printed by `ipset save` (ipset(8)). No I/O."""

import re
from collections.abc import Callable, Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter.rules import Element, Span, address_span

#: Most members of a set; a larger set is left out, because its members are then unknown.
MAX_MEMBERS = 200_000


@frozen
class IpSet:
    """A set. `parts` are the types in its members ("ip", "net", "port", "mac", "iface");
    `elements` parses the members. `family` is "ip" or "ip6"."""

    name: str
    parts: tuple[str, ...]
    family: str
    elements: Callable[[], tuple[object, ...]]

    def keys(self, family: str, sides: Sequence[str]) -> tuple[str, ...] | None:
        """Return the packet fields that the set is compared with, given "src" or "dst" for each
        part; None if a part is not known."""
        if len(sides) < len(self.parts) or not set(self.parts) <= {"ip", "net", "port"}:
            return None
        return tuple(
            f"{'tcp' if part == 'port' else family} "
            f"{'s' if side == 'src' else 'd'}{'port' if part == 'port' else 'addr'}"
            for part, side in zip(self.parts, sides, strict=False)
        )


def parse_ipset(text: str) -> Mapping[str, IpSet]:
    """Parse `create NAME TYPE …` and `add NAME MEMBER …` lines; return the sets by name. Sets of
    sets and sets with "nomatch" members are left out."""
    types: dict[str, tuple[tuple[str, ...], str]] = {}
    members: dict[str, list[str]] = {}
    unsupported: set[str] = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == "create":
            set_type, _, parts = words[2].partition(":")
            family = "ip6" if "inet6" in words else "ip"
            types[words[1]] = (tuple(parts.split(",")), family)
            members[words[1]] = []
            if set_type == "list":
                unsupported.add(words[1])
        elif len(words) >= 3 and words[0] == "add" and words[1] in members:
            members[words[1]].append(words[2])
            if "nomatch" in words or len(members[words[1]]) > MAX_MEMBERS:
                unsupported.add(words[1])
    return {
        name: IpSet(name, parts, family, _reader(members[name], parts))
        for name, (parts, family) in types.items()
        if name not in unsupported
    }


def _reader(members: list[str], parts: tuple[str, ...]) -> Callable[[], tuple[object, ...]]:
    def elements() -> tuple[object, ...]:
        elements_read = (_element(member, parts) for member in members)
        return tuple(element for element in elements_read if element is not None)

    return elements


def _element(member: str, parts: tuple[str, ...]) -> Element | None:
    """Parse "192.0.2.0/24,tcp:443"; None for a member of another protocol than TCP."""
    spans: list[Span] = []
    for value, part in zip(member.split(","), parts, strict=False):
        if part == "port":
            port = re.fullmatch(r"(?:(\w+):)?(\d+)(?:-(\d+))?", value)
            if port is None or port[1] not in {None, "tcp"}:
                return None
            spans.append((int(port[2]), int(port[3] or port[2])))
        else:
            try:
                spans.append(address_span(value))
            except ValueError:
                return None
    return tuple(spans)
