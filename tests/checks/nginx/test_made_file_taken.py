"""nginx.made-file-taken: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.made-file-taken"
CSS = "/sites/default/files/css/css_K9.css"
STATIC = "location ~* \\.(js|css|png)$ {\n  expires max;\n }"
FRONT = "location / {\n  try_files $uri /index.php?$query_string;\n }"
PHP = "location ~ \\.php$ {\n  fastcgi_pass unix:/run/php.sock;\n }"
NGINX = "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center></body></html>"  # noqa: E501


def made(lines: str, path: str = CSS, body: str = NGINX) -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(404), url=f"https://shop.example.com{path}", body=body)
    target = replace(SHOP, path=path)
    return judge(CHECK, RUNNING, config(text), response, target=target, masked=False)


@pytest.mark.parametrize(
    ("front", "tries"),
    [
        (FRONT, "$uri /index.php?$query_string"),
        (
            "location / {\n  try_files $uri @rewrite;\n }\n"
            " location @rewrite {\n  rewrite ^ /index.php;\n }",
            "$uri @rewrite",
        ),
    ],
)
def test_fires_and_asks_the_front_controller(front: str, tries: str) -> None:
    (claim,) = made(f"{front}\n {STATIC}\n {PHP}")
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"try_files {tries};" in edit.diff


def test_fires_for_the_script_of_livewire_and_changes_the_line() -> None:
    static = STATIC.replace("expires max;", "try_files $uri =404;")
    (claim,) = made(f"{FRONT}\n {static}\n {PHP}", "/livewire/livewire.min.js")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-  try_files $uri =404;\n+  try_files $uri /index.php?$query_string;\n" in edit.diff


@pytest.mark.parametrize(
    "lines",
    [
        f"{FRONT}\n {PHP}",
        f"{STATIC}\n {PHP}",
        f"{FRONT}\n {STATIC.replace('expires max;', 'deny all;')}\n {PHP}",
        f"{FRONT}\n {STATIC.replace('expires max;', 'try_files $uri /index.php;')}\n {PHP}",
        f"{FRONT}\n {STATIC.replace('expires max;', 'fastcgi_pass unix:/run/php.sock;')}",
        f"{FRONT.replace('/index.php?$query_string', '/index.html')}\n {STATIC}",
    ],
)
def test_silent_where_the_application_is_asked_or_nobody_leads_there(lines: str) -> None:
    assert not made(lines)


def test_silent_for_a_usual_file_and_an_answer_of_the_application() -> None:
    assert not made(f"{FRONT}\n {STATIC}\n {PHP}", "/theme/style.css")
    assert not made(f"{FRONT}\n {STATIC}\n {PHP}", body="<title>Page not found | Site</title>")
