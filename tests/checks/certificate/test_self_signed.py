from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Applicability, Manual
from tests.support.certificates import (
    HEALTHY,
    LEAF,
    LIVE,
    OTHER_FILE,
    ROOT,
    SELF,
    causes,
    diffs,
    in_use,
    visit,
)
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import RUNNING, config


def test_fires_for_a_certificate_that_is_its_own_issuer() -> None:
    assert len(judge("certificate.self-signed", visit(SELF, code=18))) == 1


def test_silent_for_a_root_in_the_chain_and_where_this_machine_trusts_it() -> None:
    assert not judge("certificate.self-signed", visit(LEAF, ROOT, code=19))
    assert not judge("certificate.self-signed", visit(SELF))
    assert not judge("certificate.self-signed", HEALTHY)


def test_it_explains_all_that_is_wrong_with_a_stand_in() -> None:
    snakeoil = replace(
        SELF,
        dns_names=(),
        common_name="debian",
        not_after=NOW - timedelta(days=3),
        key_type="RSA",
        key_bits=1024,
    )
    assert causes(visit(snakeoil, code=18)) == ["certificate.self-signed"]


def test_fires_and_names_an_authoritys_certificate_that_lies_on_the_server() -> None:
    observations = (visit(SELF, code=18), in_use(SELF), RUNNING, config())
    (claim,) = judge("certificate.self-signed", *observations, OTHER_FILE)
    assert f"+    ssl_certificate {LIVE}/fullchain.pem;" in diffs(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    itself = replace(OTHER_FILE, leaf=replace(SELF, sha256="06"))
    (claim,) = judge("certificate.self-signed", *observations, itself)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("name", "controller", "step"),
    [
        ("Kubernetes Ingress Controller Fake Certificate", "ingress-nginx", "name-the-secret"),
        ("TRAEFIK DEFAULT CERT", "Traefik", "name-the-resolver"),
    ],
)
def test_a_controllers_own_certificate_says_that_it_has_none(
    name: str, controller: str, step: str
) -> None:
    """After issue 1984 of ingress-nginx."""
    own = replace(SELF, common_name=name, dns_names=("ingress.local",))
    (claim,) = judge("certificate.self-signed", visit(own, code=18), masked=False)
    assert claim.facts["controller"] == controller
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.steps[0].step == step
