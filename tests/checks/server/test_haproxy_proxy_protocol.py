from typing import Any

from diagnose.model import Applicability, Claim, Edit, Failure, Observation
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, attempt, config, page
from tests.support.tls_evidence import shake

RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
ACCEPTS = TEXT.replace(":443 ssl", ":443 accept-proxy ssl")
SENDS = TEXT.replace("check\n", "check send-proxy\n")


def judge(text: str, *observations: Observation) -> list[Claim]:
    return put("server.haproxy-proxy-protocol", SERVER, config(text), *observations)


def front(proxied: bool, status: int | None, **fields: Any) -> Observation:
    return attempt("front", status, proxied=proxied, backend="", name="", port=443, **fields)


def edit_of(claim: Claim) -> str:
    assert claim.fix is not None
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    return edit.diff


def test_fires_where_visitors_send_no_header_and_haproxy_waits_for_one() -> None:
    tries = (front(False, None, failure=RESET), front(True, 200))
    (claim,) = judge(ACCEPTS, shake(failure=RESET), *tries)
    assert claim.facts["accepts"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    assert "-    bind :443 accept-proxy ssl" in edit_of(claim)
    assert "+    bind :443 ssl" in edit_of(claim)


def test_fires_where_the_server_refuses_the_header() -> None:
    (claim,) = judge(SENDS, page(400), attempt(status=400, proxied=True), attempt())
    assert claim.facts["sends"]
    assert "+    server a 127.0.0.1:3000 check\n" in edit_of(claim)


def test_fires_where_a_program_takes_the_header_for_a_request() -> None:
    (claim,) = judge(SENDS, page(404), attempt(status=404, proxied=True), attempt())
    assert claim.facts["sends"]
    assert not judge(SENDS, page(404), attempt(status=404, proxied=True), attempt(status=404))
    assert not judge(SENDS, page(403), attempt(status=404, proxied=True), attempt())
    assert not judge(SENDS, page(404), attempt(status=404, proxied=True), attempt(status=302))


def test_fires_where_the_server_answers_400_without_the_header() -> None:
    (claim,) = judge(TEXT, page(400), attempt(status=400), attempt(proxied=True))
    assert claim.facts["expected"]


def test_fires_where_the_server_waits_for_the_header() -> None:
    tries = (attempt(status=None, failure=RESET), attempt(proxied=True))
    (claim,) = judge(TEXT, page(502), *tries)
    assert claim.facts["expected"]
    assert "+    server a 127.0.0.1:3000 check send-proxy\n" in edit_of(claim)


def test_silent_where_visitors_get_the_page() -> None:
    """A load balancer sends the header."""
    assert not judge(
        ACCEPTS, shake(), page(200), front(False, None, failure=RESET), front(True, 200)
    )


def test_silent_where_the_header_makes_no_difference() -> None:
    assert not judge(ACCEPTS, shake(failure=RESET), front(False, None, failure=RESET),
                     front(True, None, failure=RESET))  # fmt: skip
    assert not judge(SENDS, page(400), attempt(status=400, proxied=True), attempt(status=400))
    assert not judge(TEXT, page(502), attempt(status=502))


def test_silent_where_the_page_is_late_and_the_header_gets_an_answer() -> None:
    late = Failure("timeout", "timed out")
    tries = (attempt(status=None, failure=late), attempt(proxied=True))
    assert not judge(TEXT, page(504), *tries)
