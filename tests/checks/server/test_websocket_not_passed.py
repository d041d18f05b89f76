from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.logs import RefusedHandshakes
from diagnose.model.pages import WebSocketPath
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.caddy.sites import sites_of
from tests.support.caddy_evidence import CADDY
from tests.support.caddy_evidence import LISTENING as CADDY_LISTENS
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.websocket-not-passed"
PAGES = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
OLD = replace(APACHE, version="2.4.41")


def edit_of(site: str, server: WebServer = APACHE) -> str:
    (claim,) = judge(CHECK, server, apache_config(site), LISTENING, upgrade(404), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    return "".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))


def test_fires_when_the_line_drops_the_upgrade() -> None:
    assert "+    ProxyPass / http://127.0.0.1:3000/ upgrade=websocket\n" in edit_of(PAGES)


def test_fires_in_an_old_apache_with_a_line_of_its_own_and_the_module() -> None:
    assert "+    ProxyPass /ws ws://127.0.0.1:3000/ws\n" in edit_of(PAGES, OLD)
    (claim,) = judge(CHECK, OLD, apache_config(), LISTENING, upgrade(500), target=CHAT)
    assert claim.facts["module"] is True
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv == ("a2enmod", "proxy_wstunnel")


def test_fires_and_changes_a_continued_line_in_its_rows() -> None:
    split = PAGES.replace("ProxyPass / http", "ProxyPass / \\\n        http")
    (claim,) = judge(CHECK, APACHE, apache_config(split), LISTENING, upgrade(404), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert "     ProxyPass / \\\n-        http://127.0.0.1:3000/\n" in edit.diff
    assert "+        http://127.0.0.1:3000/ upgrade=websocket\n" in edit.diff


def test_fires_and_writes_the_parameter_on_the_line_that_makes_the_worker() -> None:
    pages = "    ProxyPass /pages/ http://127.0.0.1:3000/\n"
    own = "    ProxyPass /ws http://127.0.0.1:3000/ws upgrade=websocket\n"
    site = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", pages + own)
    (claim,) = judge(CHECK, APACHE, apache_config(site), LISTENING, upgrade(404), target=CHAT)
    assert claim.facts["shared"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    diff = "".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    ProxyPass /pages/ http://127.0.0.1:3000/ upgrade=websocket\n" in diff
    first = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", own + pages)
    assert not judge(CHECK, APACHE, apache_config(first), LISTENING, upgrade(404), target=CHAT)


def test_silent_when_it_is_passed_on_or_a_pattern_decides() -> None:
    rest = (LISTENING, upgrade(404))
    assert not judge(CHECK, APACHE, apache_config(), *rest, target=CHAT)
    parameter = PAGES.replace(":3000/\n", ":3000/ upgrade=websocket\n")
    assert not judge(CHECK, APACHE, apache_config(parameter), *rest, target=CHAT)
    rewritten = PAGES.replace(
        "    ProxyPass /",
        "    RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "    RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n    ProxyPass /",
    )
    assert not judge(CHECK, APACHE, apache_config(rewritten), *rest, target=CHAT)


def test_fires_beside_a_websocket_at_another_path_if_the_application_has_this_one() -> None:
    other = upgrade(101, "other-path", accepted=True)
    visit = BackendVisit(
        target="http://127.0.0.1:3000/", requested="/ws", path="/ws", websocket=True
    )
    opened = replace(visit, status=101, accepted=True)
    rest = (APACHE, apache_config(PAGES), LISTENING, other)
    (claim,) = judge(CHECK, *rest, upgrade(400), opened, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert other not in claim.because
    assert not judge(CHECK, *rest, upgrade(503), opened, target=CHAT)
    assert not judge(CHECK, *rest, upgrade(400), replace(visit, status=404), target=CHAT)
    assert not judge(CHECK, *rest, upgrade(400), target=CHAT)


def test_silent_when_it_works_or_the_application_is_down() -> None:
    accepted = upgrade(101, accepted=True, fault="")
    assert not judge(CHECK, APACHE, apache_config(PAGES), LISTENING, accepted, target=CHAT)
    down = upgrade(503)
    assert not judge(CHECK, APACHE, apache_config(PAGES), LISTENING, down, target=CHAT)


def test_fires_with_an_exception_for_websockets_where_haproxy_deletes_the_field() -> None:
    text = HAPROXY_TEXT.replace(
        "    default_backend", "    http-request del-header Upgrade\n    default_backend"
    )
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, upgrade(426), target=CHAT)
    assert claim.fix
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    rule = "http-request del-header Upgrade unless { hdr(Upgrade) -i websocket }"
    assert f"+    {rule}\n" in edit.diff
    assert not judge(CHECK, HAPROXY, haproxy_config(), LISTENING, upgrade(426), target=CHAT)


@pytest.mark.parametrize("rule", ["set-header Connection close", "set-header Upgrade h2c"])
def test_fires_where_haproxy_sets_a_field_of_the_handshake(rule: str) -> None:
    rule = f"http-request {rule}"
    text = HAPROXY_TEXT.replace("    default_backend", f"    {rule}\n    default_backend")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, upgrade(400), target=CHAT)
    assert claim.fix
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert f"+    {rule} unless {{ hdr(Upgrade) -i websocket }}\n" in edit.diff


@pytest.mark.parametrize(
    "rule",
    [
        "set-header Connection upgrade",
        "set-header Upgrade %[req.hdr(Upgrade)]",
        "set-header Connection close if { path_beg /api }",
        "set-header X-Upgrade none",
    ],
)
def test_silent_where_haproxy_keeps_the_handshake(rule: str) -> None:
    text = HAPROXY_TEXT.replace(
        "    default_backend", f"    http-request {rule}\n    default_backend"
    )
    assert not judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, upgrade(400), target=CHAT)


