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


def location_written(text: str) -> str:
    """The edit; "" if a person is to write it."""
    below = replace(GONE, elsewhere="/srv/shop/blog/index.php")
    (claim,) = judge(CHECK, RUNNING, config(text), PAGE, below, masked=False)
    assert claim.fix
    is_written = claim.fix.applicability is Applicability.REVIEW
    return str(claim.fix.steps[0]).replace("\\n", "\n") if is_written else ""


def test_fires_and_writes_the_location_with_the_rules_of_the_other() -> None:
    closed = SITE.replace(
        "        try_files $uri /", "        auth_basic shop;\n        try_files $uri /"
    )
    edit = location_written(closed)
    assert "+    location /blog/ {\n+        auth_basic shop;\n" in edit
    assert "+        try_files $uri /blog/index.php?$query_string;" in edit


def test_fires_and_leaves_other_locations_to_a_person() -> None:
    assert not location_written(SITE.replace("location / {", "location ^~ / {"))
    block = "        limit_except GET { deny all; }\n        try_files $uri /"
    assert not location_written(SITE.replace("        try_files $uri /", block))


NAMED = SITE.replace("try_files $uri /index.php?$query_string;", "try_files $uri @page;").replace(
    "    location ~", "    location @page { try_files /index.html =404; }\n    location ~"
)
PAGE_GONE = replace(GONE, path="/srv/shop/index.html")


def test_fires_where_the_page_of_a_build_is_not_there() -> None:
    (claim,) = judge(CHECK, RUNNING, config(NAMED), PAGE, PAGE_GONE, masked=False)
    assert claim.facts["directive"] == "try_files /index.html =404"
    assert not claim.facts["script"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_the_page_is_in_the_folder_of_the_build() -> None:
    built = replace(PAGE_GONE, mistake="below", elsewhere="/srv/shop/dist/index.html")
    (claim,) = judge(CHECK, RUNNING, config(NAMED), PAGE, built, masked=False)
    assert claim.facts["built"] == "/srv/shop/dist/index.html"
    assert claim.fix
    assert "+    root /srv/shop/dist;" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_silent_where_the_page_came_or_the_file_is_elsewhere() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), page(200), GONE)
    assert not judge(CHECK, RUNNING, config(SITE), PAGE, replace(GONE, mistake="root"))
