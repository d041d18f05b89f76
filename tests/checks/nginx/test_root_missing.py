"""nginx.root-missing: when it fires, and when it is silent."""

from typing import Any

import pytest

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.root-missing"
NGINX_PAGE = "<h1>404 Not Found</h1></center><hr><center>nginx/1.26.3</center>"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    index index.php;
    location / {
        root /srv/shop;
        try_files $uri $uri/ /index.php?$args;
    }
    location ~ \\.php$ {
        fastcgi_pass unix:/run/php.sock;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }
}
"""


def judged(text: str, body: str = NGINX_PAGE, status: int = 404) -> list[Any]:
    return judge(CHECK, RUNNING, config(text), page(status, body), masked=False)


@pytest.mark.parametrize("body", [NGINX_PAGE, "File not found.\n"])
def test_fires_and_writes_the_folder_into_the_server_block(body: str) -> None:
    (claim,) = judged(SITE, body)
    assert (claim.severity, claim.facts["script"]) == (None, "/index.php")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    root /srv/shop;" in edit.diff


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace("index index.php;", "root /srv/shop; index index.php;"),
        SITE.replace("fastcgi_pass", "root /srv/shop; fastcgi_pass"),
        SITE.replace("$document_root$fastcgi_script_name", "/srv/shop/index.php"),
        SITE.replace("/index.php?$args", "=404").replace("index index.php;", ""),
    ],
    ids=["in the server block", "in both", "told PHP", "not led on"],
)
def test_silent_where_the_folder_is_known(text: str) -> None:
    assert not judged(text)


def test_silent_where_the_application_answers() -> None:
    assert not judged(SITE, "<h1>No such page</h1>")
    assert not judged(SITE, status=200)


def test_fires_as_a_warning_by_the_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="GET", path="/tea", status=404, written="", is_from_page=True
    )
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(200), failure, masked=False)
    assert (claim.severity, claim.facts["paths"]) == (Severity.WARNING, ("/tea",))
