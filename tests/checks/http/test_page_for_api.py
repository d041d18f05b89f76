"""http.page-for-api: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.page_evidence import loads, module
from tests.support.upstream_evidence import page

CHECK = "http.page-for-api"
SHELL = "<!doctype html><title>Shop</title><div id=app></div>"


def judged(path: str, body: str = SHELL, is_empty: bool = True) -> list[Claim]:
    target = replace(SHOP, path=path)
    answer = replace(page(200, body), url=target.url)
    loaded = loads(module(), url=target.url, is_empty=is_empty)
    return judge(CHECK, answer, loaded, target=target, masked=False)


@pytest.mark.parametrize(
    "path", ["/api/users", "/rest/v1/orders", "/app/api/login?next=/", "/prod-api/user/info"]
)
def test_fires_on_the_page_of_an_application(path: str) -> None:
    (claim,) = judged(path)
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/our-api/",
        "/api/",
        "/users",
        "/api/docs/",
        "/api/swagger-ui/",
        "/api/index.html",
    ],
)
def test_silent_on_pages_and_descriptions(path: str) -> None:
    assert not judged(path)


def test_silent_on_data_and_on_a_page_with_content() -> None:
    assert not judged("/api/users", "[]")
    assert not judged("/api/users", is_empty=False)


def test_fires_on_a_page_with_content_after_a_message_about_data() -> None:
    pasted = Symptom("data", "Unexpected token '<' is not valid JSON")
    target = replace(SHOP, path="/api/orders", symptom=pasted)
    answer = replace(page(200, SHELL), url=target.url)
    loaded = loads(module(), url=target.url, is_empty=False)
    assert judge(CHECK, answer, loaded, target=target, masked=False)