def caddy(*handlers: dict[str, object], text: str = "") -> WebServerConfig:
    """A site of Caddy's with these handlers, as `caddy adapt` (2.6.2) writes them."""
    inner = {"handler": "subroute", "routes": [{"handle": [handler]} for handler in handlers]}
    route = {"match": [{"host": ["shop.example.com"]}], "handle": [inner], "terminal": True}
    server = {"listen": [":443"], "routes": [route]}
    blocks = blocks_of([(CADDY.config, text)])
    sites = sites_of({"apps": {"http": {"servers": {"srv0": server}}}}, blocks)
    files = (ServerFile(CADDY.config, text),)
    return WebServerConfig(product="caddy", path=CADDY.config, sites=sites, files=files)


def proxy(**operations: object) -> dict[str, object]:
    upstreams = [{"dial": "127.0.0.1:3000"}]
    return {"handler": "reverse_proxy", "upstreams": upstreams, "headers": {"request": operations}}


@pytest.mark.parametrize(
    "handlers",
    [
        (proxy(delete=["Upgrade"]),),
        (proxy(delete=["connection"]),),
        (proxy(set={"Connection": ["close"]}),),
        (proxy(set={"Upgrade": [""]}),),
        ({"handler": "headers", "request": {"delete": ["Upgrade"]}}, proxy()),
    ],
)
def test_fires_where_caddy_takes_the_upgrade_away(handlers: tuple[dict[str, object], ...]) -> None:
    (claim,) = judge(CHECK, CADDY, caddy(*handlers), CADDY_LISTENS, upgrade(426), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "handler",
    [
        proxy(),
        proxy(delete=["Origin"]),
        # As people write it after a guide for nginx.
        proxy(set={"Connection": ["Upgrade"], "Upgrade": ["websocket"]}),
        proxy(set={"Connection": ["{http.request.header.Connection}"]}),
    ],
)
def test_silent_where_caddy_keeps_the_upgrade(handler: dict[str, object]) -> None:
    rest = (CADDY_LISTENS, upgrade(426))
    assert not judge(CHECK, CADDY, caddy(handler), *rest, target=CHAT)


def test_silent_where_caddy_changes_other_requests() -> None:
    change = {"handler": "headers", "request": {"delete": ["Upgrade"]}}
    apart: dict[str, object] = {
        "handler": "subroute",
        "routes": [{"match": [{"path": ["/api/*"]}], "handle": [change]}],
    }
    rest = (CADDY_LISTENS, upgrade(426))
    assert not judge(CHECK, CADDY, caddy(apart, proxy()), *rest, target=CHAT)


