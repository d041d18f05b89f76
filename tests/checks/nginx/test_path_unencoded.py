"""nginx.path-unencoded: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "nginx.path-unencoded"
PATH = "/files/a%20b"
TARGET = replace(SHOP, path=PATH)
PASS = "proxy_pass http://127.0.0.1:3000;"


def answer(status: int = 400, body: str = "Bad request syntax", path: str = PATH) -> Exchange:
    return Exchange(
        url=f"https://shop.example.com{path}", address="203.0.113.10", port=443, status=status,
        body=body,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("location", "uri"),
    [
        ("location /", "$uri"),
        ("location /", "$uri$is_args$args"),
        ("location ~ ^/files/(.*)$", "/files/$1"),
    ],
)
def test_fires_and_passes_the_path_on_as_it_is(location: str, uri: str) -> None:
    text = SITE.replace("location /", location).replace(PASS, f"{PASS[:-1]}{uri};")
    (claim,) = judge(CHECK, RUNNING, config(text), answer(), target=TARGET)
    assert claim.facts["code"] == "%20"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+        {PASS}" in edit.diff


def test_fires_and_leaves_a_changed_path_to_a_person() -> None:
    text = SITE.replace("location /", "location ~ ^/files/(.*)$").replace(PASS, f"{PASS[:-1]}/$1;")
    (claim,) = judge(CHECK, RUNNING, config(text), answer(), target=TARGET)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_a_variable_or_a_code_or_the_refusal() -> None:
    text = SITE.replace(PASS, f"{PASS[:-1]}$uri;")
    own = "<center><h1>400</h1></center><hr><center>nginx</center>"
    assert not judge(CHECK, RUNNING, config(), answer(), target=TARGET)
    assert not judge(CHECK, RUNNING, config(text), answer(404), target=TARGET)
    assert not judge(CHECK, RUNNING, config(text), answer(body=own), target=TARGET)
    assert not judge(
        CHECK,
        RUNNING,
        config(text),
        answer(path="/files/ab"),
        target=replace(SHOP, path="/files/ab"),
    )
