"""nginx.target-not-found: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.page_errors import page
from tests.support.page_file_access import examined, part

CHECK = "nginx.target-not-found"


def site(body: str) -> str:
    return f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {body}\n}}\n"


def seen(path: str, body: str, file: str, **other: Any) -> Any:
    target = replace(SHOP, path=path)
    response = replace(page(404), url=f"https://shop.example.com{path}")
    access = examined(file, url=path, **other)
    return target, (RUNNING, config(site(body)), response, access)


def test_fires_on_a_root_that_should_be_an_alias() -> None:
    target, evidence = seen(
        "/app/", "location /app { root /srv/dist; }", "/srv/dist/app",
        elsewhere="/srv/dist/index.html", mistake="root",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "alias /srv/dist;" in str(claim.fix.steps[0])


STYLES = "/pma/themes/dark/theme.css"
OPENED, THERE = "/usr/share/pma/pma/themes/dark/theme.css", "/usr/share/pma/themes/dark/theme.css"


@pytest.mark.parametrize(
    ("rules", "written"),
    [
        (
            "location /pma { alias /usr/share/pma/; "
            r"location ~ ^/pma/(.+\.(css|js))$ { root /usr/share/pma/; } }",
            "root /usr/share;",
        ),
        (r"location ~ ^/pma/.+\.css$ { root /usr/share/pma; }", "root /usr/share;"),
        (
            r"location /pma/ { root /usr/share/pma; location ~ \.css$ { expires 1d; } }",
            "root /usr/share;",
        ),
    ],
)
def test_fires_on_a_root_in_an_expression_that_doubles_the_folder(rules: str, written: str) -> None:
    """https://github.com/hestiacp/hestiacp/pull/4590."""
    target, (*others, access) = seen(STYLES, rules, OPENED, elsewhere=THERE, mistake="root")
    access = replace(access, parts=(part("/", 0o755), part("/usr/share/pma", 0o755)))
    (claim,) = judge(CHECK, *others, access, target=target)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert written in str(claim.fix.steps[0])
    doubled = replace(access, parts=(*access.parts, part("/usr/share/pma/pma", 0o755)))
    (claim,) = judge(CHECK, *others, doubled, target=target)
    assert claim.confidence is Confidence.LIKELY


