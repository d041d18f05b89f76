"""http.grpc-needs-http2: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Symptom
from diagnose.model.http import BrowserVisit
from tests.support.check_evidence import REFUSED, SHOP, judge

VISIT = BrowserVisit(
    url=SHOP.url, address="203.0.113.10", port=443, alpn="http/1.1", version="HTTP/1.1", status=200
)
UNAVAILABLE = Symptom("grpc", "14 UNAVAILABLE: No connection established")


def claims(*visits: BrowserVisit, symptom: Symptom | None = UNAVAILABLE) -> list[Claim]:
    return judge("http.grpc-needs-http2", *visits, target=replace(SHOP, symptom=symptom))


def test_fires_where_a_client_complains_and_http2_is_not_offered() -> None:
    (claim,) = claims(VISIT)
    assert claim.because == (VISIT,)
    assert claims(replace(VISIT, alpn="", address="2001:db8::1"), replace(VISIT, alpn="h2"))


def test_silent_with_http2_and_where_nothing_was_seen() -> None:
    assert not claims(replace(VISIT, alpn="h2"))
    assert not claims(replace(VISIT, failure=REFUSED))


def test_silent_where_no_client_of_grpc_complains() -> None:
    assert not claims(VISIT, symptom=None)
    assert not claims(VISIT, symptom=Symptom("status", "HTTP 502", 502))
