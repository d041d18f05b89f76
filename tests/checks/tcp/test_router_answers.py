"""tcp.router-answers: when it fires, and when it is silent."""

from diagnose.model import Confidence
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import judge
from tests.support.front_evidence import EDGE, behind, edge_page, local

CHECK = "tcp.router-answers"
ROUTER = leaf(sha256="0f", serial="15", dns_names=("router.lan",), common_name="router.lan")
LOGIN = (
    visit(ROUTER, code=18, message="self-signed certificate", address=EDGE),
    edge_page(verified=False),
)
HOME = "192.168.1.5"


def test_fires_where_a_server_at_home_reaches_another_page() -> None:
    (claim,) = judge(CHECK, *behind(*LOGIN, local(), own=HOME))
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert claim.facts["names"] == ("router.lan",)


def test_silent_where_the_server_has_a_public_address() -> None:
    assert not judge(CHECK, *behind(*LOGIN, local()))


def test_silent_from_another_machine() -> None:
    assert not judge(CHECK, *behind(*LOGIN, local(), own=HOME, via="ssh://web"))


def test_silent_where_it_is_the_servers_own_certificate() -> None:
    own = local(chain=(ROUTER,))
    assert not judge(CHECK, *behind(*LOGIN, own, own=HOME))


def test_silent_where_the_same_page_is_shown() -> None:
    """A proxy of its own stands in front: certificate.in-front says it."""
    assert not judge(CHECK, *behind(*LOGIN, local(same_as=(EDGE,)), own=HOME))
