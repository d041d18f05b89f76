"""nginx.collection-slash: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged

CHECK = "nginx.collection-slash"
DAV = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/web;
    location /webdav/ {
        dav_methods PUT DELETE MKCOL COPY MOVE;
        autoindex on;
    }
}
"""
LINE = (
    "[error] 7#7: *1 MKCOL can create a collection only, client: 192.0.2.7, server: _, "
    'request: "MKCOL {0} HTTP/1.1", host: "shop.example.com"'
)


def told(text: str = DAV, path: str = "/webdav/new") -> list[Claim]:
    symptom = Symptom("other", LINE.format(path))
    return list(
        judge(CHECK, RUNNING, config(text), target=replace(SHOP, symptom=symptom), masked=False)
    )


def test_fires_on_a_message_and_adds_the_slash() -> None:
    (claim,) = told()
    assert (claim.facts["method"], claim.facts["path"]) == ("MKCOL", "/webdav/new")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        if ($request_method = MKCOL) {" in edit.diff
    assert "+        if ($collection = DELETE/) {" in edit.diff


def test_fires_on_a_line_of_the_log() -> None:
    line = replace(
        logged('DELETE "/srv/web/webdav/old" failed (21: Is a directory)'),
        request="DELETE /webdav/old HTTP/1.1",
    )
    (claim,) = judge(CHECK, RUNNING, config(DAV), LOG_READ, line)
    assert claim.facts["deletes"]


def test_fires_and_leaves_a_password_for_writing_to_a_person() -> None:
    guarded = 'limit_except GET { auth_basic "a"; auth_basic_user_file /etc/nginx/pw; }'
    (claim,) = told(DAV.replace("autoindex on;", guarded))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_leaves_a_fallback_to_a_person() -> None:
    (claim,) = told(DAV.replace("autoindex on", "try_files $uri =404"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


RULE = "if ($request_method = MKCOL) { rewrite ^(.*[^/])$ $1/ break; }"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (DAV.replace("dav_methods", f"{RULE}\n dav_methods"), "/webdav/new"),
        (DAV.replace("root", f"{RULE}\n root"), "/webdav/new"),
        (DAV.replace(" MKCOL", ""), "/webdav/new"),
        (DAV, "/webdav/new/"),
        (DAV, "/elsewhere"),
    ],
)
def test_silent_where_the_slash_is_added_or_the_method_is_not_taken(text: str, path: str) -> None:
    assert not told(text, path)


def test_silent_without_such_a_line() -> None:
    assert not judge(CHECK, RUNNING, config(DAV))
