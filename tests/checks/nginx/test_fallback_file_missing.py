"""nginx.fallback-file-missing: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence
from diagnose.model.files import PageFileAccess, PathComponent
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.fallback-file-missing"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/shop;
    location / {
        try_files $uri /index.php?$query_string;
    }
    location ~ \\.php$ {
        try_files $uri =404;
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""
PAGE = page(404)
GONE = PageFileAccess(
    url=PAGE.url,
    path="/srv/shop/index.php",
    mistake="no-fallback",
    parts=(PathComponent("/srv/shop", 0, "root", 0, "root", 0o755),),
)


def test_fires_where_the_script_is_not_there() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), PAGE, GONE, masked=False)
    assert claim.facts["path"] == "/srv/shop/index.php"
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_an_application_in_a_folder_and_writes_its_location() -> None:
    below = replace(GONE, elsewhere="/srv/shop/blog/index.php")
    (claim,) = judge(CHECK, RUNNING, config(SITE), PAGE, below, masked=False)
    assert claim.facts["own"] == (
        "location /blog/ { try_files $uri /blog/index.php?$query_string; }"
    )


def test_silent_where_the_page_came_or_the_file_is_elsewhere() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), page(200), GONE)
    assert not judge(CHECK, RUNNING, config(SITE), PAGE, replace(GONE, mistake="root"))
