"""http.other-protocol: the port greets first, as servers of mail do."""

import pytest

from diagnose.model import Failure
from diagnose.model.http import Exchange
from diagnose.net.http_errors import NotHttp, http_failure
from tests.support.check_evidence import judge

CHECK = "http.other-protocol"


def greeted(data: bytes) -> Exchange:
    return failed(http_failure(NotHttp(data)))


def failed(failure: Failure) -> Exchange:
    url = "https://shop.example.com:993/"
    return Exchange(url=url, address="203.0.113.10", port=993, failure=failure)


@pytest.mark.parametrize(
    ("data", "protocol"),
    [
        (b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "IMAP"),
        (b"+OK Dovecot ready.\r\n", "POP3"),
        (b"220 mail.example.com ESMTP Postfix\r\n", "SMTP"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH"),
    ],
)
def test_fires_and_the_answer_is_no_failure_of_the_site(data: bytes, protocol: str) -> None:
    (claim,) = judge(CHECK, greeted(data))
    assert claim.facts["protocol"] == protocol
    assert not judge("http.server-error", greeted(data))


def test_silent_where_something_else_comes() -> None:
    for data in (b"hello\r\n", b"\x15\x03\x01\x00\x02", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"):
        assert not judge(CHECK, greeted(data))
    reset = failed(Failure("reset", "Connection reset by peer"))
    assert not judge(CHECK, reset)
    assert judge("http.server-error", reset)
