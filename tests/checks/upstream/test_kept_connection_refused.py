"""upstream.kept-connection-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence
from diagnose.model.backends import KeptConnection
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.redirect_evidence import applied
from tests.support.report_builder import ANSWER

REFUSED = KeptConnection(
    target="http://127.0.0.1:3000", path="/", first=200, second=400, fresh=200, unclosed=200,
    reused=True, sends_close=True, idle=72,
)  # fmt: skip
MAP = "map $http_upgrade $connection_upgrade {\n    default upgrade;\n    '' close;\n}\n"
NGINX = """\
upstream app {
    server 127.0.0.1:3000;
    keepalive 8;
}
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
    }
}
"""


def claims(text: str, kept: KeptConnection = REFUSED) -> list[Claim]:
    seen = (RUNNING, config(text), ANSWER, kept)
    return judge("upstream.kept-connection-refused", *seen, masked=False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (MAP + NGINX, ["-'' close;", "+'' '';"]),
        (
            MAP.replace("default upgrade", "websocket upgrade").replace("''", "default") + NGINX,
            ["-default close;", "+default '';"],
        ),
        (
            NGINX.replace("$connection_upgrade", '"Close"'),
            ['-proxy_set_header Connection "Close";', '+proxy_set_header Connection "";'],
        ),
    ],
)
def test_fires_and_changes_the_line_that_says_close(text: str, lines: list[str]) -> None:
    (claim,) = claims(text)
    assert claim.confidence is Confidence.CERTAIN
    assert applied(claim) == (Applicability.REVIEW, lines)


def test_says_what_to_write_where_a_variable_is_set() -> None:
    text = NGINX.replace(
        "        proxy_pass", "        set $connection_upgrade close;\n        proxy_pass"
    )
    (claim,) = claims(text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "kept",
    [
        replace(REFUSED, second=200),
        replace(REFUSED, reused=False),
        replace(REFUSED, says_close=True),
        replace(REFUSED, fresh=400),
        replace(REFUSED, unclosed=400),
        replace(REFUSED, first=400, fresh=400, unclosed=400),
        replace(REFUSED, sends_close=False),
    ],
)
def test_silent_where_a_control_fails(kept: KeptConnection) -> None:
    assert not claims(MAP + NGINX, kept)


def test_silent_where_nginx_does_not_say_close_or_keeps_nothing() -> None:
    assert not claims(MAP.replace("'' close", "'' ''") + NGINX)
    assert not claims(MAP + NGINX.replace("    keepalive 8;\n", ""))
