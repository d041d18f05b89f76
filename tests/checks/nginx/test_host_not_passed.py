"""nginx.host-not-passed: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads, script, sheet

CHECK = "nginx.host-not-passed"
PLAIN = """server { listen 443 ssl; server_name shop.example.com;
  location / {
    proxy_pass http://127.0.0.1:3000;
  }
}
"""
GROUP = "upstream backend { server 10.0.0.4:3000; }\n" + PLAIN.replace("127.0.0.1:3000", "backend")


@pytest.mark.parametrize(
    ("text", "name"), [(PLAIN, "127.0.0.1:3000"), (GROUP, "backend")], ids=["address", "group"]
)
def test_fires_where_the_page_uses_what_nginx_tells(text: str, name: str) -> None:
    assets = (sheet(f"http://{name}/app.css"), script(f"http://{name}/app.js"))
    (claim,) = judge(CHECK, page(200), loads(*assets), RUNNING, config(text))
    assert (claim.facts["value"], claim.facts["field"]) == (name, "Host")
    assert claim.severity is Severity.ERROR, "it is the only style sheet"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    proxy_set_header Host $host;" in edit.diff
    assert "+    proxy_set_header X-Forwarded-Proto $scheme;" in edit.diff


def test_a_server_that_may_choose_its_site_by_that_name_is_for_review() -> None:
    text = PLAIN.replace("127.0.0.1:3000", "origin.example.net")
    assets = (sheet("http://origin.example.net/app.css"),)
    (claim,) = judge(CHECK, page(200), loads(*assets), RUNNING, config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_on_a_form_and_on_a_base_address() -> None:
    form = loads(posts=("http://127.0.0.1:3000/login",))
    (claim,) = judge(CHECK, page(200), form, RUNNING, config(PLAIN))
    assert claim.facts["form"]
    assert claim.severity is Severity.WARNING
    base = loads(base="http://127.0.0.1:3000/")
    (claim,) = judge(CHECK, page(200), base, RUNNING, config(PLAIN))
    assert claim.facts["base"]


def test_silent_where_nginx_passes_the_name_on() -> None:
    text = PLAIN.replace("3000;", "3000; proxy_set_header Host $host;")
    assets = loads(script("http://127.0.0.1:3000/app.js"))
    assert not judge(CHECK, page(200), assets, RUNNING, config(text))


def test_silent_about_another_port_of_this_machine() -> None:
    """A file of Vite's server of development: its address is written into the page."""
    assets = loads(script("http://127.0.0.1:5173/@vite/client"))
    assert not judge(CHECK, page(200), assets, RUNNING, config(PLAIN))


def test_silent_about_what_scripts_request() -> None:
    """The front end was built with that address, whatever nginx tells."""
    requests = loads(requests=("http://127.0.0.1:3000/api/items",))
    assert not judge(CHECK, page(200), requests, RUNNING, config(PLAIN))


def test_silent_about_the_sites_own_name() -> None:
    assert not judge(CHECK, page(200), loads(script()), RUNNING, config(PLAIN))


def test_fires_where_the_words_name_what_nginx_tells() -> None:
    text = "new attachments get the address http://127.0.0.1:3000/files/1"
    target = replace(SHOP, symptom=Symptom("wrong-address", text))
    observations = (page(200), loads(), RUNNING)
    (claim,) = judge(CHECK, *observations, config(PLAIN), target=target)
    assert (claim.facts["given"], claim.facts["value"]) == (True, "127.0.0.1:3000")
    passed = PLAIN.replace("3000;", "3000; proxy_set_header Host $host;")
    assert not judge(CHECK, *observations, config(passed), target=target)
    assert not judge(CHECK, *observations, config(PLAIN), target=SHOP)
