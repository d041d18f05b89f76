"""http.grpc-needs-http2: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Edit, Observation, Symptom
from diagnose.model.http import BrowserVisit
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, config

VISIT = BrowserVisit(
    url=SHOP.url, address="203.0.113.10", port=443, alpn="http/1.1", version="HTTP/1.1", status=200
)
UNAVAILABLE = Symptom("grpc", "14 UNAVAILABLE: No connection established")


def claims(*visits: Observation, symptom: Symptom | None = UNAVAILABLE) -> list[Claim]:
    return judge("http.grpc-needs-http2", *visits, target=replace(SHOP, symptom=symptom))


def test_fires_where_a_client_complains_and_http2_is_not_offered() -> None:
    (claim,) = claims(VISIT)
    assert claim.because == (VISIT,)
    assert claims(replace(VISIT, alpn="", address="2001:db8::1"), replace(VISIT, alpn="h2"))


def test_fires_and_offers_it_in_the_server_block() -> None:
    (claim,) = claims(VISIT, BUILD, RUNNING, config())
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http2 on;" in edit.diff


def test_silent_with_http2_and_where_nothing_was_seen() -> None:
    assert not claims(replace(VISIT, alpn="h2"))
    assert not claims(replace(VISIT, failure=REFUSED))


def test_silent_where_no_client_of_grpc_complains() -> None:
    assert not claims(VISIT, symptom=None)
    assert not claims(VISIT, symptom=Symptom("status", "HTTP 502", 502))
