"""What the kinds of observation share to describe themselves on one line."""

from collections.abc import Iterable

#: The subject of an observation and its outcome. Machine messages are not translated.
Summary = tuple[str, str]


def joined(values: Iterable[object]) -> str:
    """Return the values as a list in words; "none" without any."""
    return ", ".join(map(str, values)) or "none"


def application_text(target: str, address: str, port: int, socket: str) -> str:
    """Return the application that a target stands for, and where it was tried unless the target
    already says so."""
    tried = f"unix:{socket}" if socket else socket_text(address, port) if address else ""
    return (
        f"application {target} at {tried}"
        if tried and tried not in target
        else (f"application {target}")
    )


def socket_text(address: str, port: int) -> str:
    """Return address:port, with brackets around an IPv6 address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
