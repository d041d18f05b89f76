from dataclasses import replace
from datetime import timedelta

from tests.support.certificates import HEALTHY, LEAF, MIDDLE, ROOT, SELF, causes, leaf, visit
from tests.support.check_evidence import NOW, judge


def test_fires_in_the_machines_own_words_for_what_no_other_check_names() -> None:
    observation = visit(code=47, message="permitted subtree violation")
    (claim,) = judge("certificate.rejected", observation)
    assert claim.facts["message"] == "permitted subtree violation"
    assert causes(observation) == ["certificate.rejected"]


def test_silent_where_another_check_has_a_name_for_it_and_where_nothing_was_judged() -> None:
    assert not judge("certificate.rejected", HEALTHY, visit(SELF, code=18))
    assert not judge("certificate.rejected", visit(code=0))


def test_fires_where_openssl_alone_could_read_the_certificate() -> None:
    observation = replace(visit(code=10, message="certificate has expired"), chain=())
    (claim,) = judge("certificate.rejected", observation)
    assert claim.facts["message"] == "certificate has expired"
    undated = visit(leaf(not_after=None, unread=("not_after",)), MIDDLE, code=10)
    assert causes(undated) == ["certificate.rejected"]


def test_fires_for_a_root_that_has_expired_and_that_nobody_can_renew_on_the_server() -> None:
    old = replace(ROOT, not_after=NOW - timedelta(days=1))
    assert causes(visit(LEAF, MIDDLE, old, code=10)) == ["certificate.rejected"]


def test_fires_for_a_purpose_that_nothing_read_explains() -> None:
    assert causes(visit(code=26, message="unsuitable")) == ["certificate.rejected"]


def test_fires_for_a_damaged_signature_by_the_right_key() -> None:
    assert causes(visit(code=7)) == ["certificate.rejected"]
    nameless = replace(MIDDLE, key_id="")
    assert causes(visit(LEAF, nameless, code=7)) == ["certificate.wrong-intermediate"]


def test_fires_and_says_what_an_authority_may_not() -> None:
    (claim,) = judge("certificate.rejected", visit(code=48, message="excluded subtree violation"))
    assert (claim.facts["constraint"], claim.facts["depth"]) == (True, False)
    (claim,) = judge("certificate.rejected", visit(code=25, message="path length constraint"))
    assert (claim.facts["constraint"], claim.facts["depth"]) == (False, True)
