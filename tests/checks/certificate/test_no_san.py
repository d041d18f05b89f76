from tests.support.certificates import HEALTHY, MIDDLE, causes, leaf, visit
from tests.support.check_evidence import judge


def test_fires_when_only_the_common_name_is_right() -> None:
    assert len(judge("certificate.no-san", visit(leaf(dns_names=()), MIDDLE))) == 1
    assert causes(visit(leaf(dns_names=()), MIDDLE)) == ["certificate.no-san"]


def test_silent_when_it_has_names_or_the_common_name_is_another() -> None:
    assert not judge("certificate.no-san", HEALTHY)
    assert not judge("certificate.no-san", visit(leaf(dns_names=(), addresses=("203.0.113.10",))))
    assert not judge("certificate.no-san", visit(leaf(dns_names=(), common_name="old.example.com")))
