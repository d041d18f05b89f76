"""What the layer's pages advise where the target is an IP address: `certbot -d` refuses one, and
subjectAltName has entries of a kind of their own for it (RFC 5280 section 4.2.1.6)."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import checks.certificate
from diagnose.checking.texts import check_text, fill
from diagnose.i18n import LANGUAGES
from diagnose.model import Claim, Manual, Target
from tests.support.certificates import LEAF, SELF, visit
from tests.support.check_evidence import NOW, judge

PUBLIC, PRIVATE = "203.0.113.10", "10.0.0.5"
FOLDER = Path(next(iter(checks.certificate.__path__)))
CHECKS = [
    f"certificate.{path.stem.replace('_', '-')}"
    for path in sorted(FOLDER.glob("[a-z]*.md"))
    if not path.name.endswith(".zh.md")
]


def asked(check_id: str, host: str, *chain: object, code: int = 0) -> list[str]:
    """The steps that a check advises, in English, for a site that is opened by this address."""
    target = Target(f"https://{host}/", "https", host, 443)
    observation = visit(*chain, code=code, address=host)  # type: ignore[arg-type]
    (claim,) = judge(check_id, replace(observation, server_name=""), target=target)
    return step_texts(check_id, claim)


def step_texts(check_id: str, claim: Claim) -> list[str]:
    assert claim.fix
    texts = check_text(check_id, "en").steps
    manual = (step.step for step in claim.fix.steps if isinstance(step, Manual))
    return [fill(texts[step], claim.facts, "en") for step in manual]


class Facts(dict[str, object]):
    """Facts of which every other one has the same value."""

    def __init__(self, other: str) -> None:
        super().__init__(name=PUBLIC, domain="", san=f"IP:{PUBLIC}", why_address=True)
        self.other = other

    def get(self, name: str, default: object = None) -> object:
        return super().get(name, self.other)

    def __missing__(self, name: str) -> str:
        return self.other


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("other", ["", "FACT"], ids=["none", "all"])
@pytest.mark.parametrize("check_id", CHECKS)
def test_no_page_requests_an_address_by_the_option_for_names(
    check_id: str, other: str, lang: str
) -> None:
    facts = Facts(other)
    said = check_text(check_id, lang)
    for text in (said.meaning, said.remedy, said.verify, *said.steps.values()):
        spans = re.findall(r"`[^`]*`", fill(text, facts, lang))
        assert not [span for span in spans if "certbot" in span and f" -d {PUBLIC}" in span]
        assert not [span for span in spans if f"DNS:{PUBLIC}" in span]


def test_a_self_signed_certificate_of_a_public_address() -> None:
    first, second = asked("certificate.self-signed", PUBLIC, SELF, code=18)
    assert "certbot" not in first
    assert f"--preferred-profile shortlived --ip-address {PUBLIC}" in second
    assert second.startswith(f"{PUBLIC} is an IP address. Give the site a name in DNS")


def test_no_authority_issues_one_for_a_private_address() -> None:
    _, second = asked("certificate.self-signed", PRIVATE, SELF, code=18)
    assert "No public authority issues a certificate for it" in second
    assert "--ip-address" not in second


def test_an_address_has_an_entry_of_its_own_kind() -> None:
    nameless = replace(LEAF, dns_names=(), common_name=PUBLIC)
    first, _ = asked("certificate.no-san", PUBLIC, nameless)
    assert f"-addext subjectAltName=IP:{PUBLIC}" in first


def test_a_name_is_requested_as_before() -> None:
    (claim,) = judge("certificate.self-signed", visit(SELF, code=18))
    (step,) = step_texts("certificate.self-signed", claim)
    assert "certbot --nginx -d shop.example.com" in step


def test_the_renewal_of_an_address_names_no_option_for_names() -> None:
    old = replace(LEAF, dns_names=(), addresses=(PUBLIC,), not_after=NOW - timedelta(days=2))
    (first, *_) = asked("certificate.expired", PUBLIC, old, code=10)
    assert f"certbot certificates -d {PUBLIC}" not in first
    assert "`certbot certificates` shows its name" in first
