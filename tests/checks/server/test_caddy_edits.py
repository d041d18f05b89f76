from checks.server import server_view
from checks.server._caddy_edits import handle_path_edit
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import evidence


def edited(text: str, prefix: str = "/docs") -> str:
    config = caddy_config(text, document("shop.example.com"))
    view = server_view(evidence(CADDY, config))
    edit = handle_path_edit(view, prefix) if view else None
    return edit.diff if edit else ""


def test_the_one_line_is_changed() -> None:
    assert "+\thandle_path /docs/* {" in edited("a {\n\thandle /docs/* {\n\t}\n}\n")
    assert "+\thandle_path /docs/* {" in edited("a {\n\troute /docs/* {\n\t}\n}\n")


def test_no_line_or_several_are_left() -> None:
    assert not edited("a {\n\treverse_proxy /docs/* b\n}\n")
    assert not edited("a {\n\thandle /docs/* {\n\t}\n\thandle /docs/* {\n\t}\n}\n")
    assert not edited("a {\n\thandle /docs/* {\n\t}\n}\n", "/other")
