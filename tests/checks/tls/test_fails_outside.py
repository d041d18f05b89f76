from typing import Any

from diagnose.model import Confidence, Severity
from tests.support.certificates import leaf
from tests.support.check_evidence import judge
from tests.support.tls_evidence import RESET, shake
from tests.support.vantage_evidence import LAPTOP, OFFICE, ON_SERVER, silent, visit

CHECK = "tls.fails-outside"
HERE = shake(chain=(leaf(),))
OTHER = leaf(dns_names=("portal.example.net",), sha256="b" * 64)
CUT: dict[str, Any] = {"connected": True, "failure": RESET, "took": 0.1}


def test_fires_where_the_handshake_is_cut_there_alone() -> None:
    (claim,) = judge(CHECK, ON_SERVER, HERE, silent(**CUT), silent(**CUT, purpose="again"))
    assert claim.severity is Severity.ERROR
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["place"] == LAPTOP
    assert claim.facts["reason"] == RESET.message


def test_fires_as_a_warning_where_another_place_succeeds() -> None:
    (claim,) = judge(CHECK, HERE, silent(**CUT), visit(OFFICE, chain=(leaf(),)))
    assert claim.severity is Severity.WARNING
    assert claim.facts["others"] == (OFFICE,)


def test_fires_where_the_certificate_is_another_sites() -> None:
    (claim,) = judge(CHECK, HERE, visit(chain=(OTHER,)), masked=False)
    assert claim.facts["foreign_names"] == ("portal.example.net",)


def test_silent_where_both_get_the_site() -> None:
    assert not judge(CHECK, HERE, visit(chain=(leaf(),)))
    assert not judge(CHECK, HERE, visit())


def test_silent_where_another_node_has_another_certificate_for_the_name() -> None:
    assert not judge(CHECK, HERE, visit(chain=(leaf(sha256="c" * 64),)))


def test_silent_where_the_handshake_fails_here_too_or_nothing_connects() -> None:
    assert not judge(CHECK, shake(failure=RESET), silent(**CUT))
    assert not judge(CHECK, HERE, silent())
