from dataclasses import replace
from typing import Any

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import explains
from diagnose.model import Severity, Subject
from diagnose.model.http import Upgrade
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.path-not-handled"
SITE = "shop.example.com {\n\treverse_proxy /api 127.0.0.1:3000\n}\n"
USERS = replace(SHOP, path="/api/users")
EMPTY = replace(ANSWER, url="https://shop.example.com/api/users", status=200, body="")


def limited(path: str) -> object:
    """The site with a matcher for this path."""
    made: Any = document("shop.example.com")
    route = made["apps"]["http"]["servers"]["srv0"]["routes"][0]
    route["handle"][0]["routes"][0]["match"] = [{"path": [path]}]
    return made


def test_fires_for_a_matcher_that_is_one_path_alone() -> None:
    config = caddy_config(SITE, limited("/api"))
    (claim,) = judge(CHECK, CADDY, config, EMPTY, target=USERS)
    assert claim.severity is None
    assert claim.facts["wider"] == "/api*"
    assert claim.facts["place"] == "/etc/caddy/Caddyfile:2"


def test_fires_as_a_note_for_the_root_of_a_site_without_a_page() -> None:
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE, limited("/api/*")), ANSWER)
    assert claim.severity is Severity.NOTE


def test_silent_when_a_route_takes_the_path_or_a_page_came() -> None:
    assert not judge(CHECK, CADDY, caddy_config(SITE, limited("/api*")), EMPTY, target=USERS)
    page = replace(EMPTY, body="users")
    assert not judge(CHECK, CADDY, caddy_config(SITE, limited("/api")), page, target=USERS)


def unhandled(condition: str = "host shop.local") -> WebServerConfig:
    """The site, and what followed Caddy's routes to the end."""
    rule = AnsweringRule("/", 200, condition=condition)
    return replace(caddy_config(SITE, document("shop.example.com")), rules=(rule,))


def test_fires_where_the_conditions_of_all_routes_are_false() -> None:
    (claim,) = judge(CHECK, CADDY, unhandled(), ANSWER)
    assert (claim.severity, claim.facts["missed"]) == (Severity.WARNING, "host shop.local")


def test_fires_and_explains_the_empty_page() -> None:
    (claim,) = judge(CHECK, CADDY, unhandled(), ANSWER)
    blank = Subject(address="203.0.113.10", port=443)
    assert any(subject.covers(blank) for subject in claim.covers)
    assert explains(load_check(CHECK), load_check("http.blank-page"))


def test_fires_as_a_note_where_the_websocket_opens() -> None:
    opened = Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address="203.0.113.10",
        port=443,
        status=101,
        accepted=True,
    )
    (claim,) = judge(CHECK, CADDY, unhandled(), ANSWER, opened)
    assert claim.severity is Severity.NOTE


def test_silent_where_a_condition_is_not_known() -> None:
    rule = AnsweringRule("/", 200, condition="host shop.local", questions=("other",))
    config = replace(unhandled(), rules=(rule,))
    assert not judge(CHECK, CADDY, config, ANSWER)


BELOW = """\
<VirtualHost *:443>
    ServerName shop.example.com
    SSLEngine on
    SSLCertificateFile /etc/ssl/shop.pem
    <Location /app/>
        ProxyPass http://127.0.0.1:3000/
    </Location>
</VirtualHost>
"""


def test_fires_on_a_path_of_apache_without_its_slash() -> None:
    page = replace(ANSWER, url="https://shop.example.com/app", status=404, body="Not Found")
    app = replace(SHOP, path="/app")
    (claim,) = judge(CHECK, APACHE, apache_config(BELOW), page, target=app)
    assert (claim.facts["prefix"], claim.facts["apache"]) == ("/app/", True)
    other = replace(SHOP, path="/other")
    elsewhere = replace(page, url="https://shop.example.com/other")
    assert not judge(CHECK, APACHE, apache_config(BELOW), elsewhere, target=other)
    assert not judge(CHECK, APACHE, apache_config(BELOW), replace(page, status=200), target=app)


def test_fires_for_files_of_the_page_that_come_empty() -> None:
    page = replace(ANSWER, body="<script src=/app.js></script>")
    file = PageFileResponse(
        page=page.url, file_kind="script", url="https://shop.example.com/app.js",
        address="203.0.113.10", port=443, status=200, headers=(("Content-Length", "0"),),
    )  # fmt: skip
    config = caddy_config(SITE, limited("/"))
    (claim,) = judge(CHECK, CADDY, config, page, file)
    assert (claim.facts["path"], claim.facts["wider"]) == ("/app.js", "*")
    typed = replace(file, headers=(*file.headers, ("Content-Type", "text/javascript")))
    assert not judge(CHECK, CADDY, config, page, typed)
    assert not judge(CHECK, CADDY, caddy_config(SITE, limited("/*")), page, file)


def test_fires_for_files_that_no_route_takes() -> None:
    shop = replace(SHOP, path="/shop/")
    page = replace(
        ANSWER, url="https://shop.example.com/shop/", body="<script src=/app.js></script>"
    )
    file = PageFileResponse(
        page=page.url, file_kind="script", url="https://shop.example.com/app.js",
        address="203.0.113.10", port=443, status=200, headers=(("Content-Length", "0"),),
    )  # fmt: skip
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE, limited("/shop/*")), page, file, target=shop)
    assert (claim.facts["path"], claim.facts["matcher"]) == ("/app.js", "")
    by_pattern = limited("*.html")
    assert not judge(CHECK, CADDY, caddy_config(SITE, by_pattern), page, file, target=shop)


def test_fires_for_a_websocket_that_no_route_takes() -> None:
    chat = replace(SHOP, websockets=("/chat",))
    refused = Upgrade(
        url="wss://shop.example.com/chat",
        path="/chat",
        address="203.0.113.10",
        port=443,
        status=200,
    )
    page = replace(ANSWER, body="shop")
    config = caddy_config(SITE, limited("/api/*"))
    (claim,) = judge(CHECK, CADDY, config, page, refused, target=chat)
    assert (claim.facts["path"], claim.facts["blank"]) == ("/chat", False)
    answered = replace(refused, status=404)
    assert not judge(CHECK, CADDY, config, page, answered, target=chat)
    taken = caddy_config(SITE, limited("/chat"))
    assert not judge(CHECK, CADDY, taken, page, refused, target=chat)


def test_fires_for_a_folder_that_nothing_serves() -> None:
    made: Any = document("shop.example.com")
    inner = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]
    inner["routes"] = [{"handle": [{"handler": "vars", "root": "/srv/shop"}]}]
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE, made), ANSWER)
    assert (claim.severity, claim.facts["folder"]) == (Severity.WARNING, "/srv/shop")
