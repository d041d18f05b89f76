"""http.internal-name-in-page: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Manual, Target
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
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


def told(text: str, kind: str = "name") -> Target:
    return replace(SHOP, symptom=Symptom(kind, text))  # type: ignore[arg-type]


BROWSER = "OPTIONS https://web1/files/1 net::ERR_NAME_NOT_RESOLVED"
MACHINE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / { proxy_pass http://127.0.0.1:1080; proxy_set_header X-Forwarded-Host $hostname; }
}
"""


def test_fires_on_the_message_of_a_browser_and_names_the_line() -> None:
    """tusd's old example, after issue 58 of tus-js-client."""
    (claim,) = judge(CHECK, page(200), target=told(BROWSER))
    assert (claim.facts["told"], claim.facts["name"], claim.facts["place"]) == (True, "web1", "")
    (claim,) = judge(CHECK, page(200), RUNNING, config(MACHINE), target=told(BROWSER))
    assert claim.facts["field"] == "X-Forwarded-Host"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.steps[0].step == "visitors-host"


@pytest.mark.parametrize(
    "text",
    [
        "OPTIONS https://api.example.com/files/1 net::ERR_NAME_NOT_RESOLVED",
        "host not found in upstream, upstream: http://backend:8000/, net::ERR_NAME_NOT_RESOLVED",
        'connect() failed while connecting to upstream, upstream: "http://backend:8000/"',
        "see http://backend:8000/",
        "Mixed content: the page requests http://domain/api/, Failed to load http://***/api/",
    ],
)
def test_silent_on_other_messages(text: str) -> None:
    assert not judge(CHECK, page(200), target=told(text))
