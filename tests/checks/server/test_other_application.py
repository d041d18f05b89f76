from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.backends import BackendVisit
from diagnose.model.server_rules import ServedFolder
from diagnose.model.site_folders import SiteFolder
from tests.checks.server.test_websocket_not_passed import PAGES
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.other-application"
UNKNOWN = "/v1/tea.js-diagnose-7f3a"
API = "http://127.0.0.1:3001/api"
TWO = PAGES.replace("    ProxyPass / ", f"    ProxyPass /api {API}\n    ProxyPass / ", 1)
TEA = replace(SHOP, path="/v1/tea")
MISSING = replace(ANSWER, url="https://shop.example.com/v1/tea", status=404, body="")
HAS = BackendVisit(target=API, requested="/v1/tea", path="/v1/tea", status=200, connected=True)
HAS_NOT = replace(HAS, requested="/v1/tea-diagnose-7f3a", path="/v1/tea-diagnose-7f3a", status=404)


def test_fires_where_another_application_has_the_page() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), HAS, HAS_NOT, MISSING, target=TEA)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["target"], claim.facts["own"]) == ("127.0.0.1:3001", "127.0.0.1:3000")
    assert claim.facts["first"] == "/v1"


def test_fires_where_a_matcher_for_files_takes_what_the_application_has() -> None:
    made: Any = document("shop.example.com")
    folder = ServedFolder("/v1/tea.js", "/srv/static", "/v1/tea.js")
    text = "shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n"
    config = replace(caddy_config(text, made), folders=(folder,))
    site = config.sites[0]
    files = replace(site.routes[0], target="", host="", port=0, scheme="", pattern=True)
    config = replace(config, sites=(replace(site, routes=(files, *site.routes)),))
    target = replace(SHOP, path="/v1/tea.js")
    has = replace(HAS, target=site.routes[0].target, requested="/v1/tea.js", path="/v1/tea.js")
    control = replace(has, requested=UNKNOWN, path=UNKNOWN)
    page = replace(MISSING, url="https://shop.example.com/v1/tea.js")
    claims = judge(CHECK, CADDY, config, has, replace(control, status=404), page, target=target)
    assert [claim.facts["folder"] for claim in claims] == ["/srv/static"]
    assert claims[0].facts["ending"] == ".js"


def test_silent_where_no_file_has_a_folder() -> None:
    unset = SiteFolder(path="/", requested="/", exists=True, is_unset=True)
    seen = HAS, HAS_NOT, MISSING, unset
    assert not judge(CHECK, APACHE, apache_config(TWO), *seen, target=TEA, masked=False)


def test_silent_where_the_application_has_a_page_for_every_path() -> None:
    shell = replace(HAS_NOT, status=200)
    assert not judge(CHECK, APACHE, apache_config(TWO), HAS, shell, MISSING, target=TEA)
    assert not judge(CHECK, APACHE, apache_config(TWO), HAS, MISSING, target=TEA)


def test_silent_where_it_is_the_paths_own_application_or_the_page_came() -> None:
    own = [replace(each, target="http://127.0.0.1:3000/") for each in (HAS, HAS_NOT)]
    assert not judge(CHECK, APACHE, apache_config(TWO), *own, MISSING, target=TEA)
    page = replace(MISSING, status=200, body="<p>Tea</p>")
    assert not judge(CHECK, APACHE, apache_config(TWO), HAS, HAS_NOT, page, target=TEA)


def test_silent_where_the_paths_own_application_has_it_without_its_beginning() -> None:
    kept = replace(HAS, target="http://127.0.0.1:3000/", path="/tea")
    observations = (HAS, HAS_NOT, kept, MISSING)
    assert not judge(CHECK, APACHE, apache_config(TWO), *observations, target=TEA)


def patch_of(claim: Claim) -> str:
    assert claim.fix
    return "".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))


def test_the_fix_passes_the_folder_on_above_all_other_lines_of_apache() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), HAS, HAS_NOT, MISSING, target=TEA)
    added = "+    ProxyPass /v1/ http://127.0.0.1:3001/v1/\n+    ProxyPassReverse /v1/ "
    assert added in patch_of(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    cut = replace(HAS, path="/tea")
    control = replace(HAS_NOT, path="/tea-diagnose-7f3a")
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), cut, control, MISSING, target=TEA)
    assert "+    ProxyPass /v1/ http://127.0.0.1:3001/\n" in patch_of(claim)


def test_a_person_writes_the_line_where_another_may_come_before_it() -> None:
    rule = "    RewriteEngine on\n    RewriteRule ^ /index.php\n    ProxyPass / "
    section = "    <Location /v1/>\n    ProxyPass http://127.0.0.1:3000/v1/\n    </Location>\n"
    for text in (
        TWO.replace("    ProxyPass / ", rule),
        TWO.replace("</VirtualHost>", f"{section}</VirtualHost>"),
        TWO.replace(
            "    ProxyPass / ", "    ProxyPass /v1 http://127.0.0.1:3000/v1\n    ProxyPass / "
        ),
    ):
        for claim in judge(CHECK, APACHE, apache_config(text), HAS, HAS_NOT, MISSING, target=TEA):
            assert not patch_of(claim)


def test_the_fix_of_caddy_is_a_block_for_the_folder() -> None:
    text = (
        "shop.example.com {\n\thandle /api/* {\n\t\treverse_proxy 127.0.0.1:3001\n\t}\n"
        "\treverse_proxy 127.0.0.1:3000\n}\n"
    )
    made: Any = document("shop.example.com")
    config = caddy_config(text, made)
    site = config.sites[0]
    rest = replace(site.routes[0], path="/", target="http://127.0.0.1:3000", port=3000, line=5)
    api = replace(rest, path="/api/", target=API, host="127.0.0.1", port=3001, line=3)
    config = replace(config, sites=(replace(site, routes=(api, rest)),))
    (claim,) = judge(CHECK, CADDY, config, HAS, HAS_NOT, MISSING, target=TEA)
    assert "+\thandle /v1/* {\n+\t\treverse_proxy 127.0.0.1:3001\n+\t}\n" in patch_of(claim)
