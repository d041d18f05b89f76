"""Readers of what a provider's API answers: total, bounded, and cleaned.

An API's answer is JSON of unknown shape. What has another type than expected is read as absent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.cloud.address_sets import network_range
from diagnose.model.cloud import PortRange, Protocol
from diagnose.parsers.sanitize import clean

#: The largest number of rules that are read of one layer: several times every provider's quota.
MAX_RULES = 2000
_MAX_LENGTH = 200

_PROTOCOLS: Mapping[str, Protocol] = {
    "tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp",
    "icmpv6": "icmp", "58": "icmp", "all": "all", "-1": "all", "any": "all",
}  # fmt: skip


def text(value: Any) -> str:
    """Return a text or a number as cleaned text, "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return clean(str(value)[:_MAX_LENGTH])


def number(value: Any, default: int = 0) -> int:
    """Return a number that may be written as a text."""
    try:
        return int(text(value))
    except ValueError:
        return default


def member(value: Any, *keys: str) -> Any:
    """Return what the keys lead to, None if a part of the way is not there."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def items(value: Any, *keys: str, limit: int = MAX_RULES) -> list[Mapping[str, Any]]:
    """Return the objects of a list to which the keys lead."""
    return [item for item in _list(value, keys)[:limit] if isinstance(item, Mapping)]


def texts(value: Any, *keys: str, limit: int = MAX_RULES) -> tuple[str, ...]:
    """Return the texts of a list to which the keys lead, without empty ones."""
    return tuple(item for item in map(text, _list(value, keys)[:limit]) if item)


def _list(value: Any, keys: tuple[str, ...]) -> list[Any]:
    target = member(value, *keys)
    is_list = isinstance(target, Sequence) and not isinstance(target, (str, bytes))
    return list(target) if is_list else []


def protocol(value: Any) -> Protocol:
    """Return the protocol that a word or an IANA number means, in any case of letters."""
    return _PROTOCOLS.get(text(value).strip().lower(), "other")


def network(value: Any) -> str:
    """Return a network or an address as it is written, "" if it is neither."""
    written = text(value).strip()
    return written if network_range(written) else ""


def port_range(value: Any, separators: str = "/-") -> PortRange | None:
    """Read "443/443", "8000-8010", "443", or "-1/-1" and "all" for every port. None if it is none
    of these."""
    written = text(value).strip().lower()
    if written in {"-1/-1", "-1", "all", "*"}:
        return PortRange()
    for separator in separators:
        first, mark, last = written.partition(separator)
        if mark:
            break
    else:
        first = last = written
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        return None
    ports = PortRange(int(first), int(last))
    return ports if 0 <= ports.first <= ports.last <= 65535 else None
