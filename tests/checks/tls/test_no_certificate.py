import pytest

from diagnose.model import Confidence, Vantage
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.firewall_rules import listening
from tests.support.tls_evidence import alerted, shake

CHECK = "tls.no-certificate"
#: What each of the comparisons gives: alert 40.
NOTHING = [alerted(40, variant) for variant in ("any-cipher", "tls1.2", "no-sni", "other-sni")]


@pytest.mark.parametrize("program", ["node", "java", "python3.11", "uvicorn"])
def test_fires_for_a_program_that_can_use_no_suite(program: str) -> None:
    (claim,) = judge(CHECK, alerted(40), *NOTHING, listening(443, process=program))
    assert (claim.confidence, claim.facts["program"]) == (Confidence.LIKELY, program)


def test_silent_for_a_web_server_or_a_container() -> None:
    for program in ("nginx", "haproxy", "docker-proxy", "envoy"):
        assert not judge(CHECK, alerted(40), *NOTHING, listening(443, process=program))


def test_silent_where_it_is_not_known_what_listens() -> None:
    unknown = Listener(address="0.0.0.0", port=443, family=4)
    assert not judge(CHECK, alerted(40), *NOTHING, Listeners(sockets=(unknown,)))
    assert not judge(CHECK, alerted(40), *NOTHING, listening(8443, process="node"))
    two = Listeners(
        vantage=Vantage.SERVER,
        sockets=(
            *listening(443, process="node").sockets,
            *listening(443, address="203.0.113.10").sockets,
        ),
    )
    assert not judge(CHECK, alerted(40), *NOTHING, two)


def test_silent_where_another_suite_or_name_works() -> None:
    node = listening(443, process="node")
    taken = shake("any-cipher", protocol="TLSv1.2", cipher="TLS_RSA_WITH_RC4_128_SHA")
    assert not judge(CHECK, alerted(40), taken, node)
    assert not judge(CHECK, alerted(40), *NOTHING[:2], shake("other-sni"), node)
    # Without the comparison, nothing shows that the suites are not the reason.
    assert not judge(CHECK, alerted(40), node)
    assert not judge(CHECK, shake(), node)
