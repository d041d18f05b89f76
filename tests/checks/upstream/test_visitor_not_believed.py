"""upstream.visitor-not-believed: an application that counts nginx in the place of its visitors."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Manual,
    Severity,
    Symptom,
    Vantage,
    Where,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.requests import CountedAsker, CountedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config

CHECK = "upstream.visitor-not-believed"
HOST = "        proxy_set_header Host $host;\n"
TEXT = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-For $remote_addr;\n")
WORDS = (
    "ValidationError: The 'X-Forwarded-For' header is set but the Express 'trust proxy' setting is "
    "false (default). ERR_ERL_UNEXPECTED_X_FORWARDED_FOR"
)
EXPRESS = (("X-Powered-By", "Express"),)
TOLD = replace(SHOP, symptom=Symptom("visitor-address", WORDS))


def counted(
    asker: CountedAsker,
    status: int = 429,
    remaining: int | None = None,
    fields: tuple[str, ...] = ("X-Forwarded-For",),
) -> CountedRequest:
    return CountedRequest(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
        port=3000, asker=asker, source="192.0.2.7" if asker == "visitor" else "127.0.0.2",
        fields=fields if asker != "visitor" else (), status=status, remaining=remaining,
        equivalent="curl http://127.0.0.1:3000/",
    )  # fmt: skip


def judged(
    *requests: CountedRequest | ReadSetting, status: int = 429, told: bool = False, text: str = TEXT
) -> list[Claim]:
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=status, headers=EXPRESS)
    target = TOLD if told else SHOP
    return judge(CHECK, config(text), BUILD, RUNNING, page, *requests, target=target, masked=False)


def test_fires_where_new_visitors_are_refused_and_another_peer_is_not() -> None:
    visitors = (counted("visitor"), counted("visitor"))
    (claim,) = judged(counted("proxy"), *visitors, counted("peer", 200))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is None
    assert claim.facts["express"]
    assert claim.facts["proxies"] == 1
    assert claim.facts["fields"] == ("X-Forwarded-For",)
    assert claim.fix
    assert claim.fix.steps == (Manual("trust-the-proxy", Where.APPLICATION),)


def test_writes_the_line_of_the_framework() -> None:
    read = ReadSetting(
        application="express", topic="trusted_proxy", key="trust proxy", source="nowhere",
        file="/srv/api/server.js", number=3, line="", unit="api.service", process="node",
        new="app.set('trust proxy', 1);",
    )  # fmt: skip
    visitors = (counted("visitor"), counted("visitor"))
    (claim,) = judged(counted("proxy"), *visitors, counted("peer", 200), read)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "server.js" in str(claim.fix.steps[0])


def test_fires_before_the_limit_where_visitors_use_up_one_number() -> None:
    row = [counted("proxy", 200, 9), *(counted("visitor", 200, left) for left in (8, 7, 6))]
    (claim,) = judged(*row, counted("peer", 200, 11), status=200, told=True)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.WARNING
    assert claim.facts["left"] == ("9", "8", "7", "6")
    (claim,) = judged(*row, status=200, told=True)
    assert claim.confidence is Confidence.LIKELY


def test_fires_with_less_certainty_where_no_peer_could_ask() -> None:
    requests = (counted("proxy"), counted("visitor"), counted("visitor"))
    (claim,) = judged(*requests)
    assert claim.confidence is Confidence.POSSIBLE
    (claim,) = judged(*requests, told=True)
    assert claim.confidence is Confidence.LIKELY


def test_fires_and_adds_the_fields_that_nginx_does_not_send() -> None:
    visitors = (counted("visitor"), counted("visitor"))
    (claim,) = judged(counted("proxy", fields=()), *visitors, counted("peer", 200), text=SITE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "X-Forwarded-For $proxy_add_x_forwarded_for" in str(claim.fix.steps[0])
    assert claim.fix.steps[-1] == Manual("trust-the-proxy", Where.APPLICATION)


@pytest.mark.parametrize(
    "requests",
    [
        (counted("proxy"), counted("visitor", 200), counted("visitor", 200), counted("peer", 200)),
        (counted("proxy"), counted("visitor"), counted("visitor"), counted("peer")),
        (counted("proxy"), counted("visitor")),
        (counted("proxy"), counted("visitor"), counted("visitor"), counted("peer", 503)),
    ],
)
def test_silent_where_it_counts_visitors_or_all_together(
    requests: tuple[CountedRequest, ...],
) -> None:
    assert not judged(*requests)


def test_silent_where_each_visitor_has_a_number_of_its_own() -> None:
    visitors = tuple(counted("visitor", 200, 99) for _ in range(3))
    assert not judged(counted("proxy", 200, 40), *visitors, status=200, told=True)
    row = (counted("proxy", 200, 9), counted("visitor", 200, 8), counted("visitor", 200, 7))
    assert not judged(*row, counted("peer", 200, 6), status=200)