def test_a_line_for_the_path_that_comes_too_late_is_named() -> None:
    line = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    late = HTTPS.replace(line, "").replace("</VirtualHost>", f"{line}</VirtualHost>")
    (claim,) = judge(CHECK, APACHE, apache_config(late), upgrade(426), target=CHAT, masked=False)
    assert claim.facts["later"] == "/etc/apache2/sites-enabled/shop.conf:7"


def test_fires_where_the_pattern_of_the_rewrite_rule_takes_another_path() -> None:
    rules = (
        "    RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
        "    RewriteRule /p/socket(.*) ws://127.0.0.1:3000/p/socket$1 [P,L]\n"
    )
    text = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", rules)
    config, target = apache_config(text), replace(CHAT, websockets=("/ws",))
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=426
    )
    (claim,) = judge(CHECK, APACHE, config, refused, target=target)
    assert claim.facts["pattern"] == "/p/socket(.*)"
    own = replace(target, websockets=("/p/socket",))
    mine = replace(refused, path="/p/socket", url="wss://shop.example.com/p/socket")
    assert not judge(CHECK, APACHE, config, mine, target=own), "the pattern takes it"


REWRITTEN = (
    "    RewriteEngine On\n    RewriteCond %{{HTTP:Upgrade}} {} [NC]\n"
    "    RewriteRule ^/?(.*) {}://127.0.0.1:3000/$1 [P,L]\n    ProxyPass /"
)


def test_fires_on_a_rewrite_rule_that_leads_to_http() -> None:
    site = PAGES.replace("    ProxyPass /", REWRITTEN.format("websocket", "http"))
    edit = edit_of(site)
    assert "+    RewriteRule ^/?(.*) ws://127.0.0.1:3000/$1 [P,L]\n" in edit
    assert "+    ProxyPass" not in edit


def test_fires_on_a_condition_that_no_handshake_fulfils() -> None:
    rule = REWRITTEN.format("=WebSocket", "ws").replace(" [NC]", "")
    site = PAGES.replace("    ProxyPass /", rule)
    (claim,) = judge(CHECK, APACHE, apache_config(site), LISTENING, upgrade(426), target=CHAT)
    assert claim.facts["condition"] is True
    assert str(claim.facts["missed"]).startswith("/etc/apache2/")


NAMED = WebSocketPath(source="https://shop.example.com/app.js", path="/ws")
OPENED = BackendVisit(
    target="http://127.0.0.1:3000/",
    requested="/ws",
    path="/ws",
    websocket=True,
    status=101,
    accepted=True,
)


def test_a_warning_for_one_of_the_page_that_its_application_opens() -> None:
    """The user named none: the program may do without, or fall back to requests."""
    observations = (APACHE, apache_config(PAGES), LISTENING, upgrade(404), NAMED)
    (claim,) = judge(CHECK, *observations, OPENED)
    assert claim.severity is Severity.WARNING
    assert not judge(CHECK, *observations), "nothing shows that the path is one"
    assert not judge(CHECK, *observations, replace(OPENED, status=404, accepted=False))


def test_fires_for_a_known_application_whose_websocket_is_behind_its_login() -> None:
    named = WebSocketPath(
        source="https://shop.example.com/", path="/rest/push", library="n8n", need="required"
    )
    observations = (APACHE, apache_config(PAGES), LISTENING)
    (claim,) = judge(CHECK, *observations, named, target=SHOP)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.facts["opener"] == "n8n"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (claim,) = judge(CHECK, *observations, replace(named, need="optional"), target=SHOP)
    assert claim.severity is Severity.WARNING
    parameter = PAGES.replace(":3000/\n", ":3000/ upgrade=websocket\n")
    assert not judge(CHECK, APACHE, apache_config(parameter), LISTENING, named, target=SHOP)
    assert not judge(CHECK, *observations, replace(named, need=""), target=SHOP)


