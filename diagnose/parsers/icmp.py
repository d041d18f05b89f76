"""ICMP errors that end a connection attempt: names, meanings, and Linux's errno. No I/O.

RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1 (version 4); RFC 4443 section 3
(version 6).
"""

import errno
from typing import Literal

#: The meaning of an error: the port is closed; the host does not answer in its own network; no
#: route; a filter forbids it; the time to live expired; the host lacks the protocol.
Meaning = Literal["port", "host", "network", "prohibited", "expired", "protocol", "other"]

_V4: dict[tuple[int, int], tuple[str, Meaning, int]] = {
    (3, 0): ("network unreachable", "network", errno.ENETUNREACH),
    (3, 1): ("host unreachable", "host", errno.EHOSTUNREACH),
    (3, 2): ("protocol unreachable", "protocol", errno.ENOPROTOOPT),
    (3, 3): ("port unreachable", "port", errno.ECONNREFUSED),
    (3, 5): ("source route failed", "network", errno.EOPNOTSUPP),
    (3, 6): ("destination network unknown", "network", errno.ENETUNREACH),
    (3, 7): ("destination host unknown", "host", errno.EHOSTDOWN),
    (3, 8): ("source host isolated", "host", errno.ENONET),
    (3, 9): ("network administratively prohibited", "prohibited", errno.ENETUNREACH),
    (3, 10): ("host administratively prohibited", "prohibited", errno.EHOSTUNREACH),
    (3, 11): ("network unreachable for type of service", "network", errno.ENETUNREACH),
    (3, 12): ("host unreachable for type of service", "host", errno.EHOSTUNREACH),
    (3, 13): ("communication administratively prohibited", "prohibited", errno.EHOSTUNREACH),
    (3, 14): ("host precedence violation", "prohibited", errno.EHOSTUNREACH),
    (3, 15): ("precedence cutoff in effect", "prohibited", errno.EHOSTUNREACH),
    (11, 0): ("time to live exceeded", "expired", errno.EHOSTUNREACH),
    (11, 1): ("fragment reassembly time exceeded", "other", errno.EHOSTUNREACH),
}

_V6: dict[tuple[int, int], tuple[str, Meaning, int]] = {
    (1, 0): ("no route to destination", "network", errno.ENETUNREACH),
    (1, 1): ("communication administratively prohibited", "prohibited", errno.EACCES),
    (1, 2): ("beyond scope of source address", "network", errno.EHOSTUNREACH),
    (1, 3): ("address unreachable", "host", errno.EHOSTUNREACH),
    (1, 4): ("port unreachable", "port", errno.ECONNREFUSED),
    (1, 5): ("source address failed policy", "prohibited", errno.EACCES),
    (1, 6): ("reject route to destination", "prohibited", errno.EACCES),
    (3, 0): ("hop limit exceeded", "expired", errno.EHOSTUNREACH),
    (3, 1): ("fragment reassembly time exceeded", "other", errno.EHOSTUNREACH),
}


def error_name(version: int, icmp_type: int, code: int) -> str:
    """Return the error's name in the RFC, or "type 3 code 99" if it has none."""
    error = (_V6 if version == 6 else _V4).get((icmp_type, code))
    return error[0] if error else f"type {icmp_type} code {code}"


def error_meaning(version: int, icmp_type: int, code: int) -> Meaning:
    """Return what the error means for the path to the port."""
    error = (_V6 if version == 6 else _V4).get((icmp_type, code))
    return error[1] if error else "other"


def errno_of(version: int, icmp_type: int, code: int) -> int:
    """Return the errno of connect(2) on Linux for this error (net/ipv4/icmp.c, icmp_err_convert;
    net/ipv6/icmp.c, icmpv6_err_convert)."""
    error = (_V6 if version == 6 else _V4).get((icmp_type, code))
    return error[2] if error else errno.EPROTO
