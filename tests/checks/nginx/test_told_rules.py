"""Rules of nginx that refuse the request of a message, and not a browser's."""

from dataclasses import replace

import pytest

from diagnose.model import Symptom
from tests.checks.nginx.test_rule_refuses import CHECK, refused_page
from tests.support.check_evidence import SHOP, judge

PARTNER = "https://partner.example.net/angebote"
LINE = f'1.2.3.4 - - [t] "GET /a.png HTTP/2.0" 403 162 "{PARTNER}" "Mozilla/5.0 Firefox/128.0"'
REFERERS = """
valid_referers none blocked server_names;
if ($invalid_referer) { return 403; }
"""
OLD = 'if ($server_protocol ~ "HTTP/1.0") { return 444; }'
METHODS = "if ($request_method !~ ^(GET|POST)$) { return 405; }"


@pytest.mark.parametrize(
    ("rule", "kind", "status", "words", "typed"),
    [
        (REFERERS, "status", 403, LINE, "server_names partner.example.net;"),
        (
            OLD,
            "closed",
            None,
            "curl --http1.0 https://shop.example.com/ gets no reply",
            "- if ($server_protocol",
        ),
        (METHODS, "status", 405, "UptimeRobot sends HEAD requests and gets 405", "GET|POST|HEAD"),
    ],
)
def test_fires_for_the_request_of_a_message(
    rule: str, kind: str, status: int | None, words: str, typed: str
) -> None:
    state, text, answered = refused_page(rule, 200)
    symptom = Symptom(kind, words, status)  # type: ignore[arg-type]
    claims = judge(
        CHECK, state, text, answered, target=replace(SHOP, symptom=symptom), masked=False
    )
    (claim,) = claims
    (step,) = claim.fix.steps if claim.fix else ()
    assert typed in str(getattr(step, "commands", ()))


@pytest.mark.parametrize(
    "words",
    [
        LINE.replace(PARTNER, "https://shop.example.com/"),
        LINE.replace("403", "404"),
        "403 for everybody on https://shop.example.com/",
    ],
)
def test_silent_for_a_request_that_passes(words: str) -> None:
    state, text, answered = refused_page(REFERERS, 200)
    number = 404 if "404" in words else 403
    shop = replace(SHOP, symptom=Symptom("status", words, number))
    assert not judge(CHECK, state, text, answered, target=shop)
