from dataclasses import replace

import pytest

from diagnose.model import Confidence
from diagnose.model.backends import BackendAnswer
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.request-refused"
REFUSED = replace(ANSWER, status=400)
FULL = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="shop.example.com", proto="https", status=200
)
PLAIN, OWN = replace(FULL, proto=""), replace(FULL, host="127.0.0.1:3000")
FORWARDED = replace(FULL, forwarded_for=True)


def changed(answer: BackendAnswer, status: int = 400) -> BackendAnswer:
    return replace(answer, status=status)


@pytest.mark.parametrize(
    ("answers", "fact"),
    [
        ((FULL, PLAIN, OWN, changed(FORWARDED)), "visitor"),
        ((FULL, changed(PLAIN), OWN, FORWARDED), "scheme"),
        ((changed(FULL), changed(PLAIN), OWN, changed(FORWARDED)), "own_name"),
    ],
)
def test_fires_and_names_the_part(answers: tuple[BackendAnswer, ...], fact: str) -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), REFUSED, *answers)
    assert [name for name in ("visitor", "scheme", "own_name") if claim.facts[name]] == [fact]
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["status"], claim.facts["other_status"]) == (400, 200)


@pytest.mark.parametrize(
    "answers",
    [
        (FULL, PLAIN, OWN, FORWARDED),
        tuple(map(changed, (FULL, PLAIN, OWN, FORWARDED))),
        (FULL, PLAIN, OWN, changed(FORWARDED, 404)),
        (),
    ],
)
def test_silent_when_no_part_decides(answers: tuple[BackendAnswer, ...]) -> None:
    assert not judge(CHECK, APACHE, apache_config(), REFUSED, *answers)


def test_silent_when_the_page_came_or_the_server_failed() -> None:
    answers = (FULL, PLAIN, OWN, changed(FORWARDED))
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, *answers)
    failed = replace(ANSWER, status=502)
    assert not judge(CHECK, APACHE, apache_config(), failed, *answers)
