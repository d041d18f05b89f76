import pytest

from tests.support.check_evidence import judge
from tests.support.tls_evidence import CLOSED, GARBAGE, WELL, said, shake


@pytest.mark.parametrize(
    ("received", "protocol"),
    [
        ("SSH-2.0-OpenSSH_10.0", "SSH"),
        ("220 mail.example.com ESMTP Postfix", "SMTP"),
        ("220 ProFTPD Server ready (FTP)", "FTP"),
        ("J 8.0.36 caching_sha2_password", "MySQL"),
        ("hello", ""),
    ],
)
def test_fires_for_any_other_greeting(received: str, protocol: str) -> None:
    (claim,) = judge("tls.not-tls", shake(failure=GARBAGE, received=received))
    assert claim.facts["protocol"] == protocol
    assert said(shake(failure=GARBAGE, received=received)) == ["tls.not-tls"]


def test_silent_for_http_for_tls_and_for_silence() -> None:
    assert not judge("tls.not-tls", shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request"))
    assert not judge("tls.not-tls", shake(failure=GARBAGE))
    assert not judge("tls.not-tls", shake(failure=CLOSED), WELL)
