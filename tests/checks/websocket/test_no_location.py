import pytest

from diagnose.model import Confidence
from tests.saying import CHAT, SHOP, judge
from tests.serving import SITE, config, front

CHECK = "websocket.no-location"
PASSING = SITE[SITE.index("        proxy_pass") : SITE.index("    }\n}")]
FILES = SITE.replace(PASSING, "        root /srv;\n        try_files $uri /index.html;\n")


def test_fires_when_the_page_of_an_application_answers() -> None:
    (claim,) = judge(CHECK, config(FILES), front(200), target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["page"] == "try_files $uri /index.html"
    assert claim.location


def test_fires_when_no_location_takes_the_path_at_all() -> None:
    text = SITE.replace("location /", "location = /")
    (claim,) = judge(CHECK, config(text), front(404), target=CHAT)
    assert claim.facts["location"] == ""


def test_fires_from_the_configuration_alone() -> None:
    (claim,) = judge(CHECK, config(FILES), target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_a_location_proxies_the_path() -> None:
    assert not judge(CHECK, config(), front(404), target=CHAT)


@pytest.mark.parametrize("status", [101, 301, 401, 403, 502])
def test_silent_when_it_works_or_something_else_answers(status: int) -> None:
    assert not judge(CHECK, config(FILES), front(status), target=CHAT)


def test_silent_when_the_location_answers_by_itself() -> None:
    text = SITE.replace(PASSING, "        return 404;\n")
    assert not judge(CHECK, config(text), front(404), target=CHAT)


def test_silent_when_nobody_asks_for_a_websocket() -> None:
    assert not judge(CHECK, config(FILES), target=SHOP)
