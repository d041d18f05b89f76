"""server.file-beside-program: a file of the page in the folder of the program that answers 404."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Manual, Observation, Vantage
from diagnose.model.files import PathComponent, SiblingFile
from diagnose.model.pages import Page, PageFile
from diagnose.model.web_servers import WebServer, WebServerConfig
from tests.checks.server.test_caddy_proxy_first import PAGE, URL, handled, response
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.file-beside-program"
SITE = "shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n"
CADDY_SITE = caddy_config(SITE, document("shop.example.com"))


def claims(
    server: WebServer,
    site: WebServerConfig,
    path: str = "/static/a.css",
    *more: Observation,
    page: Page = PAGE,
    mode: int = 0o644,
) -> list[Claim]:
    file = f"/srv/shop{path}"
    parts = (PathComponent(file, 0, "root", 0, "root", mode, folder=False),)
    sibling = SiblingFile(
        vantage=Vantage.SERVER, path=file, url=f"{URL}{path}", of_program=True, parts=parts,
        uid=33, user="www-data",
    )  # fmt: skip
    loads = replace(page, files=(PageFile("stylesheet", f"{URL}{path}"),))
    return judge(CHECK, server, site, loads, response(path), sibling, *more, masked=False)


def added(claim: Claim) -> list[str]:
    assert claim.fix
    steps = [
        each
        for step in claim.fix.steps
        for each in (step.commands if isinstance(step, Manual) else (step,))
    ]
    diffs = "".join(step.diff for step in steps if isinstance(step, Edit))
    return [line[1:].strip() for line in diffs.splitlines() if line[:1] == "+" != line[1:2]]


def test_fires_with_the_block_of_caddy() -> None:
    (claim,) = claims(CADDY, CADDY_SITE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert added(claim) == [
        "handle_path /static/* {", "root * /srv/shop/static", "file_server", "}",
    ]  # fmt: skip


def test_fires_with_the_lines_of_apache() -> None:
    site = apache_config(HTTPS)
    (claim,) = claims(APACHE, site)
    assert added(claim) == [
        "ProxyPass /static/ !", "Alias /static/ /srv/shop/static/",
        "<Directory /srv/shop/static>", "Require all granted", "</Directory>",
    ]  # fmt: skip
    without = replace(site, modules=("proxy", "proxy_http"))
    assert not added(*claims(APACHE, without))


def test_fires_for_haproxy_which_serves_no_files() -> None:
    (claim,) = claims(SERVER, config(TEXT))
    assert claim.facts["haproxy"]
    assert not added(claim)


def test_a_person_chooses_where_the_folder_may_hold_more_than_visitors_may_have() -> None:
    (claim,) = claims(CADDY, CADDY_SITE, "/media/a.css")
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert "root * /srv/shop/media" in added(claim)


def test_no_edit_where_the_application_has_files_of_the_folder() -> None:
    (claim,) = claims(CADDY, CADDY_SITE, "/static/a.css", response("/static/b.css", 200))
    assert not added(claim)


def test_silent_where_a_line_names_the_folder_or_the_file_came() -> None:
    assert not claims(CADDY, CADDY_SITE, "/static/a.css", handled("/static/a.css"))
    assert not claims(CADDY, CADDY_SITE, "/a.css")
    sibling = SiblingFile(path="/srv/shop/static/a.css", url=f"{URL}/static/a.css")
    assert not judge(CHECK, CADDY, CADDY_SITE, PAGE, response("/static/a.css", 200), sibling)


def test_a_person_gives_the_rights_where_the_server_may_not_read_yet() -> None:
    (claim,) = claims(APACHE, apache_config(HTTPS), mode=0o600)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["denied"] == ("/srv/shop/static/a.css",)
    assert "ProxyPass /static/ !" in added(claim)
