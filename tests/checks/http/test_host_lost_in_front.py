"""http.host-lost-in-front: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Symptom
from diagnose.model.http import LocalAnswer
from tests.support.check_evidence import SHOP, judge
from tests.support.front_evidence import EDGE, behind, edge_handshake, edge_page, local

CHECK = "http.host-lost-in-front"
TOLD = replace(SHOP, symptom=Symptom("wrong-site", "the blog comes in place of the shop"))
NAMED = local("forwarded", url="http://shop.example.com/", port=80, chain=())
NAMELESS = local("health-check", url="http://203.0.113.10/", port=80, chain=(), same_as=(EDGE,))
SEEN = (edge_handshake(), edge_page())


def test_fires_where_the_page_is_that_of_the_address() -> None:
    (claim,) = judge(CHECK, *behind(*SEEN, NAMED, NAMELESS), target=TOLD)
    assert (claim.facts["front"], claim.facts["sent"]) == (EDGE, "203.0.113.10")


@pytest.mark.parametrize(
    "answers",
    [
        (replace(NAMED, same_as=(EDGE,)), NAMELESS),
        (NAMED, replace(NAMELESS, same_as=())),
        (NAMED,),
        (replace(NAMED, status=404), NAMELESS),
    ],
    ids=["one site", "another machine's page", "not asked", "no such site"],
)
def test_silent(answers: tuple[LocalAnswer, ...]) -> None:
    assert not judge(CHECK, *behind(*SEEN, *answers), target=TOLD)


def test_silent_where_the_address_is_this_servers() -> None:
    assert not judge(CHECK, *behind(*SEEN, NAMED, NAMELESS, own=EDGE), target=TOLD)
