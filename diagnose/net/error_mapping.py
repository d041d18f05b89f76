"""Exceptions to failures. Pure: the machine's own words and numbers are kept.

The kinds are a closed vocabulary:

    refused       ECONNREFUSED: a reset, or an ICMP that says port unreachable
    unreachable   EHOSTUNREACH, ENETUNREACH, EACCES, ENOPROTOOPT … on connect: an ICMP error,
                  or this machine has no way to send
    timeout       nothing came within the time allowed
    reset         ECONNRESET, EPIPE: the other end cut the connection
    closed        the other end closed it in order, too early
    alert         a TLS alert came
    certificate   the chain did not verify
    protocol      what came was not the protocol spoken
    proxy         the proxy cannot be reached, or does not make the connection
    resolution    the name did not resolve
    denied        this user may not do it
    missing       a program or a file that is not there
    exit          a program ended with another status than 0
    other         anything else
"""

import errno
import os

from diagnose.model import Failure

_KINDS = {
    errno.ECONNREFUSED: "refused",
    # All that an ICMP error is turned into (icmp(7); Linux: net/ipv4/icmp.c, icmp_err_convert).
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EACCES: "unreachable",
    errno.ENOPROTOOPT: "unreachable",
    errno.EHOSTDOWN: "unreachable",
    errno.ENONET: "unreachable",
    errno.EPROTO: "unreachable",
    # Only this machine itself says these (connect(2), ip-route(8)).
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
    """What an exception from a socket or a wait says (errno(3), connect(2))."""
    # An exception of ours may bring its failure along: TLS has words of its own.
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
    """The failure that an errno of connect(2), recv(2) or send(2) stands for."""
    name = errno.errorcode.get(number)
    return Failure(_KINDS.get(number, "other"), message or os.strerror(number), number, name)
