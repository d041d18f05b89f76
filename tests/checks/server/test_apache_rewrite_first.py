"""server.apache-rewrite-first: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Observation, Severity
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.apache-rewrite-first"
LINE = "    ProxyPass / http://127.0.0.1:3000/\n"
PASSES = (
    "    ProxyPass /api/ http://127.0.0.1:3000/api/\n    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
)
RULES = (
    "    RewriteEngine On\n"
    "    RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f\n"
    "    RewriteRule ^ /index.html [L]\n"
)
SITE = HTTPS.replace(LINE, RULES + PASSES)
SHELL = (
    '<!doctype html><html><body><div id="root"></div><script src="/a.js"></script></body></html>'
)


def page(path: str, status: int = 200, body: str = SHELL) -> Exchange:
    fields = (("Content-Type", "text/html"),)
    return Exchange(
        url=f"{SHOP.origin}{path}", address="203.0.113.10", port=443, status=status,
        headers=fields, body=body,
    )  # fmt: skip


def claims(text: str, *observations: Observation, path: str = "/api/products") -> list[Claim]:
    target = replace(SHOP, path=path)
    return judge(CHECK, APACHE, apache_config(text), *observations, target=target, masked=False)


def lines_of(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_for_an_interface_and_spares_all_that_is_passed_on() -> None:
    (claim,) = claims(SITE, page("/api/products"))
    assert (claim.facts["file"], claim.facts["status"]) == ("/index.html", 200)
    assert "+    RewriteCond %{REQUEST_URI} !^(?:/ws(?:/|$)|/api/)\n     RewriteCond" in lines_of(
        claim
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_a_websocket() -> None:
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), upgrade(200), target=target, masked=False)
    assert claim.facts["websocket"]
    assert claim.severity is None
    late = RULES + (
        "    RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "    RewriteRule ^/(.*) ws://127.0.0.1:3000/$1 [P,L]\n"
    )
    (claim,) = judge(
        CHECK, APACHE, apache_config(HTTPS.replace(LINE, late)), upgrade(200), target=target,
        masked=False,
    )  # fmt: skip
    assert "+    RewriteCond %{HTTP:Upgrade} !=websocket [NC]\n" in lines_of(claim)


def test_what_the_message_says_of_data_counts() -> None:
    path, symptom = "/prices", Symptom("data", "Unexpected token '<'")
    text = SITE.replace("/api/", "/prices")
    assert not claims(text, page(path), path=path)
    target = replace(SHOP, path=path, symptom=symptom)
    (claim,) = judge(CHECK, APACHE, apache_config(text), page(path), target=target, masked=False)
    assert claim.severity is None


def test_silent_on_the_paths_of_nobody_and_on_data() -> None:
    assert not claims(SITE, page("/about"), path="/about")
    assert not claims(SITE, page("/api/products", body='{"id": 1}'))
    spared = SITE.replace(
        "    RewriteCond", "    RewriteCond %{REQUEST_URI} !^/api/\n    RewriteCond"
    )
    assert not claims(spared, page("/api/products", 404))


def test_a_prefix_for_all_paths_is_a_question_to_a_person() -> None:
    (claim,) = claims(HTTPS.replace(LINE, RULES + LINE), page("/api/products", 404))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.severity in {None, Severity.ERROR}
