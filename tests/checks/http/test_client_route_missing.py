"""http.client-route-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Observation
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.pages import ClientRoute
from tests.support.check_evidence import SHOP, judge

CHECK = "http.client-route-missing"
TARGET = replace(SHOP, path="/subscribe")
URL = "https://shop.example.com/subscribe"
ROUTE = ClientRoute(
    url=URL, front="https://shop.example.com/", script="https://shop.example.com/a.js",
    source="route",
)  # fmt: skip


def page(status: int) -> Exchange:
    return Exchange(url=URL, address="203.0.113.10", port=443, status=status)


def test_fires_where_a_script_names_the_page() -> None:
    (claim,) = judge(CHECK, page(404), ROUTE, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["index"] == "/index.html"


def test_fires_as_possible_where_the_answer_is_data() -> None:
    data = replace(
        page(404), headers=(("Content-Type", "application/problem+json; charset=utf-8"),)
    )
    (claim,) = judge(CHECK, data, ROUTE, target=TARGET)
    assert claim.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "observations",
    [
        (page(404),),
        (page(200), ROUTE),
        (page(404), page(200), ROUTE),
        (
            page(404),
            ClientRoute(url=URL, front=ROUTE.front, script=ROUTE.script, source="router"),
        ),
    ],
)
def test_silent_where_the_page_comes_or_no_script_names_it(
    observations: tuple[Observation, ...],
) -> None:
    assert not judge(CHECK, *observations, target=TARGET)


TOMCAT = "<h1>HTTP Status 404</h1><p>The requested resource [/subscribe] is not available</p>"
WEB_XML = ReadSetting(
    application="tomcat-pages", topic="client_route", key="<error-page>", needs_restart=False,
    file="/var/lib/tomcat9/webapps/ROOT/WEB-INF/web.xml", number=3, added=True,
    new="  <error-page>\n  </error-page>", wanted="<error-page>\n  </error-page>",
)  # fmt: skip


def test_fires_where_the_application_switches_such_addresses_on() -> None:
    route = replace(ROUTE, source="history")
    missing = replace(page(404), body=TOMCAT)
    (claim,) = judge(CHECK, missing, route, target=TARGET, masked=False)
    assert (claim.confidence, claim.facts["named"]) == (Confidence.LIKELY, False)
    assert not judge(CHECK, replace(missing, body="<h1>No such order</h1>"), route, target=TARGET)
    (claim,) = judge(CHECK, missing, route, WEB_XML, target=TARGET, masked=False)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.path == WEB_XML.file