def test_fires_for_a_path_of_the_access_log_that_the_application_opens() -> None:
    """Neither the user nor the page names it."""
    opened = BackendVisit(
        target="http://127.0.0.1:3000/", requested="/ws", path="/ws", websocket=True, status=101,
        connected=True, accepted=True,
    )  # fmt: skip
    refused = upgrade(426)
    (claim,) = judge(CHECK, APACHE, apache_config(PAGES), LISTENING, opened, refused, target=SHOP)
    assert claim.severity is Severity.WARNING
    assert claim.facts["path"] == "/ws"
    closed = replace(opened, status=426, accepted=False)
    assert not judge(CHECK, APACHE, apache_config(PAGES), LISTENING, closed, refused, target=SHOP)


def test_fires_and_covers_the_path_without_its_query() -> None:
    path = "/ws?EIO=4&transport=websocket"
    target, refused = replace(CHAT, websockets=(path,)), replace(upgrade(400), path=path)
    (claim,) = judge(CHECK, APACHE, apache_config(PAGES), LISTENING, refused, target=target)
    assert [subject.path for subject in claim.covers] == [path, "/ws"]


VISIT = BackendVisit(
    target="http://127.0.0.1:3000/", requested="/ws", path="/ws", websocket=True, status=401,
    connected=True,
)  # fmt: skip
VISITORS = RefusedHandshakes(
    file="/var/log/apache2/access.log", path="/ws", status=404, written="", server="apache"
)


def test_fires_where_visitors_who_logged_in_got_another_answer_than_this_run() -> None:
    observations = (APACHE, apache_config(PAGES), LISTENING, VISITORS)
    for status in (401, 302, 200):
        (claim,) = judge(CHECK, *observations, replace(VISIT, status=status), target=SHOP)
        assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
        assert claim.facts["visitors"] == 404
    assert not judge(CHECK, *observations, replace(VISIT, status=404), target=SHOP)
    assert not judge(CHECK, *observations, target=SHOP)
    parameter = PAGES.replace(":3000/\n", ":3000/ upgrade=websocket\n")
    passed = (APACHE, apache_config(parameter), LISTENING, VISITORS, VISIT)
    assert not judge(CHECK, *passed, target=SHOP)


def test_fires_for_a_path_of_the_page_whose_application_wants_a_login() -> None:
    named = WebSocketPath(source="https://shop.example.com/", path="/ws")
    observations = (APACHE, apache_config(PAGES), LISTENING, named)
    (claim,) = judge(CHECK, *observations, VISIT, target=SHOP)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert not judge(CHECK, *observations, replace(VISIT, status=404), target=SHOP)
    assert not judge(CHECK, *observations, target=SHOP)


def test_fires_where_a_person_writes_of_a_websocket_and_no_line_passes_one_on() -> None:
    target = replace(SHOP, symptom=Symptom("websocket", "WebSocket connection failed"))
    observations = (APACHE, LISTENING, page(200))
    (claim,) = judge(CHECK, *observations, apache_config(PAGES), target=target)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["unknown"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert not judge(CHECK, *observations, apache_config(), target=target)
    assert not judge(CHECK, *observations, apache_config(PAGES), target=SHOP)
    two = PAGES.replace(
        "    ProxyPass /", "    ProxyPass /api/ http://127.0.0.1:4000/\n    ProxyPass /"
    )
    assert not judge(CHECK, *observations, apache_config(two), target=target)
    slow = replace(SHOP, symptom=Symptom("slow", "slow WebSocket"))
    assert not judge(CHECK, *observations, apache_config(PAGES), target=slow)


def test_fires_and_takes_the_lines_of_caddy_away() -> None:
    text = (
        "shop.example.com {\n\treverse_proxy 127.0.0.1:3000 {\n\t\theader_up Host a\n"
        "\t\theader_up \\\n\t\t\t-Upgrade\n\t}\n}\n"
    )
    config = caddy(proxy(delete=["Upgrade"]), text=text)
    (claim,) = judge(CHECK, CADDY, config, CADDY_LISTENS, upgrade(426), target=CHAT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\t\theader_up \\\n-\t\t\t-Upgrade\n" in edit.diff
    assert "-\t\theader_up Host" not in edit.diff
