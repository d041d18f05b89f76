from tests.support.certificates import HEALTHY, MIDDLE, causes, leaf, visit
from tests.support.check_evidence import judge

CLIENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"


def test_fires_for_a_clients_certificate() -> None:
    observation = visit(leaf(usages=(CLIENT,)), MIDDLE, code=26)
    (claim,) = judge("certificate.wrong-purpose", observation)
    assert claim.facts["usages"] == ("clientAuth",)
    assert causes(observation) == ["certificate.wrong-purpose"]


def test_silent_for_one_that_is_for_servers_too_or_says_nothing() -> None:
    assert not judge("certificate.wrong-purpose", HEALTHY)
    assert not judge("certificate.wrong-purpose", visit(leaf(usages=(CLIENT, SERVER)), MIDDLE))
