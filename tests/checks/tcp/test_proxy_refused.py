import pytest

from diagnose.model import Claim, Confidence, Failure, Manual
from diagnose.model.tcp import Connection, Proxy
from tests.support.check_evidence import judge

PROXY = Proxy(url="http://***@proxy.corp:3128", source="--proxy", used=True)


def refused(code: int | None, name: str = "PROXY") -> list[Claim]:
    failure = Failure("proxy", "the proxy's own words", code, name)
    observation = Connection(address="shop.example.com", port=443, family=4, failure=failure)
    return judge("tcp.proxy-refused", PROXY, observation)


@pytest.mark.parametrize(
    ("code", "name", "step"),
    [
        (407, "PROXY", "login"),
        (403, "PROXY", "forbidden"),
        (405, "PROXY", "forbidden"),
        (502, "PROXY", "target"),
        (503, "PROXY", "target"),
        (None, "ECONNREFUSED", "proxy"),
        (2, "SOCKS", "forbidden"),
        (4, "SOCKS", "target"),
        (1, "SOCKS", "proxy"),
    ],
)
def test_fires_with_the_proxys_reason(code: int | None, name: str, step: str) -> None:
    (claim,) = refused(code, name)
    assert claim.fix is not None
    assert [made.step for made in claim.fix.steps if isinstance(made, Manual)] == [step]
    # That the target is not reached is only the proxy's word.
    assert (claim.confidence is Confidence.LIKELY) is (step == "target")


def test_silent_where_the_proxy_makes_the_connection_or_is_not_used() -> None:
    opened = Connection(address="shop.example.com", port=443, family=4)
    assert not judge("tcp.proxy-refused", PROXY, opened)
