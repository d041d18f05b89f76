from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Confidence, Edit, Observation, Severity, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import UnservedRequests
from diagnose.model.other_requests import OtherRequest
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.unknown_paths import unknown_path
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.path-changed"
CHAT = replace(SHOP, websockets=("/ws",))
CUT = apache_config(HTTPS.replace("ws://127.0.0.1:3000/ws", "ws://127.0.0.1:3000/"))
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=404
)
CHANGED = BackendVisit(
    target="ws://127.0.0.1:3000/", requested="/ws", path="/", websocket=True, status=404
)
WHOLE = replace(CHANGED, path="/ws", status=101, accepted=True)


def test_fires_and_writes_the_path_on_both_sides() -> None:
    (claim,) = judge(CHECK, APACHE, CUT, REFUSED, CHANGED, WHOLE, target=CHAT, masked=False)
    assert (claim.facts["inner"], claim.confidence) == ("/", Confidence.CERTAIN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /ws ws://127.0.0.1:3000/ws\n" in edit.diff


def test_fires_once_for_a_websocket_with_and_without_its_query() -> None:
    named = replace(REFUSED, path="/ws?token=a")
    target = replace(SHOP, path="/ws?token=a", websockets=("/ws?token=a", "/ws"))
    nameless = replace(WHOLE, status=401, accepted=False)
    visits = (CHANGED, nameless, WHOLE)
    (claim,) = judge(CHECK, APACHE, CUT, REFUSED, named, *visits, target=target, masked=False)
    assert [subject.path for subject in claim.covers] == ["/ws", "/ws?token=a"]


def test_fires_for_a_page_that_the_application_has_at_the_visitors_path() -> None:
    config = apache_config(
        HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass /app http://127.0.0.1:3000/")
    )
    target = replace(SHOP, path="/app/")
    url = "https://shop.example.com/app/"
    page = Exchange(url=url, address="203.0.113.10", port=443, status=404)
    changed = BackendVisit(
        target="http://127.0.0.1:3000/", requested="/app/", path="//", status=404
    )
    whole = replace(changed, path="/app/", status=200)
    (claim,) = judge(CHECK, APACHE, config, page, changed, whole, target=target, masked=False)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_rewrite_of_caddys_and_deletes_it() -> None:
    lines = "\t\trewrite * /v1{uri}\n\t\treverse_proxy 127.0.0.1:3000\n"
    text = f"shop.example.com {{\n\thandle /api/* {{\n{lines}\t}}\n}}\n"
    made: Any = document("shop.example.com")
    route = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"][0]
    rewrite = {"handler": "rewrite", "uri": "/v1{http.request.uri}"}
    route |= {"match": [{"path": ["/api/*"]}], "handle": [rewrite, *route["handle"]]}
    page = Exchange(
        url="https://shop.example.com/api/a", address="203.0.113.10", port=443, status=404
    )
    changed = BackendVisit(
        target="http://127.0.0.1:3000", requested="/api/a", path="/v1/api/a", status=404
    )
    whole = replace(changed, path="/api/a", status=200)
    target = replace(SHOP, path="/api/a")
    evidence = (CADDY, caddy_config(text, made), page, changed, whole)
    (claim,) = judge(CHECK, *evidence, target=target, masked=False)
    assert claim.facts["inner"] == "/v1/api/a"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\t\trewrite * /v1{uri}\n" in edit.diff


def test_silent_where_the_application_refuses_both_or_accepts_the_changed_path() -> None:
    no_websocket = replace(WHOLE, status=404, accepted=False)
    opened = replace(CHANGED, status=101, accepted=True)
    assert not judge(CHECK, APACHE, CUT, REFUSED, CHANGED, no_websocket, target=CHAT)
    assert not judge(CHECK, APACHE, CUT, REFUSED, opened, WHOLE, target=CHAT)
    assert not judge(CHECK, APACHE, CUT, replace(REFUSED, accepted=True), CHANGED, WHOLE)
    assert not judge(CHECK, CADDY, CUT, REFUSED, CHANGED, WHOLE, target=CHAT)


def test_fires_for_a_redirect_that_goes_round() -> None:
    """The application redirects "/" to its own folder, and the server takes that folder off."""
    config = apache_config(
        HTTPS.replace(
            "ProxyPass / http://127.0.0.1:3000/", "ProxyPass /app/ http://127.0.0.1:3000/"
        )
    )
    target, url = replace(SHOP, path="/app/"), "https://shop.example.com/app/"
    page = Exchange(
        url=url, address="203.0.113.10", port=443, status=302, headers=(("Location", "/app/"),)
    )
    changed = BackendVisit(target="http://127.0.0.1:3000/", requested="/app/", path="/", status=302)
    whole = replace(changed, path="/app/", status=200)
    (claim,) = judge(CHECK, APACHE, config, page, changed, whole, target=target, masked=False)
    assert claim.facts["loop"] is True
    for other in (replace(whole, status=302), replace(whole, status=404)):
        assert not judge(CHECK, APACHE, config, page, changed, other, target=target, masked=False)
    login = replace(page, headers=(("Location", "/app/login"),))
    assert not judge(CHECK, APACHE, config, login, changed, whole, target=target, masked=False)


REGISTRY = apache_config(
    HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass /v2/ http://127.0.0.1:3000/")
)
MISSED = UnservedRequests(
    vantage=Vantage.SERVER, file="/a.log", path="/v2/", folder="/v2", written="12:00",
    times=2, server="apache",
)  # fmt: skip
CUT_PATH = BackendVisit(target="http://127.0.0.1:3000/", requested="/v2/", path="/", status=404)
LOGIN = replace(CUT_PATH, path="/v2/", status=401)
MADE_UP = replace(CUT_PATH, path="/v2-diagnose-7f3a")
WELL = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)


