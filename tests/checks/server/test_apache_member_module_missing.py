from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "server.apache-member-module-missing"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
MEMBERS = "<Proxy balancer://shop>\n    BalancerMember http://127.0.0.1:8081\n"
MEMBERS += "    BalancerMember http://127.0.0.1:8082\n</Proxy>\n"
SITE = MEMBERS + HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / balancer://shop/")
BALANCER = tuple(name for name in (*MODULES, "proxy_balancer") if name != "proxy_http")


def test_fires_and_loads_the_module() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE, modules=BALANCER), PAGE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["modules"] == ("proxy_http",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize(
    ("site", "modules", "page"),
    [
        (SITE, (*BALANCER, "proxy_http"), PAGE),
        (HTTPS, BALANCER, PAGE),
        (SITE, BALANCER, replace(PAGE, status=200)),
    ],
)
def test_silent_with_the_module_without_members_and_for_a_page_that_comes(
    site: str, modules: tuple[str, ...], page: Exchange
) -> None:
    assert not judge(CHECK, APACHE, apache_config(site, modules=modules), page)
