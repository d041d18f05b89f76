"""When a server's refusal means that it wants HTTP/2."""

import ssl

import pytest

from diagnose.model import Failure
from diagnose.model.tls import Alert
from diagnose.net.tls import HandshakeResult
from diagnose.net.tls_controls import lenient_context, no_dhe_context, p256_context, wants_http2
from diagnose.parsers.tls import make_alert

FAILED = Failure("alert", "no application protocol")


@pytest.mark.parametrize(
    ("alert", "failure", "wanted"),
    [
        (make_alert(2, 120), FAILED, True),
        (make_alert(2, 40), FAILED, False),
        (make_alert(2, 120), None, False),
        (None, FAILED, False),
    ],
)
def test_alert_120_asks_for_another_protocol(
    alert: Alert | None, failure: Failure | None, wanted: bool
) -> None:
    assert wants_http2(HandshakeResult(0.1, failure=failure, alert=alert)) is wanted


def test_the_contexts_differ_in_what_they_offer() -> None:
    def names(ciphers: list[dict[str, object]]) -> set[object]:
        return {cipher["name"] for cipher in ciphers}

    without_dhe = names(no_dhe_context().get_ciphers())  # type: ignore[arg-type]
    lenient = names(lenient_context().get_ciphers())  # type: ignore[arg-type]
    assert "DHE-RSA-AES128-GCM-SHA256" not in without_dhe
    assert "DHE-RSA-AES128-GCM-SHA256" in lenient


def test_an_old_phone_offers_tls_1_2_at_most() -> None:
    assert p256_context().maximum_version is ssl.TLSVersion.TLSv1_2
