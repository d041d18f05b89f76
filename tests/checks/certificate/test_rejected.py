from tests.checks.certificate.made import HEALTHY, SELF, causes, visit
from tests.saying import judge


def test_fires_in_the_machines_own_words_for_what_no_other_check_names() -> None:
    seen = visit(code=47, message="permitted subtree violation")
    (claim,) = judge("certificate.rejected", seen)
    assert claim.facts["message"] == "permitted subtree violation"
    assert causes(seen) == ["certificate.rejected"]


def test_silent_where_another_check_has_a_name_for_it_and_where_nothing_was_judged() -> None:
    assert not judge("certificate.rejected", HEALTHY, visit(SELF, code=18))
    assert not judge("certificate.rejected", visit(code=0))
