from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity, Vantage
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.model.symptom import Symptom
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge, texts
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


BAD = FailedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    method="GET",
    path="/",
    status=400,
    written="12:00:00",
    times=3,
)


def test_fires_by_the_access_log_where_this_run_gets_the_page() -> None:
    small = SITE.replace("location / {", "large_client_header_buffers 4 2k;\n    location / {")
    (claim,) = judge(CHECK, config(small), RUNNING, page(200), BAD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is Severity.WARNING
    assert claim.facts["logged"] == "/"
    (claim,) = judge(CHECK, config(), RUNNING, page(200), BAD)
    assert claim.confidence is Confidence.POSSIBLE
    (claim,) = judge(CHECK, config(), RUNNING, page(200), replace(BAD, status=494, times=1))
    assert claim.confidence is Confidence.LIKELY


def test_fires_where_the_answers_in_the_log_are_as_long_as_nginx_s_own_page() -> None:
    large = replace(BAD, path="/account", is_large_header=True)
    (claim,) = judge(CHECK, config(), RUNNING, page(200), large)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert any("as long as nginx's page" in text for text in texts(CHECK, claim))
    assert judge(CHECK, config(), RUNNING, page(200), replace(large, method="POST"))
    wide = SITE.replace("location / {", "large_client_header_buffers 4 64k;\n    location / {")
    assert not judge(CHECK, config(wide), RUNNING, page(200), large)


def test_silent_where_the_access_log_says_something_else() -> None:
    large = SITE.replace("location / {", "large_client_header_buffers 4 64k;\n    location / {")
    assert not judge(CHECK, config(large), RUNNING, page(200), BAD)
    for other in (
        replace(BAD, times=1),
        replace(BAD, path="/other"),
        replace(BAD, status=404),
        replace(BAD, method="POST"),
        replace(BAD, server="apache"),
    ):
        assert not judge(CHECK, config(), RUNNING, page(200), other)
    assert not judge(CHECK, config(), RUNNING, page(400, "missing parameter"), BAD)


@pytest.mark.parametrize(
    "words",
    [
        "400 - Too big request header",
        "400 Bad Request: the request headers are too large",
        "cookie too large, 400",
        "400 错误，cookie 太大",
    ],
)
def test_fires_for_the_usual_words(words: str) -> None:
    target = replace(SHOP, symptom=symptom_of(words))
    (claim,) = judge(CHECK, config(), RUNNING, page(200), target=target)
    assert claim.confidence is Confidence.LIKELY


PASSED = "location / { proxy_pass http://127.0.0.1:4000; }"
INNER = f"server {{\n    listen 127.0.0.1:3000;\n    {PASSED}\n}}\n"
FRONT = SITE.replace("location / {", "large_client_header_buffers 4 32k;\n    location / {")
TRIAL = HeaderTrial(
    target="http://127.0.0.1:3000", path="/", address="127.0.0.1", port=3000, normal=200,
    served=7500, refused=15500, status=400,
)  # fmt: skip
LOGIN = "wss://shop.example.com/socket failed: 400 behind an authentication proxy (oauth2-proxy)"


def test_fires_where_what_a_login_adds_passes_the_first_block_alone() -> None:
    """Issue 41 of nicotineplus-proper."""
    told = replace(SHOP, symptom=symptom_of(f"WebSocket connection to {LOGIN}"))
    (claim,) = judge(CHECK, config(FRONT + INNER), RUNNING, target=told)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    large_client_header_buffers 4 32k;\n     listen 127.0.0.1:3000;" in edit.diff
    equal = INNER.replace("location", "large_client_header_buffers 4 32k; location", 1)
    assert not judge(CHECK, config(FRONT + equal), RUNNING, target=told)
    other = replace(SHOP, symptom=symptom_of("WebSocket connection to wss://x/ failed: 400"))
    assert not judge(CHECK, config(FRONT + INNER), RUNNING, target=other)


def test_fires_for_certain_after_a_cookie_that_grew() -> None:
    told = replace(SHOP, symptom=symptom_of("400 Bad Request Request Header Or Cookie Too Large"))
    (claim,) = judge(CHECK, config(FRONT + INNER), RUNNING, TRIAL, target=told)
    assert (claim.confidence, claim.facts["refused"]) == (Confidence.CERTAIN, 15500)
    assert not judge("upstream.header-limit", config(FRONT + INNER), RUNNING, TRIAL, target=told)
    of_front = replace(TRIAL, server="nginx", port=4000)
    (claim,) = judge(CHECK, config(), RUNNING, of_front, target=told)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(CHECK, config(), RUNNING, replace(of_front, refused=None), target=told)
