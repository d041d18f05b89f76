import pytest

from diagnose.model import Severity
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


@pytest.mark.parametrize(
    ("port", "received", "severity", "starttls"),
    [
        (587, "220 mail.example.com ESMTP Postfix", Severity.NOTE, "smtp"),
        (22, "SSH-2.0-OpenSSH_10.0", Severity.NOTE, ""),
        (443, "220 mail.example.com ESMTP Postfix", None, ""),
        (587, "SSH-2.0-OpenSSH_10.0", None, ""),
    ],
)
def test_a_port_of_the_protocol_itself_is_no_fault(
    port: int, received: str, severity: Severity | None, starttls: str
) -> None:
    (claim,) = judge("tls.not-tls", shake(failure=GARBAGE, received=received, port=port))
    assert (claim.severity, claim.facts["starttls"]) == (severity, starttls)
