from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge

CHECK = "server.caddy-stripped-first"
USERS = replace(SHOP, path="/api/users")
PAGE = Exchange(
    url="https://shop.example.com/api/users", address="203.0.113.10", port=443, status=404
)
SITE = """\
shop.example.com {
	uri strip_prefix /api
	reverse_proxy /api/* 127.0.0.1:3000
	file_server
}
"""


def _diff(text: str, status: int = 404) -> str | None:
    config = caddy_config(text, document("shop.example.com"))
    page = replace(PAGE, status=status)
    claims = judge(CHECK, CADDY, config, page, target=USERS, masked=False)
    if not claims:
        return None
    fix = claims[0].fix
    assert fix
    edit = fix.steps[0]
    assert fix.applicability is (
        Applicability.REVIEW if isinstance(edit, Edit) else Applicability.MANUAL
    )
    return edit.diff if isinstance(edit, Edit) else ""


def test_fires_and_lets_handle_path_take_the_prefix_off() -> None:
    diff = _diff(SITE)
    assert diff
    assert "-\turi strip_prefix /api\n" in diff
    assert "+\thandle_path /api/* {\n+\t\treverse_proxy 127.0.0.1:3000\n+\t}\n" in diff


def test_fires_and_leaves_a_route_in_a_block_to_a_person() -> None:
    block = "handle /api/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}"
    assert _diff(SITE.replace("reverse_proxy /api/* 127.0.0.1:3000", block)) == ""


def test_silent_where_a_route_takes_what_is_left_or_the_line_is_in_a_block() -> None:
    assert _diff(SITE.replace("/api/* 127", "127")) is None
    rest = "\treverse_proxy /users 127.0.0.1:3001\n\tfile_server"
    assert _diff(SITE.replace("\tfile_server", rest)) is None
    inner = "handle /api/* {\n\t\turi strip_prefix /api\n\t\treverse_proxy 127.0.0.1:3000\n\t}"
    assert _diff(f"shop.example.com {{\n\t{inner}\n\tfile_server\n}}\n") is None
    assert _diff(SITE.replace("strip_prefix /api", "strip_prefix /app")) is None
    assert _diff(SITE, 200) is None
