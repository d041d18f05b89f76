"""server.content-encoding-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServer, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.content-encoding-missing"
TOLD = 'Unable to parse Build/game.framework.js.gz! … "Content-Encoding: gzip" …'
FILES = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/game
    SSLEngine on
</VirtualHost>
"""


def claims(server: WebServer, own: WebServerConfig, told: str = TOLD) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("other", told))
    return judge(CHECK, server, own, target=target, masked=False)


def caddy(lines: str = "") -> WebServerConfig:
    text = f"shop.example.com {{\n\troot * /srv/game\n{lines}\tfile_server\n}}\n"
    own = caddy_config(text)
    return replace(own, sites=tuple(replace(site, routes=()) for site in own.sites))


def added(claim: Claim) -> list[str]:
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return [row[1:].strip() for row in edit.diff.split("\n")[2:] if row.startswith("+")]


def test_fires_on_apache() -> None:
    (claim,) = claims(APACHE, apache_config(FILES))
    assert claim.facts["path"] == "/Build/game.framework.js.gz"
    assert added(claim)[:3] == [
        '<FilesMatch "\\.(?:js|wasm|data)\\.gz$">', "RemoveType .gz", "AddEncoding gzip .gz",
    ]  # fmt: skip


def test_fires_on_caddy() -> None:
    (claim,) = claims(CADDY, caddy(), TOLD.replace(".gz", ".br"))
    rows = added(claim)
    assert rows[:2] == ["@js_br path *.js.br", "header @js_br Content-Type text/javascript"]
    assert "header @wasm_br Content-Encoding br" in rows


@pytest.mark.parametrize(
    ("server", "own"),
    [
        (APACHE, apache_config()),
        (APACHE, apache_config(FILES.replace("SSLE", "AddEncoding gzip .gz\n    SSLE"))),
        (CADDY, caddy("\theader *.gz Content-Encoding gzip\n")),
        (CADDY, caddy_config()),
    ],
)
def test_silent_where_an_application_sends_the_file_or_a_line_marks_it(
    server: WebServer, own: WebServerConfig
) -> None:
    assert not claims(server, own)


def test_silent_without_the_message() -> None:
    assert not claims(APACHE, apache_config(FILES), "the game does not load")
