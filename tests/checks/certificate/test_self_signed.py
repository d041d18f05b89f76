from dataclasses import replace
from datetime import timedelta

from tests.checks.certificate.made import HEALTHY, LEAF, ROOT, SELF, causes, visit
from tests.saying import NOW, judge


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
