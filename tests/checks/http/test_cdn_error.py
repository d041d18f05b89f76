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
        (520, "broken"),
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


def test_fires_for_a_tunnel_that_is_not_connected() -> None:
    page = edge_page(530, headers=CLOUDFLARE, body="<title>Cloudflare Tunnel error</title>")
    (claim,) = judge(CHECK, page)
    assert claim.facts["tunnel"]
    assert not claim.facts["dns"]


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


def test_silent_at_a_balancers_error() -> None:
    fields = (("Server", "awselb/2.0"),)
    assert not judge(CHECK, edge_page(503, headers=fields, body="<h1>503 Service Unavailable</h1>"))


CLOUDFRONT = (("Server", "CloudFront"), ("X-Amz-Cf-Id", "zfkGKh"))
AKAMAI = (("Server", "AkamaiGHost"),)


@pytest.mark.parametrize(
    ("status", "headers", "body", "product", "fact"),
    [
        (521, (("EO-LOG-UUID", "1"),), "", "Tencent EdgeOne", "refused"),
        (553, (("EO-LOG-UUID", "1"),), "", "Tencent EdgeOne", "dns"),
        (
            502,
            CLOUDFRONT,
            "CloudFront wasn't able to connect to the origin.",
            "Amazon CloudFront",
            "connect",
        ),
        (503, AKAMAI, "DNS failure Reference&#32;&#35;11&#46;e44ac817", "Akamai", "dns"),
        (503, AKAMAI, "An error occurred. Reference #97.1a367a5c.16", "Akamai", "silent"),
        (
            503,
            (("X-Served-By", "cache-lax14"),),
            "<title>503 first byte timeout</title>",
            "Fastly",
            "slow",
        ),
    ],
)
def test_fires_on_the_errors_of_other_cdns(
    status: int, headers: tuple[tuple[str, str], ...], body: str, product: str, fact: str
) -> None:
    (claim,) = judge(CHECK, edge_page(status, headers=headers, body=body))
    assert claim.facts["product"] == product
    assert claim.facts[fact]
    assert not claim.facts["cloudflare"]


def test_silent_at_an_error_that_another_cdn_passes_on() -> None:
    assert not judge(CHECK, edge_page(502, headers=CLOUDFRONT, body="<h1>502 Bad Gateway</h1>"))
    assert not judge(CHECK, edge_page(503, headers=AKAMAI, body="Reference #9"))
