from diagnose.model.tcp import Connection
from tests.saying import REFUSED, TIMEOUT, judge


def test_fires_once_for_all_addresses_that_refuse() -> None:
    (claim,) = judge(
        "tcp.refused",
        Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED),
        Connection(address="2001:db8::10", port=443, family=6, failure=REFUSED),
    )
    assert str(claim.about) == "203.0.113.10:443, [2001:db8::10]:443"


def test_silent_when_the_port_is_open_or_says_nothing() -> None:
    assert not judge(
        "tcp.refused",
        Connection(address="203.0.113.10", port=443, family=4),
        Connection(address="203.0.113.10", port=80, family=4, purpose="plain", failure=REFUSED),
        Connection(address="203.0.113.11", port=443, family=4, failure=TIMEOUT),
    )
