"""nginx.slashes-kept: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.slashes-kept"
RULE = 'if ($request_uri ~ "^/foo/zhs/api(.*)") { proxy_pass http://127.0.0.1:9002$1; }'


def claims(path: str, rule: str = RULE, status: int = 500) -> Any:
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
        f" location / {{\n  {rule}\n  proxy_pass http://127.0.0.1:9001;\n }}\n}}\n"
    )
    answered = replace(page(status), url=f"https://shop.example.com{path}")
    target = replace(SHOP, path=path)
    # Patterns are masked in recordings, so that what they match is not kept.
    return judge(CHECK, RUNNING, config(text), answered, target=target, masked=False)


@pytest.mark.parametrize(
    ("path", "rule", "written"),
    [
        ("//foo/zhs/api/items", RULE, '"^/+foo/+zhs/+api(.*)"'),
        ("/foo//zhs/api?a=1", RULE, '"^/+foo/+zhs/+api(.*)"'),
        ("//foo/a", "if ($request_uri ~* ^\\/foo/) { return 404; }", "^\\/+foo/+)"),
    ],
)
def test_fires_on_an_expression_with_single_slashes(path: str, rule: str, written: str) -> None:
    """Issue 10088 of kubernetes/ingress-nginx."""
    (claim,) = claims(path, rule)
    assert claim.confidence is Confidence.LIKELY
    assert written in str(claim.fix).replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("path", "rule", "status"),
    [
        ("/foo/zhs/api/items", RULE, 500),  # no double slash
        ("//foo/zhs/api/items", RULE, 200),  # nothing fails
        ("//bar/zhs", RULE, 404),  # the condition is about another path
        ("//foo/zhs/api", RULE.replace("^/foo/zhs", "^(/+)foo(/+)zhs"), 500),  # it takes both
        ("//foo/zhs/api", RULE.replace("$request_uri", "$uri"), 500),
    ],
)
def test_silent_elsewhere(path: str, rule: str, status: int) -> None:
    assert not claims(path, rule, status)
