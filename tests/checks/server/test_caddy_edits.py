from checks.server import server_view
from checks.server._caddy_edits import file_server_edit, handle_path_edit, rewrite_edit
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


def unchanged(text: str, line: int) -> str:
    config = caddy_config(text, document("shop.example.com"))
    view = server_view(evidence(CADDY, config))
    edit = rewrite_edit(view, config.path, line) if view else None
    return edit.diff if edit else ""


API = """\
a {
	handle /api/* {
		uri strip_prefix /api
		reverse_proxy b {
			header_up A b
		}
	}
	uri strip_prefix /b
}
"""


def test_the_rewrite_of_the_same_block_is_deleted() -> None:
    assert "-\t\turi strip_prefix /api\n" in unchanged(API, 4)
    target = API.replace("uri strip_prefix /api", "rewrite * /api{uri}")
    assert "-\t\trewrite * /api{uri}\n" in unchanged(target, 4)


def test_several_rewrites_or_none_are_left() -> None:
    several = "\t\turi strip_prefix /api\n" * 2
    assert not unchanged(API.replace("\t\turi strip_prefix /api\n", several), 5)
    assert not unchanged(API.replace("\t\turi strip_prefix /api\n", ""), 3)
    assert not unchanged(API, 400)


def served(text: str) -> str:
    config = caddy_config(text, document("shop.example.com"))
    view = server_view(evidence(CADDY, config))
    edit = file_server_edit(view, config.sites[0]) if view else None
    return edit.diff if edit else ""


ROOT = "shop.example.com {\n\troot * /srv\n\ttry_files {path} /index.html\n\tencode gzip\n}\n"


def test_the_files_are_served_behind_their_directives() -> None:
    assert " \ttry_files {path} /index.html\n+\tfile_server\n" in served(ROOT)
    assert not served(ROOT.replace("encode gzip", "file_server"))
    assert not served(ROOT.replace("encode gzip", "import files"))
    assert not served(ROOT.replace("encode gzip", "root /a/* /srv/a"))