def test_fires_on_a_root_in_an_expression_whose_group_is_the_rest() -> None:
    rules = r"location ~ ^/pma/(.+\.css)$ { root /srv/admin; }"
    target, evidence = seen(
        STYLES, rules, f"/srv/admin{STYLES}", elsewhere="/srv/admin/themes/dark/theme.css",
        mistake="root",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.fix
    assert "alias /srv/admin/$1;" in str(claim.fix.steps[0])


def test_fires_on_a_missing_fallback_as_a_warning() -> None:
    target, evidence = seen(
        "/dashboard", "root /srv/spa; location / { try_files $uri =404; }", "/srv/spa/dashboard",
        elsewhere="/srv/spa/index.html", mistake="fallback",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.severity is Severity.WARNING
    assert claim.fix
    assert "try_files $uri $uri/ /index.html;" in str(claim.fix.steps[0])


def test_fires_on_a_missing_fallback_of_a_relative_root() -> None:
    """`root html;` is relative to nginx's own folder, as guides and its own nginx.conf write it."""
    target, evidence = seen(
        "/en/new", "location ~ ^/(fr|en)/ { root html; }", "/usr/local/nginx/html/en/new",
        elsewhere="/usr/local/nginx/html/index.html", mistake="fallback",
    )  # fmt: skip
    build = replace(BUILD, prefix="/usr/local/nginx")
    (claim,) = judge(CHECK, *evidence, build, target=target)
    assert claim.fix
    assert "try_files $uri $uri/ /index.html;" in str(claim.fix.steps[0])


def test_silent_where_the_file_is_nowhere_or_the_page_answers() -> None:
    target, evidence = seen("/x", "root /srv; location / { }", "/srv/x")
    assert not judge(CHECK, *evidence, target=target)
    answered = replace(page(200), url="https://shop.example.com/x")
    assert not judge(CHECK, *evidence[:2], answered, target=target)


def test_fires_on_an_index_file_that_try_files_hides() -> None:
    target, evidence = seen(
        "/", "root /srv/www; location / { try_files $uri =404; }", "/srv/www",
        elsewhere="/srv/www/index.php", mistake="hidden",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.severity is Severity.WARNING
    assert claim.facts["directive"] == "try_files $uri =404"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+  root /srv/www; location / { try_files $uri $uri/ =404; }" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("rules", "written"),
    [
        ("location / { }", "try_files $uri $uri.html $uri/ =404;"),
        ("location / { try_files $uri $uri/ =404; }", "try_files $uri $uri.html $uri/ =404;"),
        ("location / { try_files $uri/ $uri =404; }", "try_files $uri/ $uri $uri.html =404;"),
        ("location / { try_files $uri/ =404; }", "try_files $uri.html $uri/ =404;"),
    ],
)
def test_fires_on_a_page_whose_link_has_no_ending(rules: str, written: str) -> None:
    target, evidence = seen(
        "/guide/start", f"root /srv/docs; {rules}", "/srv/docs/guide/start",
        elsewhere="/srv/docs/guide/start.html", mistake="ending",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert written in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("mistake", "written"),
    [
        ("fallback", ("if (!-e $request_filename) {", "rewrite ^ /index.html last;")),
        ("ending", ("if (-f $request_filename.html) {", "rewrite ^(.*)$ $1.html last;")),
    ],
)
def test_writes_a_rewrite_beside_an_if_that_turns_try_files_off(
    mistake: str, written: tuple[str, ...]
) -> None:
    rules = "location / { if ($request_method = GET) { add_header X-A b; } }"
    there = "/srv/spa/index.html" if mistake == "fallback" else "/srv/spa/guide.html"
    target, evidence = seen(
        "/guide", f"root /srv/spa; {rules}", "/srv/spa/guide", elsewhere=there, mistake=mistake
    )
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.fix
    diff = str(claim.fix.steps[0])
    assert all(line in diff for line in written)
    assert "try_files" not in diff
    assert claim.facts["beside_if"]


@pytest.mark.parametrize(
    ("rules", "written"),
    [
        (
            "root /srv/www; location / { index index.html; }",
            "+  location /health/ {\n+    try_files $uri $uri/ /health/index.html;\n+  }\n",
        ),
        (
            "location / { root /srv/www; }",
            "+  location /health/ {\n+    root /srv/www;\n+    try_files $uri $uri/ ",
        ),
        (
            "root /srv/www; location /health/ { index index.html; }",
            "+      try_files $uri $uri/ /health/index.html;\n+      index index.html;",
        ),
        # What the location closes would be open below a new one.
        ("root /srv/www; location / { auth_basic Staff; }", ""),
        ("root /srv/www; location ~ / { }", ""),
    ],
)
def test_fires_on_an_application_in_a_folder(rules: str, written: str) -> None:
    target, evidence = seen(
        "/health/list/", rules.replace("; location", ";\n  location"), "/srv/www/health/list",
        elsewhere="/srv/www/health/index.html", mistake="fallback",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.facts["index"] == "/health/index.html"
    assert claim.facts["folder"] == "/health/"
    assert claim.fix
    is_edit = claim.fix.applicability is Applicability.REVIEW
    assert is_edit is bool(written)
    if is_edit:
        assert written in str(getattr(claim.fix.steps[0], "diff", ""))


def test_fires_on_a_file_that_try_files_does_not_name() -> None:
    target, evidence = seen(
        "/a.css", "root /srv/spa; location / { try_files $uri/index.html =404; }", "/srv/spa/a.css",
        elsewhere="/srv/spa/a.css", mistake="untried",
    )  # fmt: skip
    (claim,) = judge(CHECK, *evidence, target=target)
    assert claim.facts["directive"] == "try_files $uri/index.html =404"
    assert claim.fix
    assert "try_files $uri $uri/index.html =404;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(("taker", "is_edit"), [("/index", True), ("= /index.html", False)])
def test_fires_on_an_index_file_that_another_location_takes(taker: str, is_edit: bool) -> None:
    other = "/srv/spa.html" if is_edit else "/srv/spa"
    body = f"location / {{ root /srv/spa; }} location {taker} {{ alias /srv/spa; }}"
    target, evidence = seen("/", body, other, elsewhere="/srv/spa/index.html", mistake="taken")
    (claim,) = judge(CHECK, *evidence, target=target)
    assert (claim.facts["location"], claim.facts["index"]) == (f"location {taker}", "/index.html")
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Edit) is is_edit
    if isinstance(step, Edit):
        assert "location = /index.html {" in step.diff
        assert "root /srv/spa;" in step.diff
