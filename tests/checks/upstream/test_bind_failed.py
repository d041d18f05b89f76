"""upstream.bind-failed: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability
from tests.support.check_evidence import judge
from tests.support.upstreams import DIRECT, PAGE, WELL, line, proxied

CHECK = "upstream.bind-failed"
SAID = line(
    "bind(203.0.113.99) failed (99: Cannot assign requested address) while connecting to upstream",
    f"{DIRECT}/",
    99,
)
BOUND = proxied(DIRECT, more="\n        proxy_bind 203.0.113.99;")
FAILED = replace(PAGE, status=500)


def test_fires_and_names_the_line() -> None:
    (claim,) = judge(CHECK, BOUND, FAILED, SAID)
    assert claim.facts["address"] == "203.0.113.99"
    assert claim.facts["written"] == "proxy_bind 203.0.113.99"
    assert claim.location
    assert claim.fix
    assert "-        proxy_bind 203.0.113.99;" in str(claim.fix.steps[0]).replace("\\n", "\n")
    assert claim.fix.applicability is Applicability.REVIEW


def test_the_address_of_visitors_stays_with_a_person() -> None:
    own = proxied(DIRECT, more="\n        proxy_bind $remote_addr transparent;")
    (claim,) = judge(CHECK, own, FAILED, SAID)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_page_opens_or_the_log_says_something_else() -> None:
    assert not judge(CHECK, BOUND, WELL, SAID)
    refused = replace(SAID, text="connect() failed (111: Connection refused)", errno=111)
    assert not judge(CHECK, BOUND, FAILED, refused)
