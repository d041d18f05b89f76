"""upstream.header-name-dropped: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

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


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("请求Header中自定义了一个x_user=12346的header，后端收不到", "x_user"),
        ("Header access_token missing on backend", "access_token"),
        ("the api_key header is not passed to the application", "api_key"),
    ],
)
def test_fires_for_the_field_that_a_message_names(words: str, name: str) -> None:
    target = replace(SHOP, symptom=Symptom("other", words))
    (claim,) = judge(CHECK, RUNNING, BUILD, config(), page(401), target=target)
    assert (claim.facts["name"], claim.confidence) == (name, Confidence.LIKELY)
    accepted = SITE.replace("    location", "    underscores_in_headers on;\n    location")
    assert not judge(CHECK, RUNNING, BUILD, config(accepted), page(401), target=target)


@pytest.mark.parametrize(
    "words",
    [
        "proxy_set_header does not work, the header is missing",
        "the header HTTP_X_FORWARDED_FOR is empty",
        "$http_x_user is empty, the header is lost",
        "error invalid_token, status_code 401",
        "the Authorization header is missing",
    ],
)
def test_silent_where_a_message_names_no_such_field(words: str) -> None:
    target = replace(SHOP, symptom=Symptom("other", words))
    assert not judge(CHECK, RUNNING, BUILD, config(), page(401), target=target)
