"""server.apache-response-header-limit: a field of the answer does not fit into Apache's buffer."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from diagnose.model.backends import BackendVisit
from diagnose.model.logs import ServerRequestError
from tests.support.check_evidence import judge
from tests.support.upstream_evidence import page
from tests.support.web_server_evidence import APACHE, HTTPS, PASSED, apache_config

CHECK = "server.apache-response-header-limit"
PROXY = "    ProxyPass / http://127.0.0.1:3000/\n"
VISIT = BackendVisit(
    target="http://127.0.0.1:3000/", requested="/", path="/", status=200, head_bytes=12200
)
LOGGED = ServerRequestError(
    product="apache", log="/var/log/apache2/error.log", reason="logged", code="AH10124",
    message="AH10124: header size is over the limit allowed by ResponseFieldSize (8192 bytes).",
)  # fmt: skip
assert PROXY in HTTPS


def judged(text: str = HTTPS, visit: BackendVisit = VISIT, status: int = 502) -> list[Claim]:
    return judge(CHECK, APACHE, PASSED, apache_config(text), page(status), visit)


def diff_of(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_with_the_parameter() -> None:
    (claim,) = judged()
    assert claim.confidence is Confidence.LIKELY
    assert "+    ProxyPass / http://127.0.0.1:3000/ responsefieldsize=32768" in diff_of(claim)


def test_fires_for_certain_with_apaches_own_line() -> None:
    (claim,) = judge(CHECK, APACHE, PASSED, apache_config(HTTPS), page(502), VISIT, LOGGED)
    assert claim.confidence is Confidence.CERTAIN


def test_raises_a_parameter_that_is_written() -> None:
    text = HTTPS.replace(PROXY, f"{PROXY.rstrip()} retry=0 responsefieldsize=9000 timeout=60\n")
    (claim,) = judged(text)
    assert claim.facts["limit"] == 9000
    assert "/ retry=0 responsefieldsize=32768 timeout=60" in diff_of(claim)


@pytest.mark.parametrize(
    ("visit", "status"),
    [(replace(VISIT, head_bytes=8000), 502), (replace(VISIT, status=502), 502), (VISIT, 200)],
)
def test_silent_where_the_header_fits_or_something_else_fails(
    visit: BackendVisit, status: int
) -> None:
    assert not judged(visit=visit, status=status)


def test_silent_where_the_parameter_is_large() -> None:
    assert not judged(HTTPS.replace(PROXY, f"{PROXY.rstrip()} responsefieldsize=65536\n"))
