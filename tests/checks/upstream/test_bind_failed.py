"""upstream.bind-failed: when it fires, and when it is silent."""

from dataclasses import replace

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


def test_silent_where_the_page_opens_or_the_log_says_something_else() -> None:
    assert not judge(CHECK, BOUND, WELL, SAID)
    refused = replace(SAID, text="connect() failed (111: Connection refused)", errno=111)
    assert not judge(CHECK, BOUND, FAILED, refused)
