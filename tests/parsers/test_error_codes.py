"""Names, numbers and reasons of errors."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.target import NamelessMessageError


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("WinHttpSendRequest failed: 12175", "tls"),
        ("update server connection error status 12007", "name"),
        ("Error code: 0x800B0109", "certificate-untrusted"),
        ("error:0A000416:SSL routines::no suitable key share", "tls-parameters"),
        ("error:0A0000C6:SSL routines::packet length too long", "tls-plain"),
        ("tls: client offered only unsupported versions: [301]", "tls-parameters"),
        ("remote error: tls: certificate required", "tls-client-certificate"),
        ("NoHttpResponseException: shop.example.com:443 failed to respond", "closed"),
        ("[7] [CRITICAL] WORKER TIMEOUT (pid:7214)", "server-application-slow"),
        ("Worker with pid 14824 was terminated due to signal 9", "server-application"),
        ("java.net.SocketException: Broken pipe (Write failed)", "closed"),
        ("net::ERR_INVALID_CHUNKED_ENCODING", "incomplete"),
        ("SEC_ERROR_OCSP_TRY_SERVER_LATER", "certificate-status"),
        ("26848/0/-1/-1/26849 503 212 - - SC-- 197/197/1/1/+3 0/0", "status"),
    ],
)  # fmt: skip
def test_an_error_is_understood_by_its_name(message: str, kind: str) -> None:
    symptom = symptom_of(message)
    assert symptom
    assert symptom.kind == kind


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("httpx.ReadTimeout", "timeout"),
        ("java.nio.channels.UnresolvedAddressException", "name"),
        (r"Illuminate\Session\TokenMismatchException", "csrf"),
    ],
)
def test_the_class_of_an_exception_is_no_host(word: str, kind: str) -> None:
    with pytest.raises(NamelessMessageError) as raised:
        parse_targets((word,), (), "en")
    assert raised.value.symptom
    assert raised.value.symptom.kind == kind


def test_a_question_in_chinese_is_no_host() -> None:
    with pytest.raises(NamelessMessageError) as raised:
        parse_targets(("我的网站正常吗",), (), "zh")
    assert raised.value.symptom is None
