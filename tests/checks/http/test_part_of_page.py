"""http.part-of-page: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from tests.support.check_evidence import CHAT, judge
from tests.support.upstream_evidence import page

CHECK = "http.part-of-page"


@pytest.mark.parametrize("status", [206, 304])
def test_fires_on_an_answer_to_another_request(status: int) -> None:
    (claim,) = judge(CHECK, replace(page(status), headers=(("X-Cache", "HIT"),)))
    assert claim.facts["part"] is (status == 206)
    assert claim.facts["cache"] == "X-Cache"


def test_silent_where_a_part_was_asked_for() -> None:
    asked = "curl -sS -H 'Range: bytes=0-99' https://shop.example.com/"
    assert not judge(CHECK, replace(page(206), equivalent=asked))


def test_silent_on_other_answers() -> None:
    assert not judge(CHECK, page(200))
    assert not judge(CHECK, page(204))
    assert not judge(CHECK, page(304), target=CHAT)
