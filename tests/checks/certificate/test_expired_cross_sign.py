from dataclasses import replace
from datetime import timedelta

from tests.support.certificates import HEALTHY, LEAF, MIDDLE, ROOT, causes, visit
from tests.support.check_evidence import NOW, judge

CROSS = replace(
    ROOT,
    issuer="CN=Old Root",
    sha256="09",
    not_after=NOW - timedelta(days=9),
    authority_key_id="ff",
)


def test_fires_for_an_extra_one_that_clients_of_today_do_without() -> None:
    (claim,) = judge("certificate.expired-cross-sign", visit(LEAF, MIDDLE, CROSS))
    assert claim.facts["extra"] == "Example Root"
    assert not causes(visit(LEAF, MIDDLE, CROSS))


def test_silent_when_all_are_in_date_or_the_chain_is_not_accepted() -> None:
    assert not judge("certificate.expired-cross-sign", HEALTHY)
    assert not judge("certificate.expired-cross-sign", visit(LEAF, MIDDLE, CROSS, code=10))
