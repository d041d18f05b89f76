"""Convert exceptions to failures; the system's own messages and numbers are kept. No I/O.

The kinds are a closed vocabulary:

    refused       ECONNREFUSED: a reset, or an ICMP "port unreachable"
    unreachable   EHOSTUNREACH, ENETUNREACH, EACCES, ENOPROTOOPT … on connect: an ICMP error,
                  or this machine has no route
    timeout       nothing arrived in the time allowed
    reset         ECONNRESET, EPIPE: the peer reset the connection
    closed        the peer closed the connection normally, but too early
    alert         a TLS alert arrived
    certificate   the chain did not verify
    protocol      the data does not follow the expected protocol
    proxy         the proxy cannot be reached, or does not open the connection
    resolution    the name did not resolve
    denied        this user has no permission
    missing       a program or file does not exist
    exit          a program exited with a status other than 0
    other         anything else
"""

import errno
import os

from diagnose.model import Failure, FailureKind

_KINDS: dict[int, FailureKind] = {
    errno.ECONNREFUSED: "refused",
    # All errnos that stand for an ICMP error (icmp(7); Linux: net/ipv4/icmp.c, icmp_err_convert).
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EACCES: "unreachable",
    errno.ENOPROTOOPT: "unreachable",
    errno.EHOSTDOWN: "unreachable",
    errno.ENONET: "unreachable",
    errno.EPROTO: "unreachable",
    # These come only from this machine itself (connect(2), ip-route(8)).
    errno.EADDRNOTAVAIL: "unreachable",
    errno.EAFNOSUPPORT: "unreachable",
    errno.ENETDOWN: "unreachable",
    errno.EPERM: "denied",
    errno.ETIMEDOUT: "timeout",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ECONNABORTED: "reset",
}


def failure_of(error: BaseException) -> Failure:
    """Return the failure for an exception from a socket or a wait (errno(3), connect(2))."""
    # Our own exceptions, such as TlsFailed, carry their failure.
    if isinstance(failure := getattr(error, "failure", None), Failure):
        return failure
    if isinstance(error, EOFError):
        return Failure("closed", str(error) or "connection closed")
    if isinstance(error, OSError) and error.errno is not None:
        return errno_failure(error.errno, error.strerror)
    if isinstance(error, TimeoutError):
        return Failure("timeout", str(error) or "timed out")
    return Failure("other", f"{type(error).__name__}: {error}")


def errno_failure(number: int, message: str | None = None) -> Failure:
    """Return the failure for an errno of connect(2), recv(2) or send(2)."""
    name = errno.errorcode.get(number)
    return Failure(_KINDS.get(number, "other"), message or os.strerror(number), number, name)
