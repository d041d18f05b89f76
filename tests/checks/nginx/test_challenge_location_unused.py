"""nginx.challenge-location-unused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config

CHECK = "nginx.challenge-location-unused"
ASKED = replace(SHOP, symptom=Symptom("acme-response", "Verify error:Invalid response"))
BLOCK = """
server {
    listen 80;
    server_name shop.example.com;
    location ~ "^/\\\\.well-known/acme-challenge/(.+)$" { return 200 "$1.x"; }
    return 301 https://$host$request_uri;
}
"""
ANSWER = Exchange(
    url="http://shop.example.com/.well-known/acme-challenge/x", address="203.0.113.10", port=80,
    purpose="acme", status=301, headers=(("Location", "https://shop.example.com/x"),),
)  # fmt: skip


def judged(text: str = BLOCK, answer: Exchange = ANSWER, asked: bool = True) -> list[Claim]:
    return judge(CHECK, RUNNING, config(text), answer, target=ASKED if asked else SHOP)


@pytest.mark.parametrize(
    "location",
    [
        "location /.well-known/acme-challenge/ { root /srv/acme; }",
        "location ^~ /.well-known/ { allow all; }",
        "location = /.well-known/acme-challenge/x { return 200 x; }",
        "location ~ \\\\.well-known { allow all; }",
    ],
)
def test_fires_where_the_block_answers_before_the_location(location: str) -> None:
    lines = BLOCK.splitlines()
    (claim,) = judged("\n".join([*lines[:4], location, *lines[5:]]))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["directive"] == "return 301 https://$host$request_uri"
    assert claim.fix
    assert "+    location / {\n+        return 301 https://$host$request_uri;\n+    }" in str(
        claim.fix.steps[0]
    ).replace("\\n", "\n")
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize("head", ["/", "/admin", "~ \\.php$"])
def test_a_location_that_would_answer_then_stays_with_a_person(head: str) -> None:
    location = f"location {head} {{ root /srv; }}\n    return 301"
    (claim,) = judged(BLOCK.replace("return 301", location))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_redirect_has_a_location() -> None:
    own = BLOCK.replace("return 301 https://$host$request_uri;", "location / { return 301 /; }")
    assert not judged(own)
    assert not judged(BLOCK.replace("\n    return 301", "\n    if ($a) { return 301") + "}")


def test_silent_without_a_message_or_with_another_answer() -> None:
    assert not judged(asked=False)
    assert not judged(answer=replace(ANSWER, status=404))
    assert not judged(answer=replace(ANSWER, url=ANSWER.url.replace("http:", "https:")))
