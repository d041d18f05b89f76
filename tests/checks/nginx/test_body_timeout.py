"""nginx.body-timeout: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.body-timeout"
PASTED = replace(SHOP, symptom=Symptom("status", "PUT /film.mp4 408 (Request Timeout)", 408))


STALLED = FailedRequests(
    file="/a.log", method="PATCH", path="/v2/shop/7d2e", status=408, written="noon"
)


def claims(limit: str = "", target: Any = PASTED, *more: Any) -> list[Any]:
    text = (
        f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {limit}\n"
        " location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    return judge(CHECK, RUNNING, config(text), page(200), *more, target=target)


def test_fires_with_the_default() -> None:
    (claim,) = claims()
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["limit"], claim.facts["set"]) == ("60s", False)
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "server {\n+ client_body_timeout 300s;" in edit.diff, "the path is not known"
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_with_the_limit_that_is_set() -> None:
    (claim,) = claims("client_body_timeout 10s;")
    assert (claim.facts["limit"], claim.facts["set"]) == ("10s", True)
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "- client_body_timeout 10s;\n+ client_body_timeout 300s;" in edit.diff


def test_silent_without_the_message_or_with_more_patience() -> None:
    assert not claims(target=SHOP)
    assert not claims("client_body_timeout 5m;")


def test_fires_for_an_upload_in_the_log() -> None:
    (claim,) = claims("", SHOP, STALLED, replace(STALLED, path="/v2/shop/8f"))
    assert (claim.about.path, claim.facts["logged"]) == (None, True)
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "client_body_timeout 300s;" in edit.diff
    assert not claims("client_body_timeout 10m;", SHOP, STALLED)
    assert not claims("", SHOP, replace(STALLED, server="apache"))


def test_fires_for_words_about_an_upload_with_the_status() -> None:
    words = "The failed upload duration in Zot was 1m1s, and nginx recorded 408"
    assert claims(target=replace(SHOP, symptom=Symptom("upload", words)))
    other = "The upload of 10.408 files fails"
    assert not claims(target=replace(SHOP, symptom=Symptom("upload", other)))
