"""nginx.pass-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.pass-missing"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_set_header Host $host;
    }
    location /ws {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
NOT_FOUND = replace(page(404), body="<center><h1>404 Not Found</h1></center><center>nginx</center>")


def test_fires_and_passes_on_as_the_other_locations_do() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), NOT_FOUND, masked=False)
    assert claim.facts["setting"] == "proxy_set_header"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in edit.diff


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("proxy_pass http://127.0.0.1:3000;", "return 404;"),
        (
            "Host $host;",
            "Host $host; location ~ css$ { root /srv; proxy_pass http://127.0.0.1:1; }",
        ),
        ("location /ws", "location /a { proxy_pass http://127.0.0.1:1; }\n    location /ws"),
    ],
)
def test_fires_and_leaves_the_address_to_a_person(old: str, new: str) -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE.replace(old, new)), NOT_FOUND, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def written(lines: str, *seen: Listeners) -> str:
    text = SITE.replace("        proxy_set_header", f"{lines}        proxy_set_header")
    (claim,) = judge(CHECK, RUNNING, config(text), NOT_FOUND, *seen, masked=False)
    return claim.fix.edits[0].diff if claim.fix and claim.facts["commented"] else ""


def test_fires_and_takes_the_line_out_of_its_comment() -> None:
    old, new = (f"        #proxy_pass http://127.0.0.1:{port};\n" for port in (7000, 7001))
    line = "+        proxy_pass http://127.0.0.1:7001;"
    assert line in written(new)
    assert not written(old + new)
    node = Listener(address="127.0.0.1", port=7001, family=4, process="node")
    assert line in written(old + new, Listeners(sockets=(node,)))


def test_fires_on_the_page_of_a_new_nginx() -> None:
    welcome = replace(page(200), body="<title>Welcome to nginx!</title>")
    assert judge(CHECK, RUNNING, config(SITE), welcome)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Host $host;", "Host $host; proxy_pass http://127.0.0.1:3000;"),
        ("Host $host;", "Host $host; try_files $uri @app;"),
        ("Host $host;", "Host $host; root /srv/shop;"),
        ("Host $host;", "Host $host; if ($a) { proxy_pass http://127.0.0.1:3000; }"),
        ("proxy_set_header Host $host;", "expires 1h;"),
    ],
)
def test_silent_where_the_location_answers(old: str, new: str) -> None:
    assert not judge(CHECK, RUNNING, config(SITE.replace(old, new)), NOT_FOUND)


def test_silent_where_the_page_came() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), page(200))
