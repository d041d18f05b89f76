from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Observation
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import PEM, SERVER, config, page
from tests.support.tls_evidence import shake

CHECK = "server.haproxy-sni-sample"
TEXT = """\
frontend tls
    mode tcp
    bind :443
    tcp-request inspect-delay 5s
    acl shop ssl_fc_sni -i shop.example.com
    use_backend shop if shop
    default_backend other
backend shop
    mode tcp
    server a 127.0.0.1:8443
backend other
    mode tcp
    server b 127.0.0.1:9443
"""
ENDED = (
    TEXT.replace(":443\n    tcp", f":443 ssl crt {PEM}\n    tcp")
    .replace("mode tcp", "mode http")
    .replace("    acl shop ssl_fc_sni -i shop.example.com\n", "")
    .replace("if shop", "if { req.ssl_sni -i shop.example.com }")
)
ANOTHER = shake(chain=(replace(LEAF, dns_names=("other.example.com",)),))


@pytest.mark.parametrize(
    ("text", "visit", "written"),
    [
        (TEXT, ANOTHER, "+    acl shop req.ssl_sni -i shop.example.com\n"),
        (ENDED, page(404), "+    use_backend shop if { ssl_fc_sni -i shop.example.com }\n"),
    ],
)
def test_fires_and_writes_the_other_sample(text: str, visit: Observation, written: str) -> None:
    (claim,) = judge(CHECK, SERVER, config(text), visit, masked=False)
    assert claim.facts["backend"] == "shop"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert written in edit.diff


def test_a_person_decides_where_tls_is_ended_in_mode_tcp() -> None:
    (claim,) = judge(CHECK, SERVER, config(ENDED.replace("mode http", "mode tcp")), ANOTHER)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("text", "visit"),
    [
        (TEXT, shake(chain=(LEAF,))),
        (TEXT.replace("ssl_fc_sni", "req.ssl_sni"), ANOTHER),
        (TEXT.replace("-i shop.", "-i blog."), ANOTHER),
        (ENDED.replace("req.ssl_sni", "ssl_fc_sni"), page(404)),
        (ENDED, page(200)),
    ],
)
def test_silent_where_the_sample_is_right_or_the_site_comes(text: str, visit: Observation) -> None:
    assert not judge(CHECK, SERVER, config(text), visit)


@pytest.mark.parametrize(("text", "visit"), [(TEXT, ANOTHER), (ENDED, page(404))])
def test_silent_for_a_rule_whose_backend_is_the_default(text: str, visit: Observation) -> None:
    same = text.replace("default_backend other", "default_backend shop")
    assert not judge(CHECK, SERVER, config(same), visit)
