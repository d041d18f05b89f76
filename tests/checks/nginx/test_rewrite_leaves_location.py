"""nginx.rewrite-leaves-location: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.rewrite-leaves-location"
CONSOLE = replace(SHOP, path="/console/login")
ROOT = "location / { proxy_pass http://127.0.0.1:9000; }"
LINES = (
    "location /console/ { rewrite ^/console/(.*)$ /$1 last; proxy_pass http://127.0.0.1:9001; } "
    + ROOT
)


def claims(lines: str, status: int = 403) -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(status), url=CONSOLE.url)
    return judge(CHECK, RUNNING, config(text), response, target=CONSOLE, masked=False)


@pytest.mark.parametrize("lines", [LINES, LINES.replace(" last", "")])
def test_fires_and_writes_break(lines: str) -> None:
    (claim,) = claims(lines)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["new"] == "/login"
    assert claim.facts["other"] == "location /"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "rewrite ^/console/(.*)$ /$1 break;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (LINES, 200),
        (LINES.replace("last", "break"), 403),
        (LINES.replace("/$1 last", "/console/x/$1 last"), 403),
        (LINES.replace("^/console/(.*)$", "^/other/(.*)$"), 403),
        (LINES.replace(" proxy_pass http://127.0.0.1:9001;", ""), 403),
        (ROOT, 403),
        (LINES.replace("proxy_pass http://127.0.0.1:9000", "root /srv"), 403),
    ],
    ids=[
        "answered",
        "it stays",
        "the same location",
        "another path",
        "no proxy_pass",
        "no rule",
        "files",
    ],
)
def test_silent(lines: str, status: int) -> None:
    assert not claims(lines, status)
