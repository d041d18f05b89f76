from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, config
from tests.support.upstream_evidence import logged, page

CHECK = "upstream.request-header-too-large"
SAID = logged('client sent too long header line: "Cookie: a=xxxx..."', upstream="", host="")


def test_fires_by_the_log() -> None:
    (claim,) = judge(CHECK, config(), RUNNING, SAID)
    assert claim.severity is None
    assert claim.facts["limit"] == "4 8k"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    large_client_header_buffers 4 32k;\n" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_as_a_warning_where_less_than_the_default_was_set() -> None:
    text = SITE.replace("location / {", "large_client_header_buffers 2 1k;\n    location / {")
    (claim,) = judge(CHECK, config(text), RUNNING, SAID)
    assert claim.severity is Severity.WARNING
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    large_client_header_buffers 4 8k;\n" in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_as_an_error_where_even_our_request_is_refused() -> None:
    text = SITE.replace("location / {", "large_client_header_buffers 2 64;\n    location / {")
    body = "<center>Request Header Or Cookie Too Large</center>"
    (claim,) = judge(CHECK, config(text), RUNNING, page(400, body))
    assert claim.severity is Severity.ERROR


def test_silent_when_it_was_before_the_last_reload_or_about_another_site() -> None:
    assert not judge(CHECK, config(), RUNNING, logged(SAID.text, host="", when=LOADED - 60))
    assert not judge(CHECK, config(), RUNNING, logged(SAID.text, host="www.example.org"))


def test_silent_when_a_400_says_something_else() -> None:
    assert not judge(CHECK, config(), RUNNING, page(400, "The plain HTTP request was sent"))


def test_names_the_smaller_limit_of_a_block_behind() -> None:
    inner = (
        "server {\n    listen 127.0.0.1:3000;\n    large_client_header_buffers 2 4k;\n"
        "    location / { return 200; }\n}\n"
    )
    own = SITE.replace("location / {", "large_client_header_buffers 4 16k;\n    location / {")
    body = "<center>Request Header Or Cookie Too Large</center>"
    (claim,) = judge(CHECK, config(own + inner), RUNNING, page(400, body))
    assert claim.facts["limit"] == "2 4k"
    assert not judge(CHECK, config(own + inner), RUNNING, page(200))


@pytest.mark.parametrize(
    ("text", "number", "is_told"),
    [
        ("400 Bad Request Request Header Or Cookie Too Large nginx", 400, True),
        ("414 Request-URI Too Large", 414, True),
        ("HTTP 431", 431, False),
        ("400 Bad Request", 400, False),
    ],
)
def test_fires_by_a_message(text: str, number: int, is_told: bool) -> None:
    target = replace(SHOP, symptom=Symptom("status", text, number))
    claims = judge(CHECK, config(), RUNNING, page(200), target=target)
    assert [claim.confidence for claim in claims] == [Confidence.LIKELY] * is_told
    large = config(SITE.replace("location", "large_client_header_buffers 4 32k;\n    location", 1))
    assert not judge(CHECK, large, RUNNING, page(200), target=target)
