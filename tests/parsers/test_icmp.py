import errno

import pytest

from diagnose.parsers import icmp


@pytest.mark.parametrize(
    ("version", "kind", "code", "name", "meaning", "number"),
    [
        (4, 3, 0, "network unreachable", "network", errno.ENETUNREACH),
        (4, 3, 1, "host unreachable", "host", errno.EHOSTUNREACH),
        (4, 3, 2, "protocol unreachable", "protocol", errno.ENOPROTOOPT),
        (4, 3, 3, "port unreachable", "port", errno.ECONNREFUSED),
        (4, 3, 9, "network administratively prohibited", "prohibited", errno.ENETUNREACH),
        (4, 3, 10, "host administratively prohibited", "prohibited", errno.EHOSTUNREACH),
        (4, 3, 13, "communication administratively prohibited", "prohibited", errno.EHOSTUNREACH),
        (4, 11, 0, "time to live exceeded", "expired", errno.EHOSTUNREACH),
        (6, 1, 0, "no route to destination", "network", errno.ENETUNREACH),
        (6, 1, 1, "communication administratively prohibited", "prohibited", errno.EACCES),
        (6, 1, 3, "address unreachable", "host", errno.EHOSTUNREACH),
        (6, 1, 4, "port unreachable", "port", errno.ECONNREFUSED),
        (6, 1, 5, "source address failed policy", "prohibited", errno.EACCES),
        (6, 1, 6, "reject route to destination", "prohibited", errno.EACCES),
        (6, 3, 0, "hop limit exceeded", "expired", errno.EHOSTUNREACH),
    ],
)
def test_an_error_has_a_name_a_meaning_and_an_errno(
    version: int, kind: int, code: int, name: str, meaning: str, number: int
) -> None:
    assert icmp.error_name(version, kind, code) == name
    assert icmp.error_meaning(version, kind, code) == meaning
    assert icmp.errno_of(version, kind, code) == number


def test_an_error_nobody_has_named_is_named_by_its_numbers() -> None:
    assert icmp.error_name(4, 3, 99) == "type 3 code 99"
    assert icmp.error_meaning(6, 77, 0) == "other"
    assert icmp.errno_of(4, 77, 0) == errno.EPROTO
