from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
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


def test_fires_and_adds_the_ending_to_the_list_of_nginx() -> None:
    """Every site reads this list, so that a person looks."""
    file = module("/static/app.mjs")
    plain = answered(file, content_type="application/octet-stream")
    there = examined("/srv/static/app.mjs", url="/static/app.mjs", exists=True)
    (claim,) = judge(
        CHECK, RUNNING, listed("application/javascript js;"), loads(file), plain, there
    )
    assert claim.facts["listed"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "     application/javascript js;\n+    application/javascript mjs;" in edit.diff


def listed(line: str) -> NginxConfig:
    """The site, whose `http` has a list of types of its own file with this line."""
    site, path = config(BARE), "/etc/nginx/mime.types"
    text = f"types {{\n    {line}\n}}\n"
    (http,) = site.main
    types = (*nginx_parser.parse(text, path), *(http.block or ()))
    files = (*site.files, ConfigFile(path, text, site.files[0].changed))
    return replace(site, main=(replace(http, block=types),), files=files)
