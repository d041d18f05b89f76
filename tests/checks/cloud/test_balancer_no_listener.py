"""cloud.balancer-no-listener: when it fires, and when it is silent."""

import pytest

from diagnose.model import Confidence, Observation
from diagnose.model.dns import DnsAnswer
from diagnose.model.http import Exchange
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.tcp_evidence import attempt

CHECK = "cloud.balancer-no-listener"
ADDRESS = "203.0.113.10"
CLOSED = attempt(failure=REFUSED)
PLAIN = attempt(port=80, purpose="plain")
DIRECT = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    records=(ADDRESS,),
)


def alias(name: str) -> DnsAnswer:
    return DnsAnswer(
        name="shop.example.com",
        rdtype="A",
        server="198.51.100.1",
        rcode="NOERROR",
        aliases=(name,),
        records=(ADDRESS,),
    )


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("web-1234.us-west-2.elb.amazonaws.com", "AWS load balancer"),
        ("alb-4iaqr7.cn-beijing.alb.aliyuncsslb.com.", "Alibaba Cloud load balancer"),
        ("lb-defu84qr.clb.gz-tencentclb.com", "Tencent Cloud load balancer"),
    ],
)
def test_fires_by_the_name_of_the_balancer(name: str, product: str) -> None:
    (claim,) = judge(CHECK, alias(name), CLOSED, PLAIN)
    assert (claim.facts["product"], claim.confidence) == (product, Confidence.LIKELY)
    assert claim.facts["refused"]


def test_fires_where_nothing_answers_on_the_port() -> None:
    silent = (attempt(failure=TIMEOUT), attempt(purpose="again", failure=TIMEOUT))
    (claim,) = judge(CHECK, alias("web-1.us-west-2.elb.amazonaws.com"), *silent, PLAIN)
    assert not claim.facts["refused"]


def test_fires_by_the_balancers_own_redirect() -> None:
    redirect = Exchange(
        url="http://shop.example.com/",
        address=ADDRESS,
        port=80,
        purpose="plain",
        status=301,
        headers=(("Server", "awselb/2.0"), ("Location", "https://shop.example.com:443/")),
    )
    (claim,) = judge(CHECK, DIRECT, CLOSED, PLAIN, redirect)
    assert claim.facts["product"] == "AWS load balancer"


@pytest.mark.parametrize(
    "observations",
    [
        (DIRECT, CLOSED, PLAIN),
        (alias("www.example.net"), CLOSED, PLAIN),
        (alias("elb.amazonaws.com.example.net"), CLOSED, PLAIN),
        (alias("web-1.us-west-2.elb.amazonaws.com"), CLOSED),
        (alias("web-1.us-west-2.elb.amazonaws.com"), attempt(), PLAIN),
        (
            alias("web-1.us-west-2.elb.amazonaws.com"),
            CLOSED,
            PLAIN,
            attempt("203.0.113.11"),
        ),
    ],
)
def test_silent_without_a_balancer_or_without_a_closed_port(
    observations: tuple[Observation, ...],
) -> None:
    assert not judge(CHECK, *observations)
