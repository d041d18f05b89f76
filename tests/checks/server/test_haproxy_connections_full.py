from diagnose.model import Claim, Failure, Observation
from diagnose.model.haproxy import ConnectionCount, HaproxyStatus
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.report_builder import LEAF
from tests.support.tls_evidence import shake

SILENCE = Failure("timeout", "timed out")


def judge(*observations: Observation) -> list[Claim]:
    return put("server.haproxy-connections-full", SERVER, config(TEXT), *observations)


def counted(current: int, name: str = "") -> HaproxyStatus:
    return HaproxyStatus(path="/run/x", counts=(ConnectionCount(name, current, 5),))


def test_fires_where_the_limit_is_reached_and_visitors_wait() -> None:
    (claim,) = judge(counted(5), shake(failure=SILENCE))
    assert (claim.facts["current"], claim.facts["limit"]) == (5, 5)
    assert str(claim.facts["place"]).endswith(":2")
    assert judge(counted(5, "web"), shake(failure=SILENCE))


def test_silent_where_there_is_room() -> None:
    assert not judge(counted(4), shake(failure=SILENCE))
    assert not judge(counted(5, "another"), shake(failure=SILENCE))


def test_silent_where_visitors_do_not_wait() -> None:
    assert not judge(counted(5), shake())
    refused = Failure("certificate", "certificate has expired", 10)
    assert not judge(counted(5), shake(chain=(LEAF,), failure=refused))
    assert not judge(counted(5), shake(), shake(variant="old", failure=SILENCE))
