from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Observation
from diagnose.model.backends import BackendVisit
from diagnose.model.haproxy import HaproxyStatus
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

LONG = f'http-response set-header Content-Security-Policy "img-src {"x" * 1100}"'
WELL = BackendVisit(
    target="http://127.0.0.1:3000", requested="/", path="/", status=200, connected=True
)
STATUS = HaproxyStatus(path="/run/haproxy/admin.sock", failed_rewrites=("web",))


def judge(
    line: str, *observations: Observation, text: str = TEXT, masked: bool = True
) -> list[Claim]:
    text = text.replace("    default_backend", f"    {line}\n    default_backend")
    return put("server.haproxy-reserve-full", SERVER, config(text), *observations, masked=masked)


def test_fires_with_a_larger_reserve() -> None:
    (claim,) = judge(LONG, page(500), WELL, STATUS)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["field"] == "Content-Security-Policy"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    tune.maxrewrite 4096\n" in edit.diff
    (claim,) = judge(LONG, page(500), WELL, replace(STATUS, failed_rewrites=("other",)))
    assert claim.confidence is Confidence.LIKELY, "another frontend's"


def test_fires_for_a_certificate_in_a_request() -> None:
    line = "http-request set-header X-SSL-Client-Cert %[ssl_c_der,base64]"
    # The mask hides what fields of such a name have.
    (claim,) = judge(line, page(500), WELL, masked=False)
    assert claim.facts["request"] is True


def test_fires_and_a_person_enlarges_both_where_the_buffer_is_small() -> None:
    (claim,) = judge(LONG, page(500), WELL, text=TEXT.replace("maxconn 5", "tune.bufsize 4096"))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_there_is_room_or_the_application_fails() -> None:
    roomy = TEXT.replace("maxconn 5", "tune.maxrewrite 4096")
    assert not judge(LONG, page(500), WELL, text=roomy)
    assert not judge("http-response set-header X-Short yes", page(500), WELL, STATUS)
    assert not judge("http-response", page(500), WELL)
    assert not judge(LONG, page(500), replace(WELL, status=500), STATUS)
    assert not judge(LONG, page(503), WELL, STATUS)
    assert not judge(LONG, page(200), WELL, STATUS)
