"""Parse HTTPS records (RFC 9460): where browsers that read them connect. No I/O."""

import ipaddress
import shlex

from diagnose.model.frozen import frozen

#: Longest record that is read, in characters, and most hints of one.
MAX_LENGTH, MAX_HINTS = 2_000, 8


@frozen
class ServiceRecord:
    """One record. `priority` 0 is an alias (section 2.4.2). `target` is "" for the name itself.
    `port` is None where the record names none; `hints` are addresses of both families."""

    priority: int
    target: str
    alpn: tuple[str, ...] = ()
    port: int | None = None
    hints: tuple[str, ...] = ()


def parse_service_record(text: str) -> ServiceRecord | None:
    """Return a record from its presentation format (section 2.1), or None if it is not one."""
    try:
        words = shlex.split(text[:MAX_LENGTH])
    except ValueError:
        return None
    if len(words) < 2 or not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 5:
        return None
    values = dict(word.partition("=")[::2] for word in words[2:])
    port = values.get("port", "")
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536
    hints = f"{values.get('ipv4hint', '')},{values.get('ipv6hint', '')}".split(",")
    return ServiceRecord(
        priority=int(words[0]),
        target=words[1].rstrip(".").lower(),
        alpn=tuple(name for name in values.get("alpn", "").split(",") if name),
        port=int(port) if is_port else None,
        hints=tuple(dict.fromkeys(filter(_is_address, hints)))[:MAX_HINTS],
    )


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
