"""server.apache-location-overridden: a later <Location> takes the place of a narrower one."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.upstream_evidence import page
from tests.support.web_server_evidence import APACHE, HTTPS, PASSED, apache_config

API = "    <Location /api>\n        ProxyPass http://127.0.0.1:4000/api\n    </Location>\n"
ROOT = '    <Location "/">\n        ProxyPass http://127.0.0.1:3000/\n    </Location>\n'
START = HTTPS[: HTTPS.index("    ProxyPass /ws")]
ORDERS = replace(SHOP, path="/api/orders")


def judged(lines: str, status: int = 404, path: str = "/api/orders") -> list[Claim]:
    text = f"{START}{lines}</VirtualHost>\n"
    answer = replace(page(status), url=f"https://shop.example.com{path}")
    return judge(
        "server.apache-location-overridden", APACHE, PASSED, apache_config(text), answer,
        target=replace(ORDERS, path=path),
    )  # fmt: skip


def test_fires_where_the_wider_section_comes_last() -> None:
    (claim,) = judged(API + ROOT)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["early"], claim.facts["late"]) == ("/api", "/")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("+") >= 3


@pytest.mark.parametrize(
    "lines",
    [ROOT + API, API, API + ROOT.replace("3000/", "4000/api"), API + ROOT.replace('"/"', "~ ^/")],
)
def test_silent_where_the_narrow_section_has_the_say(lines: str) -> None:
    assert not judged(lines)


def test_silent_where_the_page_comes_or_another_path_is_missing() -> None:
    assert not judged(API + ROOT, status=200)
    assert not judged(API + ROOT, path="/shop")
