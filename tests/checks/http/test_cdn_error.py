"""http.cdn-error: when it fires, and when it is silent."""

from datetime import timedelta

import pytest

from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge
from tests.support.front_evidence import CLOUDFLARE, EDGE, behind, edge_page, local

CHECK = "http.cdn-error"


@pytest.mark.parametrize(
    ("status", "fact"),
    [
        (520, "unknown"),
        (521, "refused"),
        (522, "silent"),
        (523, "unreachable"),
        (524, "slow"),
        (525, "handshake"),
        (526, "certificate"),
        (530, "dns"),
    ],
)
def test_fires_and_says_what_the_number_means(status: int, fact: str) -> None:
    (claim,) = judge(CHECK, edge_page(status, headers=CLOUDFLARE))
    assert claim.facts[fact]
    assert claim.facts["addresses"] == (EDGE,)


def test_fires_and_adds_what_the_server_itself_shows() -> None:
    gone = leaf(not_after=NOW - timedelta(days=5))
    own = local(chain=(gone,), trusted=False)
    (claim,) = judge(CHECK, *behind(edge_page(526, headers=CLOUDFLARE), own))
    assert claim.facts["own_expired"] == gone.not_after
    assert claim.facts["own_status"] == 200


def test_silent_without_cloudflare() -> None:
    assert not judge(CHECK, edge_page(521, headers=(("Server", "nginx"),)))


def test_silent_at_an_answer_that_cloudflare_passes_on() -> None:
    assert not judge(CHECK, edge_page(502, headers=CLOUDFLARE))
    assert not judge(CHECK, edge_page(headers=CLOUDFLARE))
