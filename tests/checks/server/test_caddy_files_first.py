from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.server_rules import HandledPath, ServedFolder
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge

CHECK = "server.caddy-files-first"
USERS = replace(SHOP, path="/api/users")
FOLDER = ServedFolder(
    "/api/users", "/srv/docs", "/api/users", fallback="/index.html", bypassed="localhost:3001",
    matcher="path /api/*",
)  # fmt: skip
SITE = replace(
    caddy_config("shop.example.com {\n}\n", document("shop.example.com")), folders=(FOLDER,)
)
PAGE = Exchange(
    url="https://shop.example.com/api/users", address="203.0.113.10", port=443, status=200,
    headers=(("Content-Type", "text/html; charset=utf-8"),),
)  # fmt: skip


def test_fires_where_a_page_of_files_comes() -> None:
    (claim,) = judge(CHECK, CADDY, SITE, PAGE, target=USERS, masked=False)
    assert (claim.facts["fallback"], claim.facts["application"]) == (
        "/index.html",
        "localhost:3001",
    )
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_fires_for_a_websocket() -> None:
    chat = replace(SHOP, websockets=("/ws",))
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=200
    )
    site = replace(SITE, folders=(replace(FOLDER, requested="/ws", path="/ws", websocket=True),))
    (claim,) = judge(CHECK, CADDY, site, refused, target=chat, masked=False)
    assert claim.severity is Severity.ERROR


def test_silent_where_the_application_answers_or_a_file_is_there() -> None:
    data = replace(PAGE, headers=(("Content-Type", "application/json"),))
    assert not judge(CHECK, CADDY, SITE, data, target=USERS)
    for folder in (replace(FOLDER, bypassed=""), replace(FOLDER, fallback="")):
        assert not judge(CHECK, CADDY, replace(SITE, folders=(folder,)), PAGE, target=USERS)


def test_fires_where_the_file_server_comes_first_and_has_no_such_file() -> None:
    site = replace(SITE, folders=(replace(FOLDER, fallback=""),))
    (claim,) = judge(CHECK, CADDY, site, replace(PAGE, status=404), target=USERS, masked=False)
    assert claim.facts["order"] is True
    assert claim.fix is not None


WHOLE = """\
shop.example.com {
	handle_path /api/* {
		reverse_proxy 127.0.0.1:3000
	}
	root * /srv/docs
	try_files {path} /index.html
	file_server
}
"""
HANDLED = HandledPath(product="caddy", path="/api/users", folders=(FOLDER,))


def test_fires_once_for_data_and_websocket_of_the_page_and_puts_the_files_in_a_block() -> None:
    data = replace(PAGE, purpose="data")
    refused = Upgrade(
        url="wss://shop.example.com/ws?v=4",
        path="/ws?v=4",
        address="203.0.113.10",
        port=443,
        status=200,
    )
    folder = replace(FOLDER, requested="/ws", path="/ws", websocket=True)
    socket = replace(HANDLED, path="/ws", websocket=True, folders=(folder,))
    config = caddy_config(WHOLE, document("shop.example.com"))
    observations = (CADDY, config, HANDLED, socket, data, refused)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.severity is Severity.ERROR
    assert {"/api/users", "/ws", "/ws?v=4"} <= {subject.path for subject in claim.covers}
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = "+\thandle {\n+\t\ttry_files {path} /index.html\n+\t\tfile_server\n"
    assert added in edit.diff


def _diff(text: str) -> str:
    config = caddy_config(text, document("shop.example.com"))
    data = replace(PAGE, purpose="data")
    (claim,) = judge(CHECK, CADDY, config, HANDLED, data, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    return edit.diff if isinstance(edit, Edit) else ""


IN_A_BLOCK = "handle_path /api/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}"


def test_an_application_in_no_block_gets_one_beside_that_of_the_files() -> None:
    diff = _diff(WHOLE.replace(IN_A_BLOCK, "reverse_proxy /api/* 127.0.0.1:3000"))
    assert "+\thandle /api/* {\n+\t\treverse_proxy 127.0.0.1:3000\n+\t}\n" in diff
    assert "+\thandle {\n+\t\ttry_files {path} /index.html\n+\t\tfile_server\n+\t}\n" in diff


def test_an_application_keeps_its_own_block_and_a_matcher_by_name() -> None:
    named = "@api path /api/*\n\treverse_proxy @api 127.0.0.1:3000 {\n\t\theader_up A b\n\t}"
    added = "+\thandle @api {\n+\t\treverse_proxy 127.0.0.1:3000 {\n+\t\t\theader_up A b\n"
    assert added in _diff(WHOLE.replace(IN_A_BLOCK, named))


def test_lines_that_rely_on_the_order_are_left_to_a_person() -> None:
    for line in ("respond /health 200", "php_fastcgi 127.0.0.1:9000", "import common"):
        assert not _diff(WHOLE.replace("\tfile_server\n", f"\tfile_server\n\t{line}\n"))
    assert not _diff(WHOLE.replace(IN_A_BLOCK, "reverse_proxy 127.0.0.1:3000"))


def test_silent_for_data_that_come() -> None:
    config = caddy_config(WHOLE, document("shop.example.com"))
    data = replace(PAGE, purpose="data", headers=(("Content-Type", "application/json"),))
    assert not judge(CHECK, CADDY, config, HANDLED, data, masked=False)


REWRITTEN = replace(FOLDER, fallback="/index.php", by_rewrite=True)


def _spared(matcher: str) -> str:
    text = (
        f"shop.example.com {{\n{matcher}\trewrite @php /index.php?{{query}}\n"
        "\treverse_proxy /api/* 127.0.0.1:3000\n\tphp_fastcgi 127.0.0.1:9000\n}\n"
    )
    config = replace(caddy_config(text, document("shop.example.com")), folders=(REWRITTEN,))
    (claim,) = judge(CHECK, CADDY, config, PAGE, target=USERS, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    return edit.diff if isinstance(edit, Edit) else ""


def test_fires_for_a_rewrite_and_spares_the_path_of_the_application() -> None:
    line = "+\t\tnot path /api/*\n"
    assert f"+\t@php {{\n+\t\tnot file\n{line}+\t}}\n" in _spared("\t@php not file\n")
    assert line in _spared("\t@php {\n\t\tnot file\n\t}\n")
    assert not _spared("\t@php {\n\t\tnot file\n\t\tmethod GET\n\t}\n")
