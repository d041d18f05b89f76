from diagnose.catalogue import one
from diagnose.reasoning import explains
from tests.checks.firewall.rules import HTTPS, both, remedy, server
from tests.saying import judge


def test_fires_in_panic_mode_whatever_the_zones_open() -> None:
    (claim,) = judge("firewall.panic", *server(*both("public", HTTPS), panic=True))
    assert remedy(claim) == ["firewall-cmd --panic-off"]
    assert explains(one("firewall.panic"), one("tcp.timeout"))


def test_silent_without_it() -> None:
    assert not judge("firewall.panic", *server(*both("public", HTTPS)))
    assert not judge("firewall.panic", *server(running=False, panic=True))
