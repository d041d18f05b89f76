from dataclasses import replace

from diagnose.model import Claim, Edit, Manual, Observation, Where
from diagnose.model.backends import BackendVisit
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


def visit(head_bytes: int) -> BackendVisit:
    return BackendVisit(
        target="http://127.0.0.1:3000", requested="/", path="/", status=200, connected=True,
        head_bytes=head_bytes,
    )  # fmt: skip


def test_fires_for_a_header_that_does_not_fit_into_the_buffer() -> None:
    (claim,) = judge(page(502), status(), visit(20_000))
    assert (claim.facts["size"], claim.facts["limit"], claim.facts["line"]) == (20_000, 15360, "")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    tune.bufsize 32768\n" in edit.diff


def test_names_the_line_where_the_header_fits() -> None:
    (claim,) = judge(page(502), status(), visit(900))
    assert claim.facts["line"] == "X Bad Header: 1"
