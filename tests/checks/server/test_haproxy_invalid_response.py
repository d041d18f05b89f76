from diagnose.model import Claim, Observation
from diagnose.model.haproxy import HaproxyStatus, InvalidResponse
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, config, page


def judge(*observations: Observation) -> list[Claim]:
    return put("server.haproxy-invalid-response", SERVER, config(TEXT), *observations)


def status(backend: str = "app") -> HaproxyStatus:
    invalid = InvalidResponse(backend, "a", "X Bad Header: 1")
    return HaproxyStatus(path="/run/haproxy/admin.sock", invalid=invalid)


def test_fires_with_the_line_that_is_not_valid() -> None:
    (claim,) = judge(page(502), status())
    assert (claim.facts["application"], claim.facts["line"]) == ("a", "X Bad Header: 1")


def test_silent_for_another_backend_or_another_answer() -> None:
    assert not judge(page(502), status("other"))
    assert not judge(page(503), status())
    assert not judge(page(502), HaproxyStatus(path="/run/x"))
