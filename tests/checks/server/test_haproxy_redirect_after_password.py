from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Edit
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, config, page

CHECK = "server.haproxy-redirect-after-password"
AUTH = "    http-request auth realm shop if !known\n"
REDIRECT = "    redirect scheme https code 301 if !{ ssl_fc }\n"
PLAIN: dict[str, Any] = {"url": "http://shop.example.com/", "port": 80, "purpose": "plain"}


def asked(front: str, back: str, status: int = 401) -> list[Claim]:
    text = (
        "defaults\n    mode http\nfrontend web\n    bind :80\n    bind :443 ssl crt /a.pem\n"
        f"{front}    default_backend app\nbackend app\n{back}    server a 127.0.0.1:3000\n"
    )
    return judge(CHECK, SERVER, config(text), page(status, **PLAIN), page(401))


def diff(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    step = claim.fix.steps[0]
    assert isinstance(step, Edit)
    return step.diff


@pytest.mark.parametrize("lines", [AUTH + REDIRECT, REDIRECT + AUTH])
@pytest.mark.parametrize("is_frontend", [True, False])
def test_fires_and_moves_the_redirect_up(lines: str, is_frontend: bool) -> None:
    (claim,) = asked(lines, "") if is_frontend else asked("", lines)
    assert claim.facts["same"] is lines.startswith(REDIRECT)
    text = diff(claim)
    assert f"+    http-request {REDIRECT.strip()}\n" in text
    assert f"-{REDIRECT}" in text


def test_fires_without_an_edit_where_the_frontend_asks_and_the_backend_redirects() -> None:
    (claim,) = asked(AUTH, REDIRECT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("front", "back", "status"),
    [
        (f"    http-request {REDIRECT.strip()}\n{AUTH}", "", 401),
        (REDIRECT, AUTH, 401),
        ("", AUTH, 401),
        ("", AUTH + REDIRECT, 301),
        ("", AUTH + REDIRECT.replace("if !{ ssl_fc }", "if { path /old }"), 401),
        ("", AUTH + REDIRECT.replace("https", "http"), 401),
    ],
)
def test_silent_where_it_redirects_first_or_not_at_all(front: str, back: str, status: int) -> None:
    assert not asked(front, back, status)
