"""nginx.content-encoding-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config

CHECK = "nginx.content-encoding-missing"
GAME = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/web;
    location / {
        add_header X-Content-Type-Options nosniff;
        try_files $uri =404;
    }
}
"""


def told(text: str = GAME, words: str = "Unable to parse Build/game.wasm.br!") -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("other", words), path="/play/")
    return list(judge(CHECK, RUNNING, config(text), target=target, masked=False))


def test_fires_and_marks_the_files_of_that_folder_alone() -> None:
    (claim,) = told()
    assert claim.facts["path"] == "/play/Build/game.wasm.br"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location ~ ^/play/Build/[^/]+\\.wasm\\.br$ {" in edit.diff
    assert "+        add_header X-Content-Type-Options nosniff;" in edit.diff
    assert edit.diff.count("add_header Content-Encoding br always;") == 3


def test_fires_with_the_other_coding_and_the_folder_of_the_location() -> None:
    text = GAME.replace("    root /srv/web;\n", "").replace(
        "try_files", "root /srv/web;\n try_files"
    )
    (claim,) = told(text, "Unable to parse Build/game.framework.js.gz! This can happen if …")
    assert claim.facts["coding"] == "gzip"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        root /srv/web;" in edit.diff


@pytest.mark.parametrize(
    "line", ["auth_basic Shop; auth_basic_user_file /etc/nginx/p;", "deny all;", "internal;"]
)
def test_fires_and_opens_nothing_that_is_closed(line: str) -> None:
    (claim,) = told(GAME.replace("try_files", f"{line}\n try_files"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "text",
    [
        GAME.replace("try_files $uri =404", "proxy_pass http://127.0.0.1:3000"),
        GAME.replace("try_files", "add_header Content-Encoding br;\n try_files"),
    ],
)
def test_silent_where_an_application_answers_or_the_field_is_sent(text: str) -> None:
    assert not told(text)


def test_silent_without_the_message() -> None:
    assert not told(words="Unable to parse the JSON of Build/game.json")
    assert not judge(CHECK, RUNNING, config(GAME))
