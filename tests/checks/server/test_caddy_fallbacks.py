"""A fallback for an application in the browser whose files Caddy serves in a block."""

from dataclasses import replace

import pytest

from checks.server import ServerView
from checks.server._caddy_fallbacks import block_fallback_edit
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig, WebSite
from tests.support.check_evidence import evidence

FILE = "/etc/caddy/Caddyfile"
BARE = SiteFolder(path="/srv/dist", requested="/about", exists=True)
FOLDER = replace(BARE, index_files=("index.html",), is_application=True)
TRIED = "try_files {path} /index.html"


def diff(*lines: str, folder: SiteFolder = FOLDER) -> str:
    text = "".join(f"{line}\n" for line in ("shop.example.com {", *lines, "}"))
    site = WebSite(names=("shop.example.com",), file=FILE, line=1, end=text.count("\n"))
    config = WebServerConfig(
        product="caddy", path=FILE, sites=(site,), files=(ServerFile(FILE, text),)
    )
    server = WebServer(product="caddy", config=FILE, ports=(443,))
    view = ServerView(evidence(server, config), server, config, None)
    edit = block_fallback_edit(view, site, folder)
    return edit.diff if edit else ""


API = ("\thandle_path /api/* {", "\t\treverse_proxy app:3000", "\t}")


@pytest.mark.parametrize("head", ["handle", "handle_path /app/*", "route"])
def test_a_fallback_stands_before_the_files_of_a_block(head: str) -> None:
    block = (f"\t{head} {{", "\t\troot * /srv/dist", "\t\tencode gzip", "\t\tfile_server", "\t}")
    assert f"+\t\t{TRIED}\n \t\tfile_server\n" in diff(*API, *block)


def test_the_folder_may_stand_outside_of_the_block() -> None:
    assert TRIED in diff("\troot * /srv/dist", *API, "\thandle {", "\t\tfile_server", "\t}")


def test_a_fallback_below_the_files_of_a_route_is_moved() -> None:
    head = ("\troot * /srv/dist", "\troute {", "\t\tfile_server")
    text = diff(*head, f"\t\t{TRIED}", "\t}")
    assert f"+\t\t{TRIED}\n \t\tfile_server\n-\t\t{TRIED}\n" in text


@pytest.mark.parametrize(
    "lines",
    [
        ("\troot * /srv/dist", "\tfile_server"),  # in no block: another edit's
        ("\troot * /srv/other", "\thandle {", "\t\tfile_server", "\t}"),
        ("\troot * /srv/dist", "\thandle {", "\t\trewrite * /a", "\t\tfile_server", "\t}"),
        ("\troot * /srv/dist", "\thandle {", "\t\timport a", "\t\tfile_server", "\t}"),
        ("\troot * /srv/dist", "\thandle {", "\t\tfile_server browse", "\t}"),
        ("\troot * /srv/dist", "\thandle {", f"\t\t{TRIED}", "\t\tfile_server", "\t}"),
        ("\troot * /srv/dist", "\thandle {", "\t\tfile_server", f"\t\t{TRIED}", "\t}"),
        ("\troot * /srv/dist", "\tredir /a {", "\t\tfile_server", "\t}"),
        ("\troot * /srv/dist", "\thandle {", "\t\tfile_server", "\t}", "\tfile_server"),
    ],
)
def test_no_fallback_is_written_where_something_else_may_be_meant(lines: tuple[str, ...]) -> None:
    assert not diff(*lines)


def test_no_fallback_is_written_without_its_page() -> None:
    block = ("\troot * /srv/dist", "\thandle {", "\t\tfile_server", "\t}")
    assert not diff(*block, folder=BARE)
