"""http.page-reloads: when it fires, and when it is silent."""

from dataclasses import replace

from tests.support.check_evidence import judge
from tests.support.page_evidence import loads
from tests.support.upstream_evidence import page

CHECK = "http.page-reloads"
PLAIN = "http://shop.example.com/"
BACK = replace(
    page(301), url=PLAIN, port=80, purpose="plain",
    headers=(("Location", "https://shop.example.com/"),),
)  # fmt: skip


def test_fires_on_a_circle_by_way_of_http() -> None:
    (claim,) = judge(CHECK, loads(refresh=PLAIN), page(200), BACK)
    assert claim.facts["plain"] == PLAIN


def test_silent_where_http_leads_elsewhere_or_the_page_does() -> None:
    other = replace(BACK, headers=(("Location", "https://shop.example.com/start/"),))
    assert not judge(CHECK, loads(refresh=PLAIN), page(200), other)
    assert not judge(CHECK, loads(refresh=PLAIN), page(200), replace(BACK, status=200))
    assert not judge(CHECK, loads(refresh="https://shop.example.com/a"), page(200), BACK)
    assert not judge(CHECK, loads(refresh=PLAIN, upgrades=True), page(200), BACK)
    assert not judge(CHECK, loads(), page(200), BACK)
