"""cloud.balancer-health-check: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Failure, Observation, Vantage
from diagnose.model.cloud import RefusedHealthCheck
from diagnose.model.http import Exchange
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import ADDRESS
from tests.support.front_evidence import (
    EDGE,
    behind,
    edge_handshake,
    edge_page,
    local,
    redirecting,
)
from tests.support.nginx_evidence import RUNNING, config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "cloud.balancer-health-check"
AWS = (("Server", "awselb/2.0"),)
PAGE = "<html><body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
NO_TARGET = edge_page(503, headers=AWS, body=PAGE)
HAPROXY = edge_page(503, body="<h1>503</h1>\nNo server is available to handle this request.\n")
#: The balancer has a certificate of its own.
FRONT = edge_handshake()


@pytest.mark.parametrize(
    ("page", "product", "fact"),
    [
        (NO_TARGET, "AWS Application Load Balancer", "no_target"),
        (
            edge_page(504, headers=AWS, body="<h1>504 Gateway Time-out</h1>"),
            "AWS Application Load Balancer",
            "silent",
        ),
        (
            edge_page(
                502,
                headers=(("Via", "1.1 google"),),
                body="<h2>The server encountered a temporary error and could not complete your "
                "request.<p>Please try again in 30 seconds.</h2>",
            ),
            "Google Cloud load balancer",
            "unhealthy",
        ),
        (edge_page(503, headers=(("x-router-code", "50000"),)), "Huawei Cloud ELB", "unhealthy"),
        (edge_page(404, headers=(("x-router-code", "40000"),)), "Huawei Cloud ELB", "no_target"),
        (
            edge_page(502, headers=(("Server", "Microsoft-Azure-Application-Gateway/v2"),)),
            "Azure Application Gateway",
            "unhealthy",
        ),
        (
            edge_page(502, body="<hr><center>stgw</center>"),
            "Tencent Cloud load balancer (stgw)",
            "broken",
        ),
    ],
)
def test_fires_from_outside_and_is_not_sure(page: Exchange, product: str, fact: str) -> None:
    (claim,) = judge(CHECK, page)
    assert (claim.facts["product"], claim.confidence) == (product, Confidence.LIKELY)
    assert claim.facts[fact]
    assert claim.facts["addresses"] == (EDGE,)


def test_fires_and_is_sure_where_the_server_itself_answers_well() -> None:
    (claim,) = judge(CHECK, *behind(FRONT, NO_TARGET, local()))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["own_status"] == 200


def test_fires_and_says_what_a_usual_health_check_gets() -> None:
    checked = local("health-check", port=80, chain=(), status=301, headers=(("Location", "/x"),))
    (claim,) = judge(CHECK, *behind(FRONT, NO_TARGET, local(), checked))
    assert (claim.facts["check_status"], claim.facts["check_location"]) == (301, "/x")
    (claim,) = judge(CHECK, *behind(FRONT, NO_TARGET, local(), replace(checked, status=200)))
    assert not claim.facts["check_status"]


def test_fires_where_the_server_speaks_http_alone() -> None:
    http = redirecting(status=200, headers=())
    (claim,) = judge(CHECK, *behind(FRONT, NO_TARGET, http))
    assert claim.facts["own_port"] == 80


@pytest.mark.parametrize(
    "body",
    [
        "<h1>503</h1>\nNo server is available to handle this request.\n",
        "<hr/>Powered by Tengine</body>",
        "no healthy upstream",
        "upstream connect error or disconnect/reset before headers. reset reason: overflow",
        "no available server",
    ],
)
def test_fires_for_a_program_that_is_known_to_be_elsewhere(body: str) -> None:
    (claim,) = judge(CHECK, *behind(FRONT, edge_page(503, body=body), local()))
    assert claim.confidence is Confidence.CERTAIN


def test_silent_for_a_program_that_may_be_on_the_server() -> None:
    assert not judge(CHECK, HAPROXY)
    here = edge_page(503, address=ADDRESS, body=HAPROXY.body)
    assert not judge(CHECK, *behind(here, local()))


def test_silent_where_the_server_itself_fails() -> None:
    assert not judge(CHECK, *behind(FRONT, NO_TARGET, local(status=502)))
    assert not judge(CHECK, *behind(FRONT, NO_TARGET, local(failure=REFUSED, status=None)))
    assert not judge(CHECK, *behind(FRONT, NO_TARGET))


@pytest.mark.parametrize(
    "page",
    [
        edge_page(503, headers=AWS, body="Unknown Host"),  # a rule's fixed response
        edge_page(403, headers=AWS, body="<h1>403 Forbidden</h1>"),
        edge_page(503, body=PAGE),
        edge_page(521, headers=(("CF-RAY", "8a1b2c3d4e5f-FRA"),)),
        edge_page(200, body="<p>no healthy upstream</p>"),
        edge_page(None, failure=Failure("timeout", "timed out")),
    ],
)
def test_silent_at_other_answers(page: Exchange) -> None:
    assert not judge(CHECK, page)


ASKED = RefusedHealthCheck(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", sender=EDGE, method="GET",
    path="/healthz", status=404, every_s=5.0, times=9,
)  # fmt: skip
CLOSED = "server {\n    listen 80 default_server;\n    return 404;\n}\n"


def edits(*seen: Observation) -> list[str]:
    (claim,) = judge(CHECK, *behind(FRONT, HAPROXY, local()), *seen, masked=False)
    assert claim.fix is not None
    assert claim.facts["asked_status"] == 404
    return [step.diff for step in claim.fix.steps if isinstance(step, Edit)]


def test_names_the_check_of_the_access_log_and_lets_nginx_answer_it() -> None:
    (diff,) = edits(ASKED, config(CLOSED), RUNNING)
    assert "+    location = /healthz {\n+        access_log off;\n+        return 200 ok;" in diff
    assert "-    return 404;\n" in diff
    assert "+        return 404;\n" in diff


def test_apache_answers_it_by_a_rule() -> None:
    (diff,) = edits(ASKED, APACHE, apache_config())
    assert "+    RewriteRule ^/healthz$ - [R=200,L]" in diff


def test_a_check_of_somebody_else_or_of_a_strange_path_is_no_reason_to_edit() -> None:
    other = replace(ASKED, sender="192.0.2.9", agent="curl/8.14")
    (claim,) = judge(CHECK, *behind(FRONT, HAPROXY, local()), other, masked=False)
    assert not claim.facts["asked_path"]
    assert not edits(replace(ASKED, path="/a{b}"), config(CLOSED), RUNNING)
    agent = replace(other, agent="ELB-HealthChecker/2.0")
    assert edits(agent, config(CLOSED), RUNNING)


@pytest.mark.parametrize(
    ("path", "status", "lines"),
    [
        # The front page, the script of every page, and a path that has a location.
        ("/", 404, CLOSED),
        ("/index.php", 404, CLOSED),
        ("/login", 401, CLOSED),
        ("/healthz", 404, "server {\n    listen 80;\n    location = /healthz { deny all; }\n}\n"),
    ],
)
def test_no_page_of_visitors_is_replaced(path: str, status: int, lines: str) -> None:
    asked = replace(ASKED, path=path, status=status)
    (claim,) = judge(
        CHECK, *behind(FRONT, HAPROXY, local()), asked, config(lines), RUNNING, masked=False
    )
    assert claim.facts["asked_path"] == path
    assert not claim.fix or not any(isinstance(step, Edit) for step in claim.fix.steps)
