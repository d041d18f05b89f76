"""server.visitor-address-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.visitor-address-missing"
TOLD = replace(SHOP, symptom=Symptom("other", "all visitors have the ip 127.0.0.1 in the log"))


def test_fires_where_nothing_tells_the_address() -> None:
    (claim,) = judge(CHECK, SERVER, config(), page(200), target=TOLD)
    assert (claim.confidence, claim.facts["tcp"]) == (Confidence.LIKELY, False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    option forwardfor\n" in claim.fix.steps[0].diff  # type: ignore[union-attr]


def test_tells_of_the_proxy_header_in_mode_tcp() -> None:
    text = config(TEXT.replace("mode http", "mode tcp"))
    (claim,) = judge(CHECK, SERVER, text, page(200), target=TOLD)
    assert claim.facts["tcp"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode http\n", "mode http\n    option forwardfor\n"),
        ("    default_backend", "    option forwardfor except 127.0.0.0/8\n    default_backend"),
        (
            "    default_backend",
            "    http-request set-header X-Real-IP %[src]\n    default_backend",
        ),
        ("3000 check", "3000 check send-proxy"),
    ],
)
def test_silent_where_the_address_is_told(old: str, new: str) -> None:
    assert old in TEXT
    assert not judge(CHECK, SERVER, config(TEXT.replace(old, new)), page(200), target=TOLD)


def test_silent_without_a_message() -> None:
    assert not judge(CHECK, SERVER, config(), page(200))
