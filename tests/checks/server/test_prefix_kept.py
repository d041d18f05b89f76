from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Confidence, Edit, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import UnservedRequests
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.prefix-kept"
SITE = """\
shop.example.com {
\thandle /api/* {
\t\treverse_proxy 127.0.0.1:3000
\t}
}
"""
USERS = replace(SHOP, path="/api/users")
URL = "https://shop.example.com/api/users"
PAGE = Exchange(url=URL, address="203.0.113.10", port=443, status=404)
WHOLE = BackendVisit(
    target="http://127.0.0.1:3000", requested="/api/users", path="/api/users", status=404
)
SHORT = replace(WHOLE, path="/users", status=200)


def config(text: str = SITE) -> WebServerConfig:
    made: Any = document("shop.example.com")
    made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"][0]["match"] = [
        {"path": ["/api/*"]}
    ]
    return caddy_config(text, made)


def test_fires_and_writes_handle_path() -> None:
    (claim,) = judge(CHECK, CADDY, config(), PAGE, WHOLE, SHORT, target=USERS, masked=False)
    assert (claim.facts["rest"], claim.facts["prefix"]) == ("/users", "/api")
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\thandle_path /api/* {\n" in edit.diff


def test_fires_and_puts_a_bare_line_into_a_handle_path() -> None:
    text = SITE.replace("handle /api/* {\n\t\treverse_proxy", "reverse_proxy /api/*")
    (claim,) = judge(CHECK, CADDY, config(text), PAGE, WHOLE, SHORT, target=USERS)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\thandle_path /api/* {" in edit.diff
    noted = text.replace("/api/* 127.0.0.1:3000", "/api/* 127.0.0.1:3000 # the data")
    noted = noted.replace("/api/* 127.0.0.1:3001", "/api/* 127.0.0.1:3001 # the data")
    assert noted != text
    (claim,) = judge(CHECK, CADDY, config(noted), PAGE, WHOLE, SHORT, target=USERS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_matcher_that_is_one_folder() -> None:
    made: Any = document("shop.example.com")
    made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"][0]["match"] = [
        {"path": ["/a"]}
    ]
    text = SITE.replace("handle /api/* {\n\t\treverse_proxy", "reverse_proxy /a")
    page = replace(PAGE, url="https://shop.example.com/a")
    whole, short = (replace(WHOLE, requested="/a", path="/a"), replace(SHORT, requested="/a"))
    visits = (whole, replace(short, path="/"))
    (claim,) = judge(
        CHECK, CADDY, caddy_config(text, made), page, *visits, target=replace(SHOP, path="/a")
    )
    assert (claim.facts["exact"], claim.facts["rest"]) == (True, "/")


def test_silent_where_the_application_has_both_or_none() -> None:
    gone, there = replace(SHORT, status=404), replace(WHOLE, status=200)
    assert not judge(CHECK, CADDY, config(), PAGE, WHOLE, gone, target=USERS)
    assert not judge(CHECK, CADDY, config(), PAGE, there, SHORT, target=USERS)
    assert not judge(CHECK, CADDY, config(), replace(PAGE, status=200), WHOLE, SHORT, target=USERS)
    assert not judge(CHECK, CADDY, config(), PAGE, WHOLE, target=USERS)


def test_silent_for_the_page_of_a_websocket_that_opens() -> None:
    opened = Upgrade(
        url="wss://shop.example.com/api/users",
        address="203.0.113.10",
        port=443,
        path="/api/users",
        accepted=True,
        status=101,
    )
    assert not judge(CHECK, CADDY, config(), PAGE, WHOLE, SHORT, opened, target=USERS)


# The application has its page for every path, and its files at the root

BOARD = """\
    acl board path_beg /board
    use_backend board if board
"""
BOARDS = (
    TEXT.replace("    default_backend", f"{BOARD}    default_backend")
    + "backend board\n    server b1 127.0.0.1:3001\n"
)
BOARD_URL = "https://shop.example.com/board/"
BOARD_PAGE = Page(url=BOARD_URL, address="203.0.113.10", port=443)
SCRIPT = PageFileResponse(
    page=BOARD_URL, file_kind="script", url=f"{BOARD_URL}js/app.js", address="203.0.113.10",
    port=443, status=200, headers=(("Content-Type", "text/html"),), is_html=True,
)  # fmt: skip
THERE = BackendVisit(
    target="http://127.0.0.1:3001", requested="/board/js/app.js", path="/js/app.js", status=200,
    media_type="text/javascript",
)  # fmt: skip
BOARD_TARGET = replace(SHOP, path="/board/")


def judge_board(*evidence: Any, text: str = BOARDS) -> Any:
    return judge(CHECK, SERVER, haproxy_config(text), BOARD_PAGE, *evidence, target=BOARD_TARGET)


def test_fires_where_the_files_of_a_page_are_at_the_root_of_the_application() -> None:
    (claim,) = judge_board(SCRIPT, THERE)
    assert (claim.facts["file"], claim.facts["html"], claim.facts["rest"]) == (
        True, True, "/js/app.js",
    )  # fmt: skip
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-request replace-path ^/board(/|$)(.*) /\\2\n" in edit.diff
    missing = replace(SCRIPT, status=404, is_html=False)
    (claim,) = judge_board(missing, THERE)
    assert claim.facts["html"] is False


def test_silent_where_the_start_page_comes_again_or_the_file_comes() -> None:
    assert not judge_board(SCRIPT, replace(THERE, media_type="text/html"))
    assert not judge_board(SCRIPT, replace(THERE, media_type=""))
    assert not judge_board(SCRIPT, replace(THERE, status=404))
    script = replace(SCRIPT, is_html=False, headers=(("Content-Type", "text/javascript"),))
    assert not judge_board(script, THERE)
    assert not judge_board(SCRIPT)


MISSED = UnservedRequests(
    vantage=Vantage.SERVER, file="/a.log", path="/api/users", folder="/api", written="12:00",
    times=2, server="caddy",
)  # fmt: skip
WELL = replace(PAGE, url=SHOP.url, status=200)
MADE_UP = replace(SHORT, path="/users-diagnose-7f3a", status=404)


def test_fires_for_a_path_that_programs_ask_for_again_and_again() -> None:
    (claim,) = judge(CHECK, CADDY, config(), WELL, MISSED, WHOLE, SHORT, MADE_UP, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["path"], claim.facts["rest"]) == ("/api/users", "/users")


def test_silent_for_the_address_of_an_interface_that_need_not_be_there() -> None:
    missed = replace(MISSED, path="/api/")
    whole = replace(WHOLE, requested="/api/", path="/api/")
    root = replace(whole, path="/", status=200, media_type="text/html")
    made_up = replace(root, path="/-diagnose-7f3a", status=404)
    seen = (CADDY, config(), WELL, whole, root, made_up)
    assert not judge(CHECK, *seen, missed, masked=False)
    assert judge(CHECK, *seen, replace(missed, beside=2), masked=False)


RULE = "RewriteRule ^/?(.*) ws://127.0.0.1:3000/$1 [P,L]"
APACHE_SITE = f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    SSLEngine on
    RewriteEngine On
    RewriteCond %{{HTTP:Upgrade}} websocket [NC]
    {RULE}
    ProxyPass /app/ http://127.0.0.1:3000/
</VirtualHost>
"""
STREAM = replace(SHOP, websockets=("/app/ws",))
WITH_FOLDER = BackendVisit(
    target="ws://127.0.0.1:3000/$1", requested="/app/ws", path="/app/ws", status=404,
    websocket=True,
)  # fmt: skip
REFUSED_STREAM = replace(upgrade(404), url="wss://shop.example.com/app/ws", path="/app/ws")
WITHOUT_FOLDER = replace(WITH_FOLDER, path="/ws", status=101, accepted=True)


def test_fires_where_the_rule_for_websockets_keeps_what_the_pages_route_takes_off() -> None:
    rest = (REFUSED_STREAM, WITH_FOLDER, WITHOUT_FOLDER)
    (claim,) = judge(CHECK, APACHE, apache_config(APACHE_SITE), *rest, target=STREAM)
    assert (claim.facts["prefix"], claim.facts["rest"]) == ("/app", "/ws")
    assert str(claim.facts["sibling"]).endswith(":7")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteRule ^/app/(.*) ws://127.0.0.1:3000/$1 [P,L]\n" in edit.diff
    narrow = APACHE_SITE.replace(RULE, "RewriteRule ^/(app/ws) ws://127.0.0.1:3000/$1 [P,L]")
    (claim,) = judge(CHECK, APACHE, apache_config(narrow), *rest, target=STREAM)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_no_route_to_the_same_application_takes_the_folder_off() -> None:
    rest = (REFUSED_STREAM, WITH_FOLDER, WITHOUT_FOLDER)
    other = APACHE_SITE.replace("http://127.0.0.1:3000/", "http://127.0.0.1:3001/")
    assert not judge(CHECK, APACHE, apache_config(other), *rest, target=STREAM)
    same = APACHE_SITE.replace("http://127.0.0.1:3000/", "http://127.0.0.1:3000/app/")
    assert not judge(CHECK, APACHE, apache_config(same), *rest, target=STREAM)
    closed = replace(WITHOUT_FOLDER, status=404, accepted=False)
    assert not judge(CHECK, APACHE, apache_config(APACHE_SITE), *rest[:2], closed, target=STREAM)
