"""http.header-not-exposed: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from diagnose.parsers.cors_messages import unexposed_field
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.header-not-exposed"
WORDS = (
    "The X-Total-Count header is missing in the HTTP Response. If you are using CORS, did you "
    "declare X-Total-Count in the Access-Control-Expose-Headers header?"
)
TOLD = replace(SHOP, symptom=Symptom("cors", WORDS))
ORIGIN, COUNT = ("Access-Control-Allow-Origin", "https://app.example.net"), ("X-Total-Count", "42")


def answers(*headers: tuple[str, str]) -> Exchange:
    return replace(page(200), headers=headers)


def test_fires_and_names_the_field_beside_the_permission() -> None:
    line = "add_header Access-Control-Allow-Origin https://app.example.net always;"
    text = SITE.replace("proxy_pass", f"{line}\n        proxy_pass", 1)
    (claim,) = judge(CHECK, answers(ORIGIN, COUNT), RUNNING, config(text), target=TOLD)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        add_header Access-Control-Expose-Headers X-Total-Count always;" in edit.diff


def test_fires_and_leaves_it_to_the_application() -> None:
    (claim,) = judge(CHECK, answers(ORIGIN, COUNT), target=TOLD)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_it_is_exposed_or_not_sent() -> None:
    for value in ("x-total-count, Link", "*"):
        exposed = answers(ORIGIN, COUNT, ("Access-Control-Expose-Headers", value))
        assert not judge(CHECK, exposed, target=TOLD, masked=False)
    assert not judge(CHECK, answers(ORIGIN), target=TOLD)
    assert not judge(CHECK, answers(ORIGIN, COUNT))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (WORDS, "X-Total-Count"),
        (
            WORDS.replace("Response.", "Response. Lists are to contain this header."),
            "X-Total-Count",
        ),
        ('Refused to get unsafe header "Content-Range"', "Content-Range"),
        ("No 'Access-Control-Allow-Origin' header is present", ""),
    ],
)
def test_the_field_of_a_message(text: str, name: str) -> None:
    assert unexposed_field(text) == name
