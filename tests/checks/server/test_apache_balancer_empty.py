from dataclasses import replace

from diagnose.model import Confidence, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-balancer-empty"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
MEMBERS = "<Proxy balancer://shop>\n    BalancerMember http://127.0.0.1:8081\n"
MEMBERS += "    BalancerMember http://127.0.0.1:8082\n</Proxy>\n"
SITE = MEMBERS + HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / balancer://shpo/")


def test_fires_and_writes_the_name_of_the_balancer_with_members() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), PAGE, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / balancer://shop/\n" in edit.diff


def test_fires_with_care_where_no_name_is_near() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE.replace("shpo", "other-one")), PAGE)
    assert claim.confidence is Confidence.LIKELY


def test_silent_with_members_and_for_a_page_that_comes() -> None:
    assert not judge(CHECK, APACHE, apache_config(SITE.replace("shpo", "shop")), PAGE)
    outside = SITE.replace("</Proxy>\n", "</Proxy>\nBalancerMember balancer://shpo http://a:1\n")
    assert not judge(CHECK, APACHE, apache_config(outside), PAGE)
    assert not judge(CHECK, APACHE, apache_config(SITE), replace(PAGE, status=200))
