import errno

import pytest

from diagnose.net.error_mapping import errno_failure, failure_of


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.ENETUNREACH, "unreachable"),
        (errno.EACCES, "unreachable"),
        (errno.ENOPROTOOPT, "unreachable"),
        (errno.EADDRNOTAVAIL, "unreachable"),
        (errno.EAFNOSUPPORT, "unreachable"),
        (errno.EPERM, "denied"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.ECONNRESET, "reset"),
        (errno.EPIPE, "reset"),
        (errno.EMFILE, "other"),
    ],
)
def test_an_errno_has_a_kind_and_keeps_its_number_and_name(number: int, kind: str) -> None:
    failure = errno_failure(number)
    assert (failure.kind, failure.code) == (kind, number)
    assert failure.name == errno.errorcode[number]
    assert failure.message


def test_the_machines_own_words_are_kept() -> None:
    failure = failure_of(OSError(errno.EHOSTUNREACH, "No route to host"))
    assert failure.message == "No route to host"
    assert failure.name == "EHOSTUNREACH"


def test_a_wait_that_was_too_long_is_a_timeout() -> None:
    assert failure_of(TimeoutError()).kind == "timeout"


def test_an_end_too_early_is_a_close() -> None:
    assert failure_of(EOFError()).kind == "closed"


def test_what_nobody_expected_is_named() -> None:
    assert failure_of(ValueError("odd")).message == "ValueError: odd"
