from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Manual, Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx import config as parser
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, config
from tests.support.page_evidence import answered, loads, module, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.types-missing"
FILE = sheet("/static/css/app.css")
PLAIN = answered(FILE, content_type="text/plain")
SERVER = "server {\n    listen 443 ssl;\n    server_name shop.example.com;\n    root /srv;\n%s}\n"
BARE = SERVER % ""
OWN_TYPES = SERVER % "    types { application/wasm wasm; }\n"
THERE = examined("/srv/static/css/app.css", exists=True, types_file="/etc/nginx/mime.types")
WITHOUT = examined("/srv/static/css/app.css", exists=True)


def edit_of(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    return edit.diff


def test_fires_and_includes_the_list_in_the_http_block() -> None:
    (claim,) = judge(CHECK, RUNNING, config(BARE), loads(FILE), PLAIN, THERE)
    assert claim.facts["extension"] == "css"
    assert claim.facts["type"] == "text/plain"
    assert "include mime.types;" in edit_of(claim)


def test_fires_and_includes_it_before_the_list_that_replaces_it() -> None:
    (claim,) = judge(CHECK, RUNNING, config(OWN_TYPES), loads(FILE), PLAIN, THERE)
    assert claim.location
    assert "+    include mime.types;\n     types { application/wasm wasm; }" in edit_of(claim)


def test_fires_without_an_edit_where_the_list_is_not_there() -> None:
    (claim,) = judge(CHECK, RUNNING, config(BARE), loads(FILE), PLAIN, WITHOUT)
    assert claim.fix
    assert all(isinstance(step, Manual) for step in claim.fix.steps)


def test_silent_where_the_type_is_known() -> None:
    """Then something else has changed it, such as a header."""
    known = SERVER % "    types { text/css CSS less; }\n"
    assert not judge(CHECK, RUNNING, config(known), loads(FILE), PLAIN, THERE)


def test_silent_where_browsers_use_the_file_or_it_is_missing() -> None:
    assert not judge(CHECK, RUNNING, config(BARE), loads(FILE), answered(FILE), THERE)
    missing = examined("/srv/static/css/app.css")
    assert not judge(CHECK, RUNNING, config(BARE), loads(FILE), PLAIN, missing)


def test_fires_and_adds_modules_to_the_list() -> None:
    """nginx's own list has no .mjs (issue 3048 of ngx-extended-pdf-viewer)."""
    path, viewer = "/etc/nginx/mime.types", module("/a.mjs")
    text = f"http {{ types {{\n    application/javascript   js;\n}}\n{BARE}}}\n"
    listed = NginxConfig(
        vantage=Vantage.SERVER, path=path, main=parser.parse(text, path),
        files=(ConfigFile(path, text, LOADED - 60),),
    )  # fmt: skip
    plain = answered(viewer, content_type="application/octet-stream")
    there = examined("/srv/a.mjs", url="/a.mjs", exists=True, types_file=path)
    (claim,) = judge(CHECK, RUNNING, listed, loads(viewer), plain, there)
    assert claim.facts["listed"]
    assert "+    application/javascript   js mjs;" in edit_of(claim)


ASKED = replace(SHOP, path="/static/css/app.css")
ANSWER = Exchange(
    url=FILE.url, address="203.0.113.10", port=443, status=200, purpose="target",
    headers=(("Content-Type", "text/plain"),),
)  # fmt: skip


def test_fires_where_the_target_itself_is_the_style_sheet() -> None:
    (claim,) = judge(CHECK, RUNNING, config(BARE), ANSWER, THERE, target=ASKED)
    assert (claim.facts["page"], claim.facts["type"]) == ("", "text/plain")
    assert "include mime.types;" in edit_of(claim)


def test_silent_for_a_download_and_for_a_type_that_another_line_gives() -> None:
    download = replace(ANSWER, headers=(*ANSWER.headers, ("Content-Disposition", "attachment")))
    assert not judge(CHECK, RUNNING, config(BARE), download, THERE, target=ASKED)
    known = SERVER % "    types { text/css css; }\n"
    assert not judge(CHECK, RUNNING, config(known), ANSWER, THERE, target=ASKED)
