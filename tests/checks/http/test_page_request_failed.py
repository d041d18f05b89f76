"""http.page-request-failed: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Observation
from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import Page, PageFile
from tests.support.check_evidence import judge, texts
from tests.support.page_errors import logged, page
from tests.support.page_evidence import answered, sheet

CHECK = "http.page-request-failed"
FONT = "/fonts/tea.woff2"
LOG = "/var/log/nginx/access.log"
REQUEST = OtherRequest(
    path=FONT, file=LOG, status=404, times=3, is_from_page=True, by_browser=True, sender="/app.css"
)
AGAIN = replace(page(404), url=f"https://shop.example.com{FONT}", purpose="logged")
PAGE: tuple[Observation, ...] = (page(200), answered(sheet()))


def test_fires_and_names_the_file_and_who_asks_for_it() -> None:
    line = replace(logged('open() "/srv/tea" failed (2: No such file)', path=FONT), referrer="x")
    (claim,) = judge(CHECK, *PAGE, REQUEST, AGAIN, line)
    assert (claim.about.path, claim.facts["times"], claim.facts["sheet"]) == (FONT, 3, True)
    assert claim.because == (REQUEST, AGAIN, line)
    said = "".join(texts(CHECK, claim))
    assert f"grep -F -- {FONT} {LOG} | tail -n 5" in said
    assert f"diagnose https://shop.example.com{FONT}" in said
    own = replace(REQUEST, sender="/", times=1)
    (claim,) = judge(CHECK, *PAGE, own, AGAIN)
    assert (claim.facts["sheet"], claim.facts["times"]) == (False, 0)


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, sender="/album"),
        replace(REQUEST, sender=""),
        replace(REQUEST, by_browser=False),
        replace(REQUEST, source="visit"),
        replace(REQUEST, sent="/api"),
    ],
)
def test_silent_about_requests_that_the_page_does_not_send(request_: OtherRequest) -> None:
    assert judge(CHECK, *PAGE, request_, AGAIN) == []


@pytest.mark.parametrize("again", [[], [replace(AGAIN, status=200)]])
def test_silent_about_what_is_over(again: list[Exchange]) -> None:
    assert judge(CHECK, *PAGE, REQUEST, *again) == []


def test_silent_about_a_file_that_the_page_names_elsewhere_now() -> None:
    request = replace(REQUEST, path="/static/app.css", sender="/")
    again = replace(AGAIN, url="https://shop.example.com/static/app.css")
    moved = PageFile("stylesheet", "https://shop.example.com/tea/static/app.css")
    document = Page(url="https://shop.example.com/", address="203.0.113.10", port=443)
    assert judge(CHECK, page(200), replace(document, files=(moved,)), request, again) == []
    kept = PageFile("stylesheet", "https://shop.example.com/static/app.css")
    for files in ((), (moved, kept)):
        seen = replace(document, files=files)
        assert judge(CHECK, page(200), seen, request, again)
