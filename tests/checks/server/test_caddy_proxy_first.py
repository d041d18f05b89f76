from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Observation
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.server_rules import HandledPath
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge

CHECK = "server.caddy-proxy-first"
URL = "https://shop.example.com"
SITE = """\
shop.example.com {
	root * /srv/app
	file_server
	reverse_proxy 127.0.0.1:8000
}
"""
PAGE = Page(url=f"{URL}/", address="203.0.113.10", port=443)


def response(path: str, status: int = 404) -> PageFileResponse:
    return PageFileResponse(
        page=PAGE.url, url=f"{URL}{path}", file_kind="stylesheet", status=status,
        address="203.0.113.10", port=443, headers=(("Content-Type", "text/html"),),
    )  # fmt: skip


def handled(path: str) -> HandledPath:
    return HandledPath(
        product="caddy", path=path, unserved_file=f"/srv/app{path}", unserved_root="/srv/app",
        application="127.0.0.1:8000",
    )  # fmt: skip


def edit_of(text: str, *paths: str, others: tuple[Observation, ...] = ()) -> str:
    """Return the added lines of the one claim's edit; "" if a person writes them."""
    files = tuple(PageFile("stylesheet", f"{URL}{path}") for path in paths)
    found = [each for path in paths for each in (response(path), handled(path))]
    config = caddy_config(text, document("shop.example.com"))
    (claim,) = judge(
        CHECK, CADDY, config, replace(PAGE, files=files), *found, *others, masked=False
    )
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Edit) == (claim.fix.applicability is Applicability.REVIEW)
    if not isinstance(step, Edit):
        return ""
    added = [line[1:] for line in step.diff.splitlines() if line.startswith("+\t")]
    return "\n".join(line.strip() for line in added)


BLOCK = "handle {matcher} {{\nroot * /srv/app\nfile_server\n}}"


def test_fires_the_folder_of_the_file_gets_a_handle_and_not_the_whole_root() -> None:
    block = BLOCK.format(matcher="/static/*")
    assert edit_of(SITE, "/static/css/a.css") == block
    assert edit_of(SITE, "/static/css/a.css", "/static/js/b.css") == block
    assert edit_of(SITE.replace("file_server", "file_server /static/*"), "/static/a.css") == block


def test_a_folder_that_may_have_more_than_files_is_not_served_whole() -> None:
    assert edit_of(SITE, "/shop/css/a.css") == BLOCK.format(matcher="/shop/css/*.css")
    assert edit_of(SITE, "/a.css") == BLOCK.format(matcher="/a.css")
    both = f"@files path /a.css /shop/*.css\n{BLOCK.format(matcher='@files')}"
    assert edit_of(SITE, "/a.css", "/shop/b.css") == both


def test_the_application_keeps_the_folder_from_which_it_answers() -> None:
    came = response("/static/c.css", 200)
    block = BLOCK.format(matcher="/static/a.css")
    assert edit_of(SITE, "/static/a.css", others=(came,)) == block
    page = Exchange(url=f"{URL}/static/", address="203.0.113.10", port=443, status=200)
    block = BLOCK.format(matcher="/static/css/*.css")
    assert edit_of(SITE, "/static/css/a.css", others=(page,)) == block


def test_a_person_writes_the_block_where_another_guards_or_the_files_are_in_one() -> None:
    guarded = SITE.replace("\treverse", "\tbasic_auth {\n\t\ta b\n\t}\n\treverse")
    inner = SITE.replace("\tfile_server", "\troute {\n\t\tfile_server\n\t}")
    twice = SITE.replace("\tfile_server", "\tfile_server /a/*\n\tfile_server /b/*")
    for text in (guarded, inner, twice, SITE.replace("\tfile_server", "\timport files")):
        assert not edit_of(text, "/static/a.css")


def test_silent_without_the_file_or_where_it_comes() -> None:
    path = "/static/a.css"
    config = caddy_config(SITE, document("shop.example.com"))
    page = replace(PAGE, files=(PageFile("stylesheet", f"{URL}{path}"),))
    missing = replace(handled(path), unserved_file="")
    assert not judge(CHECK, CADDY, config, page, response(path), missing, masked=False)
    for status in (200, 403, 502):
        found = response(path, status)
        assert not judge(CHECK, CADDY, config, page, found, handled(path), masked=False)
