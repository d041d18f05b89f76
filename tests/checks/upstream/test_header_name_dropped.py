"""upstream.header-name-dropped: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Observation,
    Severity,
    Symptom,
)
from diagnose.model.applications import ReadSetting
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, logged, page

CHECK = "upstream.header-name-dropped"
REFUSED = compared(401)
ADDED = compared(200, "field", "api_key", "added", value="***")


def test_fires_and_accepts_underscores() -> None:
    observations = (RUNNING, BUILD, page(401), *controlled(REFUSED, ADDED))
    (claim,) = judge(CHECK, config(), *observations)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    underscores_in_headers on;\n" in claim.fix.steps[0].diff
    assert not judge("upstream.wrong-header", config(), *observations)


def test_silent_for_other_names_and_where_underscores_are_accepted() -> None:
    named = compared(200, "field", "Authorization", "added", value="***")
    rest = (RUNNING, BUILD, page(401))
    assert not judge(CHECK, config(), *rest, *controlled(REFUSED, named))
    text = SITE.replace("    location", "    underscores_in_headers on;\n    location")
    assert not judge(CHECK, config(text), *rest, *controlled(REFUSED, ADDED))


def told(words: str, text: str = SITE) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("request-field", words))
    return judge(CHECK, RUNNING, config(text), page(200), target=target, masked=False)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("请求Header中的x_user=12346，Nginx的后端服务是收不到x_user这个header的", "x_user"),
        ("header access_token missing on backend", "access_token"),
        ("headers with underscores are stripped", "api_key"),
        ("token_id header gets lost", "token_id"),
        ("Nginx 不支持“_”符号，导致Token 验证失效", "api_key"),
        ("请求头 user_name 丢失", "user_name"),
    ],
)
def test_fires_after_a_message_about_such_a_field(words: str, name: str) -> None:
    (claim,) = told(words)
    assert (claim.facts["name"], claim.severity) == (name, "warning")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


@pytest.mark.parametrize(
    "words",
    [
        "rest_cannot_edit 401: no authorization header was present in the request",
        "invalid_token: the header Authorization is missing",
        "the Authorization header is missing",
        "the header is lost with proxy_pass and underscores_in_headers on",
        "$_SERVER['HTTP_X_USER'] header is missing on the backend",
    ],
)
def test_silent_after_a_message_about_another_field(words: str) -> None:
    assert not told(words.replace("underscores_in_headers", "proxy_set_header"))


def test_silent_after_a_message_where_nginx_accepts_the_name() -> None:
    text = SITE.replace("    location", "    underscores_in_headers on;\n    location")
    assert not told("header access_token missing on backend", text)


MISSED = compared(401, body='{"msg":"accept_token is missing"}')
FILLED = compared(401, "field", "accept_token", "added", value="1", body='{"msg":"bad token"}')


def test_fires_where_the_refusal_demands_the_name() -> None:
    observations = (RUNNING, BUILD, page(401), *controlled(MISSED, FILLED))
    (claim,) = judge(CHECK, config(), *observations, masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["filled"]


def test_silent_where_the_field_changes_nothing_or_arrives() -> None:
    rest, same = (RUNNING, BUILD, page(401)), replace(FILLED, body=MISSED.body)
    assert not judge(CHECK, config(), *rest, *controlled(MISSED, same), masked=False)
    assert not judge(CHECK, config(), *rest, MISSED, FILLED, masked=False)
    text = SITE.replace("    location", "    underscores_in_headers on;\n    location")
    assert not judge(CHECK, config(text), *rest, *controlled(MISSED, FILLED), masked=False)


CRUMB = '<head data-crumb-header="{}" data-crumb-value="4e1f"></head>'


def crumb(
    name: str, text: str = SITE, words: str = "403 No valid crumb was included"
) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("status", words, 403))
    seen = replace(page(200), body=CRUMB.format(name))
    return judge(CHECK, RUNNING, BUILD, config(text), seen, target=target, masked=False)


def test_fires_for_the_token_of_jenkins() -> None:
    (claim,) = crumb(".crumb")
    assert claim.facts["name"] == ".crumb"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    ignore_invalid_headers off;\n" in claim.fix.steps[0].diff
    assert not crumb("Jenkins-Crumb"), "nginx passes it on"
    accepting = SITE.replace("    location", "    ignore_invalid_headers off;\n    location")
    assert not crumb(".crumb", accepting)
    assert not crumb(".crumb", words="403 Forbidden"), "another refusal"
    assert not judge(CHECK, RUNNING, config(), page(200), target=replace(
        SHOP, symptom=Symptom("status", "403 No valid crumb was included", 403)
    )), "no page names it"  # fmt: skip


LOST = "401: the token is sent but the backend does not get it"
EXPECTED = ReadSetting(
    application="token", topic="token_field", key="token", values=("access_token",),
    file="/opt/api/application.properties", number=2,
)  # fmt: skip


def lost(*seen: Observation, text: str = SITE, words: str = LOST) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("status", words, 401))
    return judge(CHECK, RUNNING, config(text), page(401), *seen, target=target, masked=False)


def test_fires_for_a_lost_token_whose_name_the_program_or_the_log_shows() -> None:
    (claim,) = lost(EXPECTED)
    assert (claim.facts["name"], claim.confidence) == ("access_token", Confidence.LIKELY)
    assert claim.facts["source"] == "/opt/api/application.properties:2"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    underscores_in_headers on;\n" in claim.fix.steps[0].diff
    line = logged('client sent invalid header line: "access_token: x" while reading headers')
    (claim,) = lost(line)
    assert claim.facts["logged"]


def test_fires_without_words_where_the_interface_refuses_everybody() -> None:
    refused = replace(page(401), body='{"detail":"Not authenticated"}')
    (claim,) = judge(CHECK, RUNNING, config(), refused, EXPECTED, masked=False)
    assert (claim.facts["name"], claim.severity) == ("access_token", Severity.WARNING)
    other = replace(EXPECTED, values=("x_request_id",))
    for seen in ((refused, other), (replace(refused, status=404), EXPECTED), (page(401), EXPECTED)):
        assert not judge(CHECK, RUNNING, config(), *seen, masked=False)


def test_silent_about_a_lost_token_without_a_name_or_with_another() -> None:
    assert not lost()
    assert not lost(EXPECTED, words="401 Unauthorized")
    assert not lost(replace(EXPECTED, values=("satoken",)))
    accepting = SITE.replace("    location", "    underscores_in_headers on;\n    location")
    assert not lost(EXPECTED, text=accepting)


def test_fires_where_a_named_header_that_is_sent_is_answered_with_the_told_status() -> None:
    target = replace(
        SHOP, symptom=Symptom("status", "401 although the header api_key is sent", 401)
    )
    (claim,) = judge(CHECK, RUNNING, config(), page(401), target=target, masked=False)
    assert claim.facts["name"] == "api_key"
    assert not judge(CHECK, RUNNING, config(), page(200), target=target, masked=False)
    for words in ("401 although the header api-key is sent", "401 at /api/user_login"):
        other = replace(SHOP, symptom=Symptom("status", words, 401))
        assert not judge(CHECK, RUNNING, config(), page(401), target=other, masked=False)
