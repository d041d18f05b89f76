from dataclasses import replace
from typing import Any

from diagnose.model import Confidence
from diagnose.model.backends import BackendVisit
from diagnose.model.server_rules import ServedFolder
from tests.checks.server.test_websocket_not_passed import PAGES
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.other-application"
UNKNOWN = "/v1/tea.js-diagnose-7f3a"
API = "http://127.0.0.1:3001/api"
TWO = PAGES.replace("    ProxyPass / ", f"    ProxyPass /api {API}\n    ProxyPass / ", 1)
TEA = replace(SHOP, path="/v1/tea")
MISSING = replace(ANSWER, url="https://shop.example.com/v1/tea", status=404, body="")
HAS = BackendVisit(target=API, requested="/v1/tea", path="/v1/tea", status=200, connected=True)
HAS_NOT = replace(HAS, requested="/v1/tea-diagnose-7f3a", path="/v1/tea-diagnose-7f3a", status=404)


def test_fires_where_another_application_has_the_page() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), HAS, HAS_NOT, MISSING, target=TEA)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["target"], claim.facts["own"]) == ("127.0.0.1:3001", "127.0.0.1:3000")
    assert claim.facts["first"] == "/v1"


def test_fires_where_a_matcher_for_files_takes_what_the_application_has() -> None:
    made: Any = document("shop.example.com")
    folder = ServedFolder("/v1/tea.js", "/srv/static", "/v1/tea.js")
    text = "shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n"
    config = replace(caddy_config(text, made), folders=(folder,))
    site = config.sites[0]
    files = replace(site.routes[0], target="", host="", port=0, scheme="", pattern=True)
    config = replace(config, sites=(replace(site, routes=(files, *site.routes)),))
    target = replace(SHOP, path="/v1/tea.js")
    has = replace(HAS, target=site.routes[0].target, requested="/v1/tea.js", path="/v1/tea.js")
    control = replace(has, requested=UNKNOWN, path=UNKNOWN)
    page = replace(MISSING, url="https://shop.example.com/v1/tea.js")
    claims = judge(CHECK, CADDY, config, has, replace(control, status=404), page, target=target)
    assert [claim.facts["folder"] for claim in claims] == ["/srv/static"]
    assert claims[0].facts["ending"] == ".js"


def test_silent_where_the_application_has_a_page_for_every_path() -> None:
    shell = replace(HAS_NOT, status=200)
    assert not judge(CHECK, APACHE, apache_config(TWO), HAS, shell, MISSING, target=TEA)
    assert not judge(CHECK, APACHE, apache_config(TWO), HAS, MISSING, target=TEA)


def test_silent_where_it_is_the_paths_own_application_or_the_page_came() -> None:
    own = [replace(each, target="http://127.0.0.1:3000/") for each in (HAS, HAS_NOT)]
    assert not judge(CHECK, APACHE, apache_config(TWO), *own, MISSING, target=TEA)
    page = replace(MISSING, status=200, body="<p>Tea</p>")
    assert not judge(CHECK, APACHE, apache_config(TWO), HAS, HAS_NOT, page, target=TEA)


def test_silent_where_the_paths_own_application_has_it_without_its_beginning() -> None:
    kept = replace(HAS, target="http://127.0.0.1:3000/", path="/tea")
    observations = (HAS, HAS_NOT, kept, MISSING)
    assert not judge(CHECK, APACHE, apache_config(TWO), *observations, target=TEA)
