"""upstream.upgrade-cuts-response: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Failure, Vantage
from diagnose.model.http import ResponseBody
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config

CHECK = "upstream.upgrade-cuts-response"
LINES = 'location / { proxy_pass http://127.0.0.1:3000; proxy_set_header Connection "upgrade"; }'
CONFIG = config(f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {LINES}\n}}\n")
CUT = ResponseBody(
    url=SHOP.url, address="203.0.113.10", port=443, status=200, received=300, end="cut",
    failure=Failure("closed", "closed"),
)  # fmt: skip
ASKED = replace(
    CUT, vantage=Vantage.SERVER, url="http://127.0.0.1:3000/", address="127.0.0.1", port=3000,
    request="upgrade",
)  # fmt: skip
WHOLE = replace(ASKED, request="application", received=900, end="complete", failure=None)


def test_fires_where_the_application_cuts_with_the_field_alone() -> None:
    (claim,) = judge(CHECK, RUNNING, CONFIG, CUT, ASKED, WHOLE)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["cut"], claim.facts["whole"]) == (300, 900)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_set_header Connection $connection_upgrade;" in str(claim.fix.steps)


def test_silent_where_the_field_makes_no_difference() -> None:
    both = replace(WHOLE, received=300, end="cut", failure=CUT.failure)
    assert not judge(CHECK, RUNNING, CONFIG, CUT, ASKED, both)
    complete = replace(ASKED, received=900, end="complete", failure=None)
    assert not judge(CHECK, RUNNING, CONFIG, CUT, complete, WHOLE)
    assert not judge(CHECK, RUNNING, CONFIG, CUT, WHOLE)
    assert not judge(CHECK, RUNNING, CONFIG, ASKED, WHOLE)
