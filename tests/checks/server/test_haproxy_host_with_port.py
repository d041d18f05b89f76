from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.haproxy-host-with-port"
RULE = "    acl shop hdr(host) -i shop.example.com\n    use_backend app if shop\n"
NAMED = TEXT.replace("    default_backend app\n", RULE)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
TOLD = replace(
    SHOP, symptom=Symptom("status", "Got response 503 from shop.example.com:443", number=503)
)


def test_fires_and_compares_what_stands_before_the_colon() -> None:
    (claim,) = judge(CHECK, SERVER, config(NAMED), PAGE, target=TOLD)
    assert (claim.confidence, claim.facts["other"]) == (Confidence.LIKELY, "")
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    acl shop hdr(host),field(1,:) -i shop.example.com\n" in edit.diff


def test_fires_as_possible_where_the_message_has_no_port() -> None:
    target = replace(SHOP, symptom=Symptom("status", "503 Service Unavailable", number=503))
    (claim,) = judge(CHECK, SERVER, config(NAMED), PAGE, target=target)
    assert claim.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        NAMED.replace("hdr(host) -i", "hdr(host),field(1,:) -i"),
        NAMED.replace("hdr(host) -i", "hdr_dom(host) -i"),
        NAMED.replace("-i shop.example.com", "-i shop.example.com shop.example.com:443"),
        NAMED.replace("backend app\n", "    default_backend app\nbackend app\n", 1),
    ],
)
def test_silent_where_the_port_changes_nothing(text: str) -> None:
    assert not judge(CHECK, SERVER, config(text), PAGE, target=TOLD)


def test_fires_for_requests_of_the_log_that_have_the_port() -> None:
    failure = FailedRequests(
        file="/var/log/haproxy.log", method="GET", path="/_matrix/version", status=503,
        written="", server="haproxy", wrote_port=True,
    )  # fmt: skip
    (claim,) = judge(CHECK, SERVER, config(NAMED), PAGE, failure, target=SHOP)
    assert (claim.confidence, claim.facts["backend"]) == (Confidence.LIKELY, "app")
    unknown = replace(failure, wrote_port=False)
    assert not judge(CHECK, SERVER, config(NAMED), PAGE, unknown, target=SHOP)
    assert not judge(CHECK, SERVER, config(TEXT), PAGE, failure, target=SHOP)


def test_silent_without_such_a_message_or_a_page() -> None:
    assert not judge(CHECK, SERVER, config(NAMED), PAGE, target=SHOP)
    other = replace(SHOP, symptom=Symptom("status", "502 Bad Gateway", number=502))
    assert not judge(CHECK, SERVER, config(NAMED), PAGE, target=other)
    assert not judge(CHECK, SERVER, config(NAMED), replace(PAGE, status=503), target=TOLD)
