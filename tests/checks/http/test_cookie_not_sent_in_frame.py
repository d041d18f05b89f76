"""http.cookie-not-sent-in-frame: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Observation, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads

CHECK = "http.cookie-not-sent-in-frame"
LAX = "sid=a; Path=/; Secure; HttpOnly; SameSite=Lax"
PORTAL = "frame-ancestors 'self' https://portal.example.org"
TOLD = "in an iframe of another site the login is not kept, cookie missing"
REFUSED = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="GET", path="/api/me",
    status=401, written="29/Nov/2026:08:00:00 +0000", is_from_page=True,
)  # fmt: skip


def shown(policy: str = PORTAL, cookie: str = LAX, *more: tuple[str, str]) -> Exchange:
    headers = (("Content-Security-Policy", policy),) if policy else ()
    return replace(page(200), headers=(*headers, ("Set-Cookie", cookie), *more))


def claims(*seen: Observation, words: str = "") -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(words)) if words else SHOP
    return judge(CHECK, config(SITE), BUILD, RUNNING, loads(), *seen, target=target, masked=False)


def test_fires_where_a_site_may_embed_the_page_and_requests_are_refused() -> None:
    (claim,) = claims(shown(), REFUSED)
    assert (claim.facts["cookie"], claim.facts["same_site"]) == ("sid", "Lax")
    assert claim.facts["site"] == "https://portal.example.org"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_cookie_flags sid secure samesite=none;" in edit.diff


def test_fires_where_a_person_tells_of_the_frame() -> None:
    (claim,) = claims(shown("", "sid=a; HttpOnly"), words=TOLD)
    assert (claim.facts["same_site"], claim.facts["site"]) == ("", "")
    assert claims(shown(""), words="嵌套在其他网站的 iframe 中，登录保持不住 cookie SameSite")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ((shown(),), ""),
        ((shown(""), REFUSED), ""),
        ((shown("frame-ancestors 'self'"), REFUSED), ""),
        ((shown("frame-ancestors https://portal.example.com"), REFUSED), ""),
        ((shown(PORTAL, "sid=a; Secure; SameSite=None"), REFUSED), TOLD),
        ((replace(page(200), headers=(("Content-Security-Policy", PORTAL),)), REFUSED), TOLD),
        ((shown(), replace(REFUSED, is_from_page=False)), ""),
        ((shown("", LAX, ("X-Frame-Options", "DENY")),), TOLD),
        ((shown("frame-ancestors 'none'"),), TOLD),
        ((shown(""),), "Refused to display in a frame because it set X-Frame-Options"),
    ],
)
def test_silent(seen: tuple[Observation, ...], words: str) -> None:
    assert not claims(*seen, words=words)
