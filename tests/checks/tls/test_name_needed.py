"""tls.name-needed: when it fires, and when it is silent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Confidence, Failure, Symptom
from diagnose.model.symptom import SymptomKind
from diagnose.model.tls import Alert, Certificate, Handshake
from tests.support.check_evidence import NOW, SHOP, judge

CHECK = "tls.name-needed"
LEAF = Certificate(
    subject="CN=shop.example.com",
    issuer="CN=R10",
    serial="01",
    not_before=NOW - timedelta(days=9),
    not_after=NOW + timedelta(days=80),
    sha256="a1",
    dns_names=("shop.example.com",),
)
BLOG = replace(LEAF, subject="CN=blog.example.com", sha256="b2", dns_names=("blog.example.com",))
VISIT = Handshake(address="203.0.113.10", port=443, chain=(LEAF,))
OTHER = replace(VISIT, variant="no-sni", chain=(BLOG,))
REFUSED = replace(
    OTHER,
    chain=(),
    alert=Alert(2, 112, "unrecognized_name"),
    failure=Failure("alert", "unrecognized name", 112, "unrecognized_name"),
)
CALLBACK = Symptom("callback", "the webhook is never called")


def claims(
    symptom: Symptom | None, *observations: Handshake, masked: bool = True
) -> list[Confidence]:
    target = replace(SHOP, symptom=symptom)
    return [claim.confidence for claim in judge(CHECK, *observations, target=target, masked=masked)]


@pytest.mark.parametrize("nameless", [OTHER, REFUSED])
def test_fires_where_a_service_does_not_reach_the_site(nameless: Handshake) -> None:
    assert claims(CALLBACK, VISIT, nameless) == [Confidence.POSSIBLE]


def test_is_likely_where_the_message_names_the_other_certificate() -> None:
    text = "Certificate doesn't match any of the subject alternative names: [blog.example.com]"
    java = Symptom("certificate-name", text)
    assert claims(java, VISIT, OTHER, masked=False) == [Confidence.LIKELY]


@pytest.mark.parametrize("kind", ["tls-name", "tls"])
def test_fires_on_the_message_of_a_refused_client(kind: SymptomKind) -> None:
    assert claims(Symptom(kind, "unrecognized name"), VISIT, REFUSED)


def test_fires_where_the_other_certificate_has_expired() -> None:
    old = replace(OTHER, chain=(replace(BLOG, not_after=NOW - timedelta(days=1)),))
    expired = Symptom("certificate-expired", "certificate has expired")
    assert claims(expired, VISIT, old)
    assert not claims(expired, VISIT, OTHER)


def test_silent_where_the_message_is_of_another_fault() -> None:
    assert not claims(Symptom("certificate-self-signed", "self-signed"), VISIT, OTHER)
    assert not claims(Symptom("reset", "connection reset"), VISIT, REFUSED)
    assert not claims(Symptom("tls-parameters", "handshake failure"), VISIT, REFUSED)


def test_silent_where_a_browser_wrote_the_message() -> None:
    browser = Symptom("certificate-name", "NET::ERR_CERT_COMMON_NAME_INVALID")
    assert not claims(browser, VISIT, OTHER)


def test_silent_where_nobody_complains_or_the_certificate_is_the_site_s() -> None:
    assert not claims(None, VISIT, OTHER)
    assert not claims(CALLBACK, VISIT, replace(VISIT, variant="no-sni"))
    wildcard = replace(BLOG, dns_names=("*.example.com",))
    assert not claims(CALLBACK, VISIT, replace(OTHER, chain=(wildcard,)))


def test_silent_where_visitors_are_refused_too() -> None:
    failed = replace(REFUSED, variant="normal")
    assert not claims(CALLBACK, failed, REFUSED)
