from dataclasses import replace

from diagnose.model import Claim, Manual, Observation, Where
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


def test_fires_for_a_server_that_speaks_http_2_alone() -> None:
    frame = r"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80"
    observation = status()
    (claim,) = judge(page(502), replace(observation, invalid=InvalidResponse("app", "a", frame)))
    assert (claim.facts["http2"], claim.facts["line"]) == (True, "")
    assert claim.fix
    assert claim.fix.steps == (Manual("speak-http2", Where.SERVER),)
