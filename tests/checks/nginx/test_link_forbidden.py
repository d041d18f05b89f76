"""nginx.link-forbidden: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_evidence import answered, loads, script

CHECK = "nginx.link-forbidden"
LINKS = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/web;
    disable_symlinks if_not_owner from=$document_root;
    location / {
        index index.html;
    }
}
"""
ERROR = 'openat() "/srv/web/build/app.js" failed (40: Too many levels of symbolic links)'
LINE = logged(ERROR)


def test_fires_and_opens_nothing_by_itself() -> None:
    (claim,) = judge(CHECK, RUNNING, config(LINKS), LOG_READ, LINE, page(403), masked=False)
    assert claim.facts["file"] == "/srv/web/build/app.js"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    owned, follow = claim.fix.steps
    assert isinstance(owned, Manual)
    assert isinstance(follow, Manual)
    assert not owned.commands
    edit = follow.commands[0]
    assert isinstance(edit, Edit)
    assert "+        disable_symlinks off;" in edit.diff


def test_fires_on_every_link_and_names_no_owner() -> None:
    text = LINKS.replace("if_not_owner", "on")
    (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, LINE, page(403))
    assert not claim.facts["owned"]
    assert claim.fix
    assert len(claim.fix.steps) == 1


def test_fires_on_a_file_of_the_page() -> None:
    file = script("/build/app.js")
    line = replace(LINE, request="GET /build/app.js HTTP/1.1")
    refused = answered(file, 403, "text/html", is_html=True)
    (claim,) = judge(
        CHECK, RUNNING, config(LINKS), LOG_READ, line, page(200), loads(file), refused, masked=False
    )
    assert claim.facts["status"] == 403


@pytest.mark.parametrize(
    "text",
    [
        LINKS.replace("if_not_owner from=$document_root", "off"),
        LINKS.replace("    disable_symlinks if_not_owner from=$document_root;\n", ""),
    ],
)
def test_silent_where_links_are_followed(text: str) -> None:
    assert not judge(CHECK, RUNNING, config(text), LOG_READ, LINE, page(403))


def test_silent_where_the_page_comes() -> None:
    assert not judge(CHECK, RUNNING, config(LINKS), LOG_READ, LINE, page(200))
