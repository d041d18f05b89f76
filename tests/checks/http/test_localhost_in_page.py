"""http.localhost-in-page: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Severity, Vantage
from diagnose.model.applications import KnownApplication
from diagnose.model.nginx import UpstreamTry
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script, sheet

CHECK = "http.localhost-in-page"
PAGE = page(200)


def test_fires_on_a_websocket_in_the_page() -> None:
    (claim,) = judge(CHECK, replace(PAGE, mentions=("wss://localhost:24678/_nuxt/",)))
    assert claim.facts["socket"]
    assert not claim.facts["script"]


def test_fires_on_a_script_and_names_the_application() -> None:
    response = answered(script(), requests=("http://localhost:3000/api",))
    tried = UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000
    )
    (claim,) = judge(CHECK, PAGE, loads(script()), response, tried)
    assert claim.facts["script"] == response.url
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.severity in {None, Severity.WARNING}


def test_fires_as_a_note_on_a_port_of_another_program() -> None:
    (claim,) = judge(CHECK, replace(PAGE, mentions=("wss://localhost:8181/",)))
    assert claim.severity is Severity.NOTE


def test_silent_on_the_sites_own_address_and_a_choice() -> None:
    own = "wss://shop.example.com/ws"
    assert not judge(CHECK, replace(PAGE, mentions=(own,)))
    assert not judge(CHECK, replace(PAGE, mentions=(own, "ws://localhost:3000/ws")))


def test_fires_on_a_style_sheet_of_this_machine() -> None:
    (claim,) = judge(CHECK, page(200), loads(sheet("http://localhost:3000/assets/a.css")))
    assert claim.facts["port"] == 3000


def test_fires_on_a_form_and_names_the_setting_of_the_application() -> None:
    form = loads(insecure_forms=("http://localhost:3000/user/login",))
    (claim,) = judge(CHECK, PAGE, form)
    assert (claim.facts["form"], claim.facts["written"]) == (True, True)
    gitea = KnownApplication(id="gitea", name="Gitea", url="https://shop.example.com/")
    (claim,) = judge(CHECK, PAGE, form, gitea)
    assert "ROOT_URL" in str(claim.facts["setting"])
    (claim,) = judge(CHECK, PAGE, loads(base="http://localhost:3000/"))
    assert (claim.facts["form"], claim.facts["written"]) == (False, True)


def test_fires_on_the_message_of_a_browser() -> None:
    """Laravel Reverb: a page behind the login, after issue 288 of laravel/reverb."""
    text = "WebSocket connection to 'wss://localhost:8080/app/x' failed:"
    target = replace(SHOP, symptom=Symptom("websocket", text))
    (claim,) = judge(CHECK, PAGE, target=target)
    assert (claim.facts["told"], claim.facts["socket"], claim.facts["port"]) == (True, True, 8080)
    (claim,) = judge(CHECK, replace(PAGE, mentions=("wss://localhost:24678/",)), target=target)
    assert not claim.facts["told"]
    line = 'connect() failed while connecting to upstream, upstream: "http://localhost:3000/"'
    assert not judge(CHECK, PAGE, target=replace(SHOP, symptom=Symptom("refused", line)))
