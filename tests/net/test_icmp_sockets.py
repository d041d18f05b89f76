"""The error queue of a socket, as linux/errqueue.h lays it out."""

import errno
import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.tcp import IcmpError
from diagnose.net import icmp_sockets
from diagnose.net.icmp_sockets import IP_RECVERR, IPV6_RECVERR


def extended_error(number: int, origin: int, kind: int, code: int, offender: bytes) -> bytes:
    """struct sock_extended_err and what follows it (linux/errqueue.h)."""
    return struct.pack("=IBBBBII", number, origin, kind, code, 0, 0, 0) + offender


def sockaddr_in(address: str) -> bytes:
    return struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton(address) + bytes(8)


def sockaddr_in6(address: str, scope: int = 0) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, address)
    return struct.pack("=HHI", socket.AF_INET6, 0, 0) + packed + struct.pack("=I", scope)


def test_an_icmp_error_has_type_code_and_sender() -> None:
    data = extended_error(errno.EHOSTUNREACH, 2, 3, 13, sockaddr_in("203.0.113.10"))
    assert icmp_sockets._parse_error([(0, IP_RECVERR, data)]) == (
        errno.EHOSTUNREACH,
        IcmpError(4, 3, 13, "203.0.113.10"),
    )


def test_an_icmpv6_error_has_type_code_and_sender() -> None:
    data = extended_error(errno.EACCES, 3, 1, 1, sockaddr_in6("2001:db8::10"))
    assert icmp_sockets._parse_error([(41, IPV6_RECVERR, data)]) == (
        errno.EACCES,
        IcmpError(6, 1, 1, "2001:db8::10"),
    )


def test_a_link_local_sender_keeps_its_scope() -> None:
    index = socket.if_nametoindex("lo")
    data = extended_error(errno.EACCES, 3, 1, 1, sockaddr_in6("fe80::10", index))
    _, icmp = icmp_sockets._parse_error([(41, IPV6_RECVERR, data)])
    assert icmp is not None
    assert icmp.sender == "fe80::10%lo"


def test_an_error_from_this_machine_is_local() -> None:
    data = extended_error(errno.EHOSTUNREACH, 2, 3, 1, sockaddr_in("127.0.0.1"))
    _, icmp = icmp_sockets._parse_error([(0, IP_RECVERR, data)])
    assert icmp is not None
    assert icmp.local


def test_what_did_not_come_by_icmp_is_an_errno_only() -> None:
    data = extended_error(errno.EMSGSIZE, 1, 0, 0, sockaddr_in("0.0.0.0"))
    assert icmp_sockets._parse_error([(0, IP_RECVERR, data)]) == (errno.EMSGSIZE, None)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 41]),
            st.sampled_from([IP_RECVERR, IPV6_RECVERR, 2]),
            st.binary(max_size=64),
        )
    )
)
def test_no_garbage_in_the_queue_is_a_crash(control: list[tuple[int, int, bytes]]) -> None:
    icmp_sockets._parse_error(control)


@given(st.binary(max_size=32))
def test_no_garbled_offender_is_a_crash(data: bytes) -> None:
    icmp_sockets._offender_address(data)