def test_fires_for_a_path_that_programs_ask_for_again_and_again() -> None:
    evidence = (APACHE, REGISTRY, WELL, MISSED, CUT_PATH, LOGIN)
    (claim,) = judge(CHECK, *evidence, MADE_UP, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (claim.facts["inner"], claim.facts["status"]) == ("/", 404)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /v2/ http://127.0.0.1:3000/v2/\n" in edit.diff


def test_silent_for_a_missed_path_without_a_control_or_where_every_path_is_refused() -> None:
    evidence = (APACHE, REGISTRY, WELL, MISSED, CUT_PATH, LOGIN)
    assert not judge(CHECK, *evidence, masked=False)
    assert not judge(CHECK, *evidence, replace(MADE_UP, status=401), masked=False)


def test_fires_for_a_pattern_that_ends_before_the_path_and_lets_its_group_take_all() -> None:
    """Issue 7966 of jupyterlab/jupyterlab."""
    section = (
        '    <LocationMatch "/lab/(api/[^/]+/channels|terminals)/?">\n'
        "        ProxyPass ws://127.0.0.1:8888/lab/$1\n    </LocationMatch>\n    ProxyPass /ws"
    )
    config = apache_config(HTTPS.replace("    ProxyPass /ws", section, 1))
    path, inner = "/lab/terminals/1", "/lab/terminals"
    refused = replace(REFUSED, path=path, url=f"wss://shop.example.com{path}")
    cut = replace(CHANGED, target="ws://127.0.0.1:8888/lab/$1", requested=path, path=inner)
    whole = replace(cut, path=path, status=101, accepted=True)
    target = replace(SHOP, websockets=(path,))
    (claim,) = judge(CHECK, APACHE, config, refused, cut, whole, target=target, masked=False)
    assert (claim.facts["cut"], claim.confidence) == (True, Confidence.CERTAIN)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    wider = '"/lab/((?:api/[^/]+/channels|terminals)(?:/.*)?)">'
    assert f"+    <LocationMatch {wider}\n" in edit.diff


FILE = "/_nuxt/app.js"


def spared(*told: Observation, page: int = 200) -> str:
    """Return the edit for a file that the application has at the root, beside a page that it has
    in a folder; "" for the words of a person."""
    missed = replace(MISSED, path=FILE, folder="/_nuxt", beside=True)
    target = next(each.routes[-1].target for each in told[1].sites)  # type: ignore[attr-defined]
    changed = BackendVisit(
        target=target, requested=FILE, path=f"/private{FILE}", status=404, media_type="text/html"
    )
    whole = replace(changed, path=FILE, status=200, media_type="text/javascript")
    control = replace(changed, path="/_nuxt-diagnose-7f3a/app.js")
    controls = [replace(control, path=path) for path in (unknown_path(FILE),)]
    visits = (changed, whole, *controls)
    (claim,) = judge(CHECK, *told, replace(WELL, status=page), missed, *visits, masked=False)
    assert claim.fix
    (step, *_) = claim.fix.steps
    return step.diff if isinstance(step, Edit) else ""


def rewriting_caddy(line: str) -> WebServerConfig:
    made: Any = document("shop.example.com")
    route = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"][0]
    route["handle"].insert(0, {"handler": "rewrite", "uri": "/private{http.request.uri}"})
    text = f"shop.example.com {{\n\t{line}\n\treverse_proxy 127.0.0.1:3000\n}}\n"
    return caddy_config(text, made)


def test_the_files_of_a_page_that_needs_the_change_are_spared_by_caddy() -> None:
    for line in ("rewrite * /private{uri}", "rewrite /private{uri}"):
        diff = spared(CADDY, rewriting_caddy(line))
        assert f"-\t{line}\n" in diff
        assert "+\t@not_at_root not path /_nuxt/*\n" in diff
        assert "+\trewrite @not_at_root /private{uri}\n" in diff
    assert not spared(CADDY, rewriting_caddy("rewrite @a /private{uri}"))
    gone = spared(CADDY, rewriting_caddy("rewrite * /private{uri}"), page=502)
    assert "@not_at_root" not in gone, "the page does not need the change"


def test_the_files_of_a_page_that_needs_the_change_are_spared_by_apache() -> None:
    text = HTTPS.replace(
        "ProxyPass / http://127.0.0.1:3000/", "ProxyPass / http://127.0.0.1:3000/private/"
    )
    diff = spared(APACHE, apache_config(text))
    assert "+    ProxyPass /_nuxt/ http://127.0.0.1:3000/_nuxt/\n" in diff
    assert "-" not in "".join(line[:1] for line in diff.split("\n")[2:])


def test_the_files_of_a_page_that_needs_the_change_are_spared_by_haproxy() -> None:
    text = TEXT.replace("    option", "    http-request set-path /private%[path]\n    option")
    diff = spared(HAPROXY, haproxy_config(text))
    assert "+    http-request set-path /private%[path] unless { path_beg /_nuxt/ }\n" in diff


def test_a_file_that_a_page_loads_is_spared_in_its_own_evidence() -> None:
    """The run of the file has no answer of the page."""
    made = rewriting_caddy("rewrite * /private{uri}")
    lost = Exchange(
        url=f"https://shop.example.com{FILE}", address="203.0.113.10", port=443, status=404
    )
    route = next(site.routes[-1] for site in made.sites)
    changed = BackendVisit(target=route.target, requested=FILE, path=f"/private{FILE}", status=404)
    whole = replace(changed, path=FILE, status=200)
    asked = OtherRequest(path=FILE, source="page", sender="/")
    told = (CADDY, made, lost, changed, whole)
    for more, is_spared in (((asked,), True), ((), False), ((replace(asked, sender=""),), False)):
        (claim,) = judge(CHECK, *told, *more, target=replace(SHOP, path=FILE), masked=False)
        assert claim.facts["spared"] is is_spared
