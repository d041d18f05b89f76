from dataclasses import replace

from diagnose.model import Applicability, Edit, Manual
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.expression-first"
FILE = sheet("/static/css/app.css")
MISSING = (loads(FILE), answered(FILE, 404))
IS_THERE = "/srv/shop/static/css/app.css"
ACCESS = examined(IS_THERE, exists=True, elsewhere=IS_THERE, mistake="expression")
STATIC = "location /static/ { alias /srv/shop/static/; }"
ENDINGS = r"location ~* \.(css|js)$ { proxy_pass http://127.0.0.1:8000; }"


def site(*lines: str) -> str:
    body = "\n  ".join(lines)
    return f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {body}\n}}\n"


def test_fires_for_a_file_of_the_page_that_is_passed_on() -> None:
    (claim,) = judge(CHECK, RUNNING, config(site(STATIC, ENDINGS)), *MISSING, page(200), ACCESS)
    assert (claim.facts["prefix"], claim.facts["elsewhere"]) == ("/static/", IS_THERE)
    assert claim.facts["application"] == "http://127.0.0.1:8000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+  location ^~ /static/ { alias /srv/shop/static/; }" in edit.diff


def test_fires_for_the_target_itself() -> None:
    target = replace(SHOP, path="/static/css/app.css")
    refused = replace(page(404), url=target.url)
    text = site("root /srv/blog;", STATIC, r"location ~* \.css$ { expires 30d; }")
    access = examined("/srv/blog/static/css/app.css", elsewhere=IS_THERE, mistake="expression")
    (claim,) = judge(CHECK, RUNNING, config(text), refused, access, target=target)
    assert (claim.facts["application"], claim.facts["path"]) == ("", access.path)


def test_fires_and_gives_the_expression_the_folder_of_a_root() -> None:
    target = replace(SHOP, path="/app.css")
    refused = replace(page(404), url=target.url)
    text = site("location / { root /srv/blog; }", r"location ~* \.css$ { expires 30d; }")
    access = examined(
        "/usr/share/nginx/html/app.css",
        url="/app.css",
        elsewhere="/srv/blog/app.css",
        mistake="expression",
    )
    (claim,) = judge(CHECK, RUNNING, config(text), refused, access, target=target)
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "root /srv/blog;\n" in edit.diff.partition("+  location ~*")[2]


def test_fires_and_opens_nothing_that_another_expression_closes() -> None:
    text = site(STATIC, ENDINGS, r"location ~ /\. { deny all; }")
    (claim,) = judge(CHECK, RUNNING, config(text), *MISSING, page(200), ACCESS)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "prefer-the-prefix"
    ]


def test_silent_where_nginx_looks_for_a_file_of_the_page_itself() -> None:
    """nginx.page-file-not-found says it."""
    text = site("root /srv/blog;", STATIC, r"location ~* \.css$ { expires 30d; }")
    access = examined("/srv/blog/static/css/app.css", elsewhere=IS_THERE, mistake="expression")
    assert not judge(CHECK, RUNNING, config(text), *MISSING, page(200), access)


def test_silent_where_the_prefix_comes_first_or_the_file_is_elsewhere() -> None:
    text = site(STATIC.replace("/static/ {", "^~ /static/ {"), ENDINGS)
    assert not judge(CHECK, RUNNING, config(text), *MISSING, page(200), ACCESS)
    other = replace(ACCESS, mistake="slash")
    assert not judge(CHECK, RUNNING, config(site(STATIC, ENDINGS)), *MISSING, page(200), other)


def test_silent_for_a_script_whose_source_nobody_shall_see() -> None:
    """PHP-FPM answers 404 "File not found.": a plain file would show the source."""
    target = replace(SHOP, path="/index.php")
    refused = replace(page(404), url=target.url)
    text = site("location / { root /srv/blog; }", r"location ~ \.php$ { fastcgi_pass [::1]:9000; }")
    access = examined(
        "/scripts/index.php", url="/index.php", elsewhere="/srv/blog/index.php",
        mistake="expression",
    )  # fmt: skip
    assert not judge(CHECK, RUNNING, config(text), refused, access, target=target)


def test_fires_and_shows_the_source_of_no_script_below_the_prefix() -> None:
    text = site(STATIC, ENDINGS, r"location ~ \.php$ { fastcgi_pass [::1]:9000; }")
    (claim,) = judge(CHECK, RUNNING, config(text), *MISSING, page(200), ACCESS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
