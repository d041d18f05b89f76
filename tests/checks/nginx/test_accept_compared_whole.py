"""nginx.accept-compared-whole: a type that is looked for in the whole field."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "nginx.accept-compared-whole"
TOLD = (
    "curl -H 'Accept: application/activity+json, application/ld+json; "
    'profile="https://www.w3.org/ns/activitystreams", text/html;q=0.1\' answers HTML'
)
IF = SITE.replace(
    "proxy_pass http",
    'if ($http_accept = "application/activity+json") { set $to app; }\n        proxy_pass http',
)
MAP = (
    "map $http_accept $to {\n    default 3001;\n    application/activity+json 3000;\n}\n"
    + SITE.replace("127.0.0.1:3000", "127.0.0.1:$to")
)


def told(message: str, text: str) -> list[Claim]:
    symptom = symptom_of(message)
    assert symptom
    target = replace(SHOP, symptom=symptom)
    return judge(CHECK, RUNNING, config(text), target=target, masked=False)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        (IF, '+        if ($http_accept ~ "application/activity\\+json") { set $to app; }'),
        (IF.replace("=", "!=", 1), 'if ($http_accept !~ "application/activity\\+json") {'),
        (MAP, '+    "~application/activity\\+json" 3000;'),
    ],
)
def test_fires_where_the_told_field_is_another_value(text: str, added: str) -> None:
    (claim,) = told(TOLD, text)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert added in edit.diff


def test_fires_less_surely_without_the_value() -> None:
    (claim,) = told("the API returns HTML when the Accept header has more than one type", IF)
    assert claim.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    ("message", "text"),
    [
        # The very value, another type, no word of it, the type looked for inside, another block.
        ("curl -H 'Accept: application/activity+json' gives HTML", IF),
        ("curl -H 'Accept: application/json, text/plain' gives HTML", IF),
        ("the API returns HTML", IF),
        (TOLD, IF.replace("= ", "~ ", 1)),
        (TOLD, MAP.replace("application/activity+json", "~application/activity\\+json")),
        (TOLD, MAP.replace("127.0.0.1:$to", "127.0.0.1:3000")),
        (TOLD, IF.replace("location /", "location /elsewhere")),
    ],
)
def test_silent_where_the_value_is_not_compared(message: str, text: str) -> None:
    assert not told(message, text)
