from dataclasses import replace

from diagnose.model import Failure
from tests.support.check_evidence import judge
from tests.support.tls_evidence import WELL, alerted, said, shake
from tests.support.upstream_evidence import logged

GARBLED = Failure("protocol", "[SSL: BAD_SIGNATURE] bad signature", name="BAD_SIGNATURE")


def test_fires_where_nothing_else_does() -> None:
    assert said(alerted(80), alerted(80, "any-cipher")) == ["tls.handshake-failed"]
    assert said(alerted(120), shake("any-cipher")) == ["tls.handshake-failed"]


def test_silent_where_this_side_ended_it() -> None:
    assert said(shake(failure=GARBLED)) == ["tls.refused-here"]


def test_silent_where_a_cause_is_known_and_about_certificates() -> None:
    unverified = shake(failure=Failure("certificate", "certificate has expired", 10))
    assert not judge("tls.handshake-failed", WELL, alerted(40), alerted(80, "old"), unverified)
    assert not said(unverified)


def test_what_nginx_logged_of_it_is_quoted() -> None:
    line = replace(logged("no OCSP response while SSL handshaking"), doing="SSL handshaking")
    (claim,) = judge("tls.handshake-failed", alerted(80), line)
    assert claim.facts["logged"] == line.text
    (claim,) = judge("tls.handshake-failed", alerted(80), logged("connect() failed"))
    assert claim.facts["logged"] == ""
