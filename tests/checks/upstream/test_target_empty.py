"""upstream.target-empty: when it fires, and when it is silent."""

import pytest

from diagnose.model import Claim, Edit
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "upstream.target-empty"
SITE = (
    "map $host $backend {\n www.shop.example.com 127.0.0.1:3000;\n}\n"
    "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
    " location / { proxy_pass http://$backend; }\n}\n"
)
ERROR = logged('no host in upstream ""')


def test_fires_and_names_the_map() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(500), LOG_READ, ERROR)
    assert claim.facts["map"] == "map $host $backend"
    assert claim.facts["variables"] == ("$backend",)


PARTS = (
    "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
    " location / {\n  set $app 127.0.0.1;\n  set $proto http;\n  proxy_pass $proto://$app:80;\n }\n"
    " location /ws {\n  set $app 127.0.0.1;\n  set $proto http;\n  proxy_pass $proto://$app:80;\n"
    " }\n}\n"
)
PREFIX = logged('invalid URL prefix in "://127.0.0.1:80"')


def judged(text: str) -> tuple[Claim, str]:
    """The claim, and the configuration after its patch."""
    (claim,) = judge(CHECK, RUNNING, config(text), page(500), LOG_READ, PREFIX)
    steps = [step for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    after = apply_patch(config(text).files[0].text, steps[0].diff) if steps else ""
    return claim, after or ""


@pytest.mark.parametrize("line", ["", "  set $porto http;\n", "  set $prot http;\n"])
def test_fires_and_names_the_variable_that_is_not_set(line: str) -> None:
    """The other one has its value; a slip in the name is corrected in its line."""
    claim, after = judged(PARTS.replace("  set $proto http;\n", line, 1))
    assert claim.facts["variables"] == ("$proto",)
    assert after == config(PARTS).files[0].text


def test_fires_without_a_patch_where_the_other_locations_differ() -> None:
    third = " location /b {\n  set $proto https;\n  proxy_pass $proto://b;\n }\n}\n"
    claim, after = judged(PARTS.replace("  set $proto http;\n", "", 1)[:-2] + third)
    assert claim.facts["variables"] == ("$proto",)
    assert not after


def test_silent_without_a_variable_or_another_status() -> None:
    plain = SITE.replace("$backend;", "127.0.0.1:3000;")
    assert not judge(CHECK, RUNNING, config(plain), page(500), LOG_READ, ERROR)
    assert not judge(CHECK, RUNNING, config(SITE), page(404), LOG_READ, ERROR)
    other = logged("upstream timed out (110: Connection timed out)")
    assert not judge(CHECK, RUNNING, config(SITE), page(500), LOG_READ, other)
