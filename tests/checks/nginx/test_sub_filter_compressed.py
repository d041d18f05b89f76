"""nginx.sub-filter-compressed: text that is replaced for curl, and not for browsers."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.http import BrowserVisit
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared

CHECK = "nginx.sub-filter-compressed"
HOST = "        proxy_set_header Host $host;\n"
FILTER = "        sub_filter 'href=\"/' 'href=\"/app/';\n"
COMPRESSED = BrowserVisit(
    url=SHOP.url, address="203.0.113.10", port=443, status=200,
    headers=(("Content-Encoding", "gzip"),),
)  # fmt: skip


DIRECT = replace(compared(200, "field", "Accept-Encoding", value="gzip"), coding="gzip")


def claims(
    lines: str, visit: BrowserVisit = COMPRESSED, direct: ComparedRequest = DIRECT
) -> list[Claim]:
    text = SITE.replace(HOST, HOST + lines)
    return judge(CHECK, config(text), BUILD, RUNNING, visit, direct)


def test_fires_and_asks_for_no_compression() -> None:
    (claim,) = claims(FILTER)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+        proxy_set_header Accept-Encoding "";\n' in edit.diff


def test_fires_although_nginx_compresses_too() -> None:
    assert claims(f"{FILTER}        gzip on;\n")


def test_silent_where_nginx_compresses_and_the_application_does_not() -> None:
    assert not claims(FILTER, direct=replace(DIRECT, coding=""))
    assert not claims(FILTER, direct=replace(DIRECT, change="replaced"))


def test_silent_without_a_filter_or_compression() -> None:
    assert not claims("")
    assert not claims(FILTER, replace(COMPRESSED, headers=()))
    assert not claims(FILTER, replace(COMPRESSED, status=404))
