from dataclasses import replace

import pytest

from diagnose.model import Applicability
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import (
    OWN,
    SILENCE,
    WELL,
    alerted,
    applicability,
    changes,
    said,
    shake,
    with_line,
)

OLD = shake("old", protocol="TLSv1.1", cipher="TLS_RSA_WITH_AES_128_CBC_SHA")


def test_fires_when_an_old_version_is_offered_besides_a_new_one() -> None:
    (claim,) = judge("tls.obsolete-protocol", WELL, OLD)
    assert claim.facts["protocol"] == "TLSv1.1"


@pytest.mark.parametrize(
    ("protocol", "option"), [("TLSv1.1", "-tls1_1"), ("TLSv1", "-tls1"), ("SSLv3", "-ssl3")]
)
def test_fires_with_a_command_for_the_version_that_was_seen(protocol: str, option: str) -> None:
    (claim,) = judge("tls.obsolete-protocol", WELL, replace(OLD, protocol=protocol))
    assert claim.facts["option"] == option


def test_silent_when_it_is_refused_or_the_only_one() -> None:
    assert not judge("tls.obsolete-protocol", WELL, alerted(70, "old"), shake("old", SILENCE))
    assert said(alerted(70), OLD) == ["tls.no-shared-protocol"]


def test_fires_and_shows_the_line_without_the_old_versions() -> None:
    site = with_line("ssl_protocols TLSv1 TLSv1.1 TLSv1.2;")
    (claim,) = judge("tls.obsolete-protocol", WELL, OLD, RUNNING, config(site))
    assert changes(claim).endswith("+    ssl_protocols TLSv1.2;")
    assert applicability(claim) is Applicability.REVIEW
    (claim,) = judge("tls.obsolete-protocol", WELL, OLD, RUNNING, config(OWN))
    assert changes(claim) == "+    ssl_protocols TLSv1.2 TLSv1.3;"
