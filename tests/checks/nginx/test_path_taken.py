"""nginx.path-taken: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity, Vantage
from diagnose.model.files import PageFileAccess
from diagnose.model.pages import PageFile
from diagnose.model.requests import BypassedApplication
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import FILE, RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_evidence import answered, loads, script, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.path-taken"
STATIC = "location ~* \\.(js|css)$ { root /var/www; }"
SOCKETS = "location /socket.io/ { proxy_pass http://127.0.0.1:3000; }"
SCRIPT = "/socket.io/socket.io.js"
HTML = (("Content-Type", "text/html"),)


def taken_path(
    lines: str, path: str, status: int, by: Any = "regex", direct: int = 200, html: bool = False
) -> tuple[Any, ...]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(status), url=f"https://shop.example.com{path}", headers=HTML)
    application = BypassedApplication(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path=path, address="127.0.0.1",
        port=3000, by=by, file=FILE, line=5, status=direct, is_html=html,
    )  # fmt: skip
    return RUNNING, config(text), response, application


def test_fires_on_a_regular_expression_and_puts_the_prefix_before_it() -> None:
    observations = taken_path(f"{STATIC}\n {SOCKETS}", SCRIPT, 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+ location ^~ /socket.io/ {" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_on_a_regular_expression_of_another_program() -> None:
    """Pull request 5697 of nginx-proxy-manager: cached files of the whole site."""
    cached = STATIC.replace("root /var/www", "proxy_pass http://127.0.0.1:8080")
    observations = taken_path(f"{cached}\n {SOCKETS}", SCRIPT, 404, "program")
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["taker"] == "http://127.0.0.1:8080"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+ location ^~ /socket.io/ {" in str(claim.fix.steps[0]).replace("\\n", "\n")
    for status, direct in ((200, 200), (502, 200), (404, 404)):
        observations = taken_path(f"{cached}\n {SOCKETS}", SCRIPT, status, "program", direct)
        assert not judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT))


def test_fires_on_the_location_of_the_whole_site_and_asks_it_after_the_files() -> None:
    whole = SOCKETS.replace("/socket.io/", "/").replace(" }", " proxy_buffering off; }")
    observations = taken_path(f"{STATIC}\n {whole}", SCRIPT, 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert claim.facts["whole"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    diff = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert "+ location @application {\n+  proxy_pass http://127.0.0.1:3000;\n" in diff
    assert "+  proxy_buffering off;\n+ }\n" in diff
    assert "try_files $uri @application;" in diff


def test_fires_where_the_application_is_that_of_a_named_location() -> None:
    named = (
        "location / { try_files $uri @app; }\n location @app { proxy_pass http://127.0.0.1:3000; }"
    )
    observations = taken_path(f"{STATIC}\n {named}", "/made.js", 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/made.js"), masked=False)
    assert claim.facts["owner"] == "location @app"
    assert claim.fix
    assert "try_files $uri @app;" in str(claim.fix.steps[0]).partition("location ~*")[2]
    condition = STATIC.replace("root", "if ($arg_v) { expires max; } root")
    observations = taken_path(f"{condition}\n {named}", "/made.js", 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/made.js"), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (
            "location = /robots.txt { log_not_found off; }",
            "/robots.txt",
            ["location = /robots.txt {", "proxy_pass http://127.0.0.1:3000;"],
        ),
        (
            "location /.well-known/ { root /var/www; }",
            "/.well-known/webfinger",
            ["+ location = /.well-known/webfinger {", "+  proxy_pass http://127.0.0.1:3000;"],
        ),
        ("location /.well-known/ { root /var/www; satisfy any; }", "/.well-known/webfinger", []),
    ],
)
def test_one_path_is_passed_on_with_the_lines_of_its_application(
    files: str, path: str, expected: list[str]
) -> None:
    whole = SOCKETS.replace("/socket.io/", "/")
    observations = taken_path(f"{files}\n {whole}", path, 404, "longer")
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=path), masked=False)
    assert claim.fix
    text = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert all(line in text for line in expected)
    assert (claim.fix.applicability is Applicability.REVIEW) is bool(expected)


def test_a_try_files_that_ends_with_404_is_replaced() -> None:
    files = STATIC.replace("root", "try_files $uri =404; root")
    observations = taken_path(f"{files}\n {SOCKETS.replace('/socket.io/', '/')}", SCRIPT, 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert "try_files $uri @application; root /var/www;" in str(claim.fix)


@pytest.mark.parametrize(
    "lines",
    [
        STATIC.replace("root", "secure_link $arg_md5; root"),
        STATIC.replace("root", "try_files $uri /index.html; root"),
        f"{STATIC} location @application {{ return 204; }}",
    ],
)
def test_a_location_that_is_there_for_more_stays_with_a_person(lines: str) -> None:
    whole = SOCKETS.replace("/socket.io/", "/")
    observations = taken_path(f"{lines}\n {whole}", SCRIPT, 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("target", "named", "own"),
    [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://unix:/run/a.sock:/", "http://unix:/run/a.sock", "http://unix:/run/a.sock"),
        ("http://127.0.0.1:3000/app/", "", "http://127.0.0.1:3000/app/socket.io/"),
    ],
)
def test_fires_and_prints_lines_that_nginx_accepts(target: str, named: str, own: str) -> None:
    """A named location takes no path after the port; one of a prefix does."""
    whole = SOCKETS.replace("/socket.io/", "/").replace("http://127.0.0.1:3000", target)
    observations = taken_path(f"{STATIC}\n {whole}", SCRIPT, 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert claim.facts["named_line"] == (f"proxy_pass {named};" if named else "")
    assert claim.facts["own_line"] == f"proxy_pass {own};"
    assert claim.facts["own_location"] == "location ^~ /socket.io/"


def test_fires_and_names_the_try_files_that_is_to_be_replaced() -> None:
    lines = STATIC.replace("root", "try_files $uri =404; root")
    whole = SOCKETS.replace("/socket.io/", "/")
    observations = taken_path(f"{lines}\n {whole}", SCRIPT, 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=SCRIPT), masked=False)
    assert claim.facts["tries"] == "try_files $uri =404"


def test_fires_on_a_rewrite_to_the_page() -> None:
    api = SOCKETS.replace("/socket.io/", "/api/")
    lines = f"root /srv; rewrite ^/.*$ /index.html last;\n location / {{ }}\n {api}"
    observations = taken_path(lines, "/api/users", 200, "rewrite")
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/api/users"), masked=False)
    assert claim.facts["rewrite"] is True


def test_fires_on_a_location_of_one_path_alone() -> None:
    exact = taken_path(SOCKETS.replace("/socket.io/", "= /"), "/tea", 404, "exact", html=True)
    (claim,) = judge(
        CHECK, *exact, target=replace(SHOP, path="/tea"),
        masked=False,
    )  # fmt: skip
    assert claim.facts["exact"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+ location / {" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_a_group_that_is_empty_goes_with_the_location_of_one_path() -> None:
    lines = SOCKETS.replace("/socket.io/", "= /").replace(":3000", ":3000/$1", 1)
    exact = taken_path(lines, "/tea", 404, "exact", html=True)
    (claim,) = judge(CHECK, *exact, target=replace(SHOP, path="/tea"), masked=False)
    assert claim.fix
    diff = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert "+ location / {" in diff
    assert "proxy_pass http://127.0.0.1:3000;" in diff


def test_silent_where_nginx_has_the_page_below_a_location_of_one_path() -> None:
    observations = taken_path(SOCKETS.replace("/socket.io/", "= /"), "/tea", 200, "exact")
    assert not judge(CHECK, *observations, target=replace(SHOP, path="/tea"))


def test_silent_where_the_application_has_no_better_answer() -> None:
    target = replace(SHOP, path=SCRIPT)
    lines = f"{STATIC}\n {SOCKETS}"
    assert not judge(CHECK, *taken_path(lines, SCRIPT, 404, direct=404), target=target)
    assert not judge(CHECK, *taken_path(lines, SCRIPT, 200, html=True), target=target)
    guarded = lines.replace("location /socket", "location ^~ /socket")
    assert not judge(CHECK, *taken_path(guarded, SCRIPT, 404), target=target)


def test_fires_on_a_rewrite_that_leaves_its_location_and_lets_it_stay() -> None:
    owner = (
        "location /api/ {\n rewrite ^/api/(.*)$ /$1 last;\n proxy_pass http://127.0.0.1:3000;\n}"
    )
    pages = "location / { root /srv; }"
    observations = taken_path(f"{owner}\n {pages}", "/api/users", 200, by="last")
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/api/users"), masked=False)
    assert claim.facts["last"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "rewrite ^/api/(.*)$ /$1 break;" in str(claim.fix.steps[0])


def test_fires_on_files_of_the_page_that_try_files_answers() -> None:
    owner = "location / {\n  try_files $uri $uri/ =404;\n  proxy_pass http://127.0.0.1:3000;\n }"
    seen_files = taken_path(owner, "/app.css", 200, by="files")
    files = (loads(sheet(), script()), answered(sheet(), 404), answered(script(), 404))
    (claim,) = judge(CHECK, *seen_files, *files, masked=False)
    assert claim.severity is Severity.ERROR
    assert claim.facts["others"] == ("https://shop.example.com/app.js",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "-  try_files $uri $uri/ =404;" in str(claim.fix.steps[0])
    refused = taken_path(owner, "/app.css", 200, by="files", direct=404)
    assert not judge(CHECK, *refused, *files)
    page_for_all_paths = taken_path(owner, "/app.css", 200, by="files", html=True)
    assert not judge(CHECK, *page_for_all_paths, *files)


def test_fires_on_a_longer_prefix_for_other_files() -> None:
    client = "/.well-known/matrix/client"
    site = SOCKETS.replace("/socket.io/", "/")
    lines = f"location /.well-known/ {{ root /var/www; }}\n {site}"
    target = replace(SHOP, path=client)
    (claim,) = judge(CHECK, *taken_path(lines, client, 404, "longer"), target=target, masked=False)
    assert claim.facts["longer"] is True
    assert claim.confidence is Confidence.CERTAIN
    page_of_the_folder = taken_path(lines, client, 200, "longer")
    assert not judge(CHECK, *page_of_the_folder, target=target, masked=False)
    unknown = taken_path(lines, client, 404, "longer", direct=404)
    assert not judge(CHECK, *unknown, target=target, masked=False)


def test_silent_where_the_page_is_a_file_that_nginx_looks_for_wrongly() -> None:
    """An application that answers every path proves nothing then."""
    lines = f"location /docs/ {{ alias /srv/docs/; }}\n {SOCKETS.replace('/socket.io/', '/')}"
    observations = taken_path(lines, "/docs/start", 404, "longer")
    target = replace(SHOP, path="/docs/start")
    assert judge(CHECK, *observations, target=target, masked=False)
    file = PageFileAccess(
        path="/srv/docs/start", url="https://shop.example.com/docs/start",
        elsewhere="/srv/docs/start.html", mistake="ending",
    )  # fmt: skip
    assert not judge(CHECK, *observations, file, target=target)


def test_silent_where_nginx_has_the_file_and_may_not_read_it() -> None:
    """The application answers every path, so its page proves nothing."""
    site = SOCKETS.replace("/socket.io/", "/")
    lines = f"location /app/ {{ alias /root/app/; }}\n {site}"
    denied = logged('open() "/root/app/index.html" failed (13: Permission denied)', path="/app/")
    seen_page = taken_path(lines, "/app/", 403, "longer")
    target = replace(SHOP, path="/app/")
    assert not judge(CHECK, *seen_page, denied, LOG_READ, target=target, masked=False)


@pytest.mark.parametrize(
    "access",
    [
        examined("/srv/static/app.css", exists=True, folder=0o700),
        examined("/srv/staticapp.css", elsewhere="/srv/static/app.css", mistake="slash"),
    ],
)
def test_silent_about_a_file_of_nginx_own_folder(access: PageFileAccess) -> None:
    site = SOCKETS.replace("/socket.io/", "/")
    lines = f"location /static/ {{ alias /srv/static; }}\n {site}"
    file = sheet("/static/app.css")
    own = replace(access, url="https://shop.example.com/static/app.css")
    seen_file = (
        *taken_path(lines, "/static/app.css", 200, "longer"),
        loads(file),
        answered(file, 403),
    )
    assert judge(CHECK, *seen_file, masked=False)
    assert not judge(CHECK, *seen_file, own, masked=False)


def test_silent_about_a_picture_for_which_the_application_has_a_page() -> None:
    site = SOCKETS.replace("/socket.io/", "/")
    lines, picture = f"location /media/ {{ root /srv; }}\n {site}", "/media/a.png"
    target = replace(SHOP, path=picture)
    assert judge(CHECK, *taken_path(lines, picture, 404, "longer"), target=target, masked=False)
    page_for_all_paths = taken_path(lines, picture, 404, "longer", html=True)
    assert not judge(CHECK, *page_for_all_paths, target=target, masked=False)


def test_fires_on_a_location_for_one_file_and_on_a_service_worker() -> None:
    lines = "location / { proxy_pass http://127.0.0.1:3000; }\n location = /robots.txt { }"
    observations = taken_path(lines, "/robots.txt", 404, "longer")
    target = replace(SHOP, path="/robots.txt")
    (claim,) = judge(CHECK, *observations, target=target, masked=False)
    assert claim.facts["directive"] == "location = /robots.txt"

    worker = PageFile("worker", "https://shop.example.com/sw.js", True)
    lines = "location / { proxy_pass http://127.0.0.1:3000; }\n location ~ sw.js$ { }"
    running, configured, _, application = taken_path(lines, "/sw.js", 404)
    seen = (loads(worker), answered(worker, 404, "text/html"), application)
    (claim,) = judge(CHECK, running, configured, page(200), *seen, masked=False)
    assert claim.severity is Severity.WARNING


WHOLE = SOCKETS.replace("/socket.io/", "/")


@pytest.mark.parametrize(
    ("lines", "path", "by", "status"),
    [
        ("location = /st { stub_status; allow 127.0.0.1; deny all; }", "/st", "longer", 403),
        ("location ~ /\\.(?!well-known) { deny all; }", "/.env", "regex", 403),
        ("location /old/ { root /srv; deny all; }", "/old/", "longer", 403),
        ("location /sent/ { root /srv; internal; }", "/sent/x", "longer", 404),
        ("location /staff/ { root /srv; auth_basic Staff; }", "/staff/", "longer", 401),
    ],
)  # fmt: skip
def test_silent_where_nginx_closes_the_path_and_the_application_has_a_page_for_all(
    lines: str, path: str, by: str, status: int
) -> None:
    observations = taken_path(f"{lines}\n {WHOLE}", path, status, by, html=True)
    assert not judge(CHECK, *observations, target=replace(SHOP, path=path), masked=False)


def test_fires_where_a_rule_for_hidden_files_takes_data_of_the_application() -> None:
    path = "/.well-known/openid-configuration"
    observations = taken_path(f"location ~ /\\. {{ deny all; }}\n {WHOLE}", path, 403)
    assert judge(CHECK, *observations, target=replace(SHOP, path=path), masked=False)


def test_silent_where_the_application_has_a_page_for_every_path() -> None:
    files, path = "location /docs/ { root /srv; }", "/docs/none.html"
    target = replace(SHOP, path=path)
    observed = taken_path(f"{files}\n {WHOLE}", path, 404, "longer", html=True)
    control = replace(observed[-1], path="/docs/diagnose-7f3a.html")
    assert judge(CHECK, *observed, target=target)
    assert judge(CHECK, *observed, replace(control, status=404), target=target)
    assert not judge(CHECK, *observed, control, target=target)


def test_fires_on_a_page_in_the_place_of_data_below_a_location_of_one_path() -> None:
    lines = "location = /api/ { proxy_pass http://127.0.0.1:3000; }\n location / { %s }"
    files = lines % "root /srv;"
    lines %= "try_files $uri /index.html;"
    observations = taken_path(lines, "/api/users", 200, "exact")
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/api/users"), masked=False)
    assert "location /api/ {" in str(claim.fix and claim.fix.steps[0])
    own_file = taken_path(files, "/api/users", 200, "exact")
    assert not judge(CHECK, *own_file, target=replace(SHOP, path="/api/users"), masked=False)
    own_page = taken_path(lines, "/api/users", 200, "exact", html=True)
    assert not judge(CHECK, *own_page, target=replace(SHOP, path="/api/users"), masked=False)


REFERERS = "valid_referers none blocked shop.example.com;\n if ($invalid_referer) {{ {0} }}"


def hotlinks(end: str) -> Any:
    static = f"location ~ \\.(js|css)$ {{ {REFERERS.format(end)}\n expires 30d; }}"
    owner = "location / { proxy_pass http://127.0.0.1:3000; }"
    observations = taken_path(f"{owner}\n {static}", "/dist/main.js", 404)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/dist/main.js"), masked=False)
    return claim.fix


def test_fires_on_a_protection_of_pictures_which_stays() -> None:
    """The location of a panel that keeps other sites' pages out takes the application's files."""
    fix = hotlinks("return 404;")
    assert fix.applicability is Applicability.REVIEW
    diff = str(fix.steps[0]).replace("\\n", "\n")
    assert "try_files $uri @application;" in diff
    assert "-" not in [line[:1] for line in diff.split("\n") if "invalid_referer" in line]


def test_fires_and_leaves_another_condition_to_a_person() -> None:
    assert hotlinks("rewrite ^ /no.png;").applicability is Applicability.MANUAL


@pytest.mark.parametrize("direct", [401, 405])
def test_fires_where_the_application_wants_another_method_or_a_login(direct: int) -> None:
    path = "/admin/delete/logo.js"
    whole = SOCKETS.replace("/socket.io/", "/")
    *rest, application = taken_path(f"{STATIC}\n {whole}", path, 404, direct=direct)
    control = replace(application, path="/diagnose-7f3a/delete/logo.js", status=404)
    target = replace(SHOP, path=path)
    (claim,) = judge(CHECK, *rest, application, control, target=target, masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    # It says so of every path, or nobody has asked for another one.
    assert not judge(CHECK, *rest, application, replace(control, status=direct), target=target)
    assert not judge(CHECK, *rest, application, target=target)
