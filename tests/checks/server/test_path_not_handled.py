from dataclasses import replace
from typing import Any

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import explains
from diagnose.model import Claim, Confidence, Edit, Severity, Subject
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


def test_fires_for_the_empty_page_of_a_redirect() -> None:
    redirect = replace(ANSWER, status=302, headers=(("Location", "/login"),))
    login = replace(
        ANSWER,
        url="https://shop.example.com/login",
        purpose="redirect",
        status=200,
        headers=(("Content-Length", "0"),),
    )
    site = SITE.replace("/api", "/")
    (claim,) = judge(CHECK, CADDY, caddy_config(site, limited("/")), redirect, login)
    assert claim.facts["path"] == "/login"
    assert claim.severity is None
    page = replace(login, headers=(("Content-Type", "text/html"),))
    assert not judge(CHECK, CADDY, caddy_config(site, limited("/")), redirect, page)
    assert not judge(CHECK, CADDY, caddy_config(site, limited("/*")), redirect, login)


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


FALLBACK = """\
shop.example.com {
	handle_path /api {
		reverse_proxy 127.0.0.1:3000
	}
	handle {
		root * /srv/shop
		file_server
	}
}
"""
PAGE = '<!doctype html><div id="app"></div><script src=/app.js></script>'


def with_files(path: str) -> object:
    """The same site with files for all other paths."""
    made: Any = limited(path)
    routes = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"]
    routes.append({"handle": [{"handler": "vars", "root": "/srv/shop"}]})
    routes.append({"handle": [{"handler": "file_server"}]})
    return made


def edit_of(claim: Claim) -> str:
    (edit, *_) = claim.fix.steps if claim.fix else ()
    return edit.diff if isinstance(edit, Edit) else ""


def test_fires_for_data_that_the_fallback_of_the_files_answers() -> None:
    page = replace(ANSWER, body=PAGE)
    data = replace(page, url="https://shop.example.com/api/users", purpose="data")
    config = caddy_config(FALLBACK, with_files("/api"))
    (claim,) = judge(CHECK, CADDY, config, page, data, masked=False)
    assert (claim.confidence, claim.facts["shell"]) == (Confidence.LIKELY, True)
    assert "+\thandle_path /api* {" in edit_of(claim)
    taken = caddy_config(FALLBACK, with_files("/api*"))
    assert not judge(CHECK, CADDY, taken, page, data)


def test_silent_for_a_page_below_an_exact_matcher() -> None:
    page = replace(EMPTY, url="https://shop.example.com/app/orders", body=PAGE)
    config = caddy_config(FALLBACK, with_files("/app"))
    assert not judge(CHECK, CADDY, config, page, target=replace(SHOP, path="/app/orders"))


def test_fires_for_a_matcher_with_one_letter_too_many() -> None:
    missing = replace(EMPTY, status=404)
    text = FALLBACK.replace("handle_path /api", "handle /apis/*")
    config = caddy_config(text, with_files("/apis/*"))
    (claim,) = judge(CHECK, CADDY, config, missing, target=USERS, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "+\thandle /api/* {" in edit_of(claim)
    for other in ("/apps/*", "/v1/*", "/ap1/*", "/users/*"):
        config = caddy_config(FALLBACK, with_files(other))
        assert not judge(CHECK, CADDY, config, missing, target=USERS)


def test_silent_for_a_plural_and_for_an_empty_block_of_the_path() -> None:
    target = replace(SHOP, path="/user")
    missing = replace(EMPTY, url="https://shop.example.com/user", status=404)
    config = caddy_config(FALLBACK, with_files("/users/*"))
    assert not judge(CHECK, CADDY, config, missing, target=target)
    config = caddy_config(FALLBACK, with_files("/usir/*"))
    assert judge(CHECK, CADDY, config, missing, target=target, masked=False)


def test_fires_for_a_websocket_that_files_answer() -> None:
    chat = replace(SHOP, websockets=("/chat",))
    refused = Upgrade(
        url="wss://shop.example.com/chat",
        path="/chat",
        address="203.0.113.10",
        port=443,
        status=200,
    )
    page = replace(ANSWER, body=PAGE)
    config = caddy_config(FALLBACK, with_files("/api/*"))
    (claim,) = judge(CHECK, CADDY, config, page, refused, target=chat)
    assert (claim.facts["application"], claim.confidence) == ("127.0.0.1:3000", Confidence.LIKELY)
    opened = replace(refused, status=101, accepted=True)
    assert not judge(CHECK, CADDY, config, page, opened, target=chat)


def test_a_rule_for_another_path_takes_nothing() -> None:
    """`respond @admin 403` with a path and an address: it may not take /app.js."""
    made: Any = limited("/")
    routes = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"]
    closed = {"path": ["/admin/*"], "not": [{"remote_ip": {"ranges": ["192.168.0.0/16"]}}]}
    routes.insert(0, {"match": [closed], "handle": [{"handler": "static_response"}]})
    page = replace(ANSWER, body="<script src=/app.js></script>")
    file = PageFileResponse(
        page=page.url, file_kind="script", url="https://shop.example.com/app.js",
        address="203.0.113.10", port=443, status=200, headers=(("Content-Length", "0"),),
    )  # fmt: skip
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE, made), page, file)
    assert claim.facts["path"] == "/app.js"


def test_explains_the_rule_that_answers_in_the_place_of_a_route() -> None:
    """`respond "no page" 404` at the end of the site."""
    assert "server.rule-refuses" in load_check(CHECK).explains


NESTED = """\
shop.example.com {
	handle /app/* {
		handle / {
			reverse_proxy 127.0.0.1:3000
		}
	}
}
"""


def nested(text: str = NESTED) -> WebServerConfig:
    """What `caddy adapt` makes of a block inside of a block: a matcher each."""
    made: Any = document("shop.example.com")
    route = made["apps"]["http"]["servers"]["srv0"]["routes"][0]
    inner = {"handle": route["handle"][0]["routes"][0]["handle"], "match": [{"path": ["/"]}]}
    outer = {"handler": "subroute", "routes": [inner]}
    route["handle"][0]["routes"] = [{"handle": [outer], "match": [{"path": ["/app/*"]}]}]
    return caddy_config(text, made)


LOGIN = replace(SHOP, path="/app/login")
NOBODY = replace(ANSWER, url="https://shop.example.com/app/login", status=200, body="")


def test_fires_for_the_root_inside_of_a_block_that_takes_the_path() -> None:
    (claim,) = judge(CHECK, CADDY, nested(), NOBODY, target=LOGIN)
    assert claim.facts["place"] == "/etc/caddy/Caddyfile:3"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\thandle * {" in edit.diff


def test_no_edit_where_the_block_takes_another_path() -> None:
    for text in (
        NESTED.replace("/app/*", "/other/*"),
        NESTED.replace("handle / {", "handle /app/x {"),
    ):
        claims = judge(CHECK, CADDY, nested(text), NOBODY, target=LOGIN)
        assert all(claim.facts["wider"] == "" for claim in claims)
