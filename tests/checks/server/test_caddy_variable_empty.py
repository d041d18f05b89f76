from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from tests.support.caddy_evidence import CADDY, LISTENING, SITE, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-variable-empty"
LOOP = replace(ANSWER, status=308, headers=(("Location", SHOP.url),))
NO_ADDRESS = replace(ANSWER, status=503)


def claims(written: str, dial: str, page: Exchange) -> list[Claim]:
    config = caddy_config(SITE.replace("127.0.0.1:3000", written), document(SHOP.host, dial=dial))
    return list(judge(CHECK, CADDY, LISTENING, config, page))


def test_fires_for_a_port_and_writes_the_default() -> None:
    (claim,) = claims("127.0.0.1:{$PORT}", "127.0.0.1:80", LOOP)
    assert (claim.confidence, claim.facts["variable"]) == (Confidence.LIKELY, "PORT")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\treverse_proxy 127.0.0.1:{$PORT:3000}\n" in edit.diff


def test_fires_for_a_whole_address() -> None:
    (claim,) = claims("{$BACKEND}", "", NO_ADDRESS)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\treverse_proxy {$BACKEND:127.0.0.1:3000}\n" in edit.diff


def test_fires_by_hand_for_tls() -> None:
    (claim,) = claims("https://{$BACKEND}", "", NO_ADDRESS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("written", "dial", "page"),
    [
        ("127.0.0.1:{$PORT}", "127.0.0.1:3000", NO_ADDRESS),
        ("127.0.0.1:{$PORT}", "127.0.0.1:80", ANSWER),
        ("127.0.0.1:{$PORT:80}", "127.0.0.1:80", LOOP),
        ("192.0.2.9:{$PORT}", "192.0.2.9:80", NO_ADDRESS),
        ("127.0.0.1:80", "127.0.0.1:80", LOOP),
        ("{$BACKEND}", "127.0.0.1:3000", NO_ADDRESS),
    ],
)
def test_silent_where_the_variable_has_a_value_or_the_page_comes(
    written: str, dial: str, page: Exchange
) -> None:
    assert not claims(written, dial, page)
