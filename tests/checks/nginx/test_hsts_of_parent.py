"""nginx.hsts-of-parent: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Manual, Target
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.hsts-of-parent"
DOCS = Target(
    input="http://docs.shop.example.com/",
    scheme="http",
    host="docs.shop.example.com",
    port=80,
    path="/",
)
ANSWER = replace(page(200), url="http://docs.shop.example.com/", port=80)
MAIN = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
}
"""
PLAIN = "server { listen 80; server_name docs.shop.example.com; }\n"


def seen(text: str, answer: Any = ANSWER) -> Any:
    return judge(CHECK, RUNNING, config(text), answer, target=DOCS)


def test_fires_where_the_sub_domain_has_no_tls() -> None:
    """After issue 12668 of https-everywhere."""
    (claim,) = seen(MAIN + PLAIN)
    assert claim.facts["parent"] == "shop.example.com"
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    step = claim.fix.steps[1]
    assert isinstance(step, Manual)
    line = '+    add_header Strict-Transport-Security "max-age=31536000" always;'
    assert line in str(step.commands[0]).replace("\\n", "\n")


@pytest.mark.parametrize(
    "text",
    [
        MAIN.replace("; includeSubDomains", "") + PLAIN,
        MAIN.replace("max-age=31536000", "max-age=0") + PLAIN,
        MAIN.replace("server_name shop.example.com", "server_name example.org") + PLAIN,
        # It is there over https too.
        MAIN + PLAIN.replace("listen 80;", "listen 80; listen 443 ssl;"),
        MAIN + "server { listen 443 ssl; server_name *.shop.example.com; }\n" + PLAIN,
    ],
)
def test_silent_where_it_is_not_forbidden_or_there(text: str) -> None:
    assert not seen(text)


def test_silent_where_the_page_does_not_answer_or_has_https() -> None:
    assert not seen(MAIN + PLAIN, replace(ANSWER, status=404))
    assert not judge(CHECK, RUNNING, config(MAIN), page(200))
