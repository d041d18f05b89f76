"""http.application-address-shown: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.upstream_evidence import compared, controlled
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "http.application-address-shown"
INNER, OWN = "http://127.0.0.1:3000/api?page=2", "http://shop.example.com/api?page=2"
SITE = (
    "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n"
    "  location / {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n"
)
AS_NGINX = replace(compared(200), host_addresses=(INNER,))
TOLD = replace(
    compared(
        200, "field", "Host", "replaced", original="127.0.0.1:3000", value="shop.example.com"
    ),
    host_addresses=(OWN,),
)  # fmt: skip
SENT = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="127.0.0.1:3000", proto="https", status=200,
    host_addresses=(INNER,),
)  # fmt: skip
RIGHT = replace(SENT, host="shop.example.com", host_addresses=(OWN,))


def answer() -> Exchange:
    return Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)


def test_fires_where_nginx_sends_its_own_name_for_the_program() -> None:
    evidence = (RUNNING, config(SITE), answer(), *controlled(AS_NGINX, TOLD))
    (claim,) = judge(CHECK, *evidence)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["address"] == INNER
    assert claim.fix
    assert "+    proxy_set_header Host $host;" in str(claim.fix.steps[0])


def test_fires_behind_apache() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), answer(), SENT, RIGHT, SENT, masked=False)
    assert claim.facts["apache"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert any("+    ProxyPreserveHost On\n" in edit.diff for edit in edits)


@pytest.mark.parametrize(
    "evidence",
    [
        # Without a control.
        (answer(), AS_NGINX, TOLD),
        # The program does not look at the Host.
        (answer(), *controlled(AS_NGINX, replace(TOLD, host_addresses=()))),
        (replace(answer(), status=500), *controlled(AS_NGINX, TOLD)),
    ],
)
def test_silent_where_the_host_does_not_make_the_address(evidence: tuple[Any, ...]) -> None:
    assert not judge(CHECK, RUNNING, config(SITE), *evidence)


def test_silent_behind_apache_without_a_difference() -> None:
    same = replace(RIGHT, host_addresses=())
    assert not judge(CHECK, APACHE, apache_config(), answer(), SENT, same, SENT)
    assert not judge(CHECK, APACHE, apache_config(), answer(), SENT, RIGHT)
