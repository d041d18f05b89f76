"""http.internal-name-in-page: when it fires, and when it is silent."""

import pytest

from diagnose.model import Target
from tests.support.check_evidence import judge
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "http.internal-name-in-page"
API = "http://backend:8000/api"


def test_fires_on_a_script() -> None:
    response = answered(script(), requests=(API,))
    (claim,) = judge(CHECK, page(200), loads(script()), response)
    assert (claim.facts["name"], claim.facts["port"]) == ("backend", 8000)
    assert claim.facts["script"] == response.url


def test_fires_on_the_page_itself() -> None:
    (claim,) = judge(CHECK, page(200), loads(requests=(API, "http://graph:4000/")))
    assert not claim.facts["script"]
    assert claim.facts["others"] == ("http://graph:4000/",)


@pytest.mark.parametrize(
    "url", ["http://api.example.com:8000/", "http://192.0.2.7:8000/", "http://localhost:3000/"]
)
def test_silent_on_other_hosts(url: str) -> None:
    assert not judge(CHECK, page(200), loads(requests=(url,)))


def test_silent_inside_where_the_site_has_such_a_name_too() -> None:
    inside = Target("https://wiki/", "https", "wiki", 443, "/")
    assert not judge(CHECK, page(200), loads(requests=(API,)), target=inside)
