from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import explains
from diagnose.model import Applicability
from tests.support.check_evidence import judge
from tests.support.firewall_rules import HTTPS, both, remedy, server


def test_fires_in_panic_mode_whatever_the_zones_open() -> None:
    (claim,) = judge("firewall.panic", *server(*both("public", HTTPS), panic=True))
    assert remedy(claim) == ["firewall-cmd --panic-off"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert explains(load_check("firewall.panic"), load_check("tcp.timeout"))


def test_silent_without_it() -> None:
    assert not judge("firewall.panic", *server(*both("public", HTTPS)))
    assert not judge("firewall.panic", *server(running=False, panic=True))
