from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse, PageFileTrial
from tests.support.check_evidence import SHOP, judge
from tests.support.running_programs import SHOP as SHOP_PROGRAM
from tests.support.running_programs import programs
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.base-path-missing"
ROOT = "https://shop.example.com"
APP = replace(SHOP, path="/app/")
SITE = apache_config(
    HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass /app/ http://127.0.0.1:3000/")
)
PAGE = Exchange(url=f"{ROOT}/app/", address="203.0.113.10", port=443, status=302)
LOGIN = Exchange(
    url=f"{ROOT}/login", address="203.0.113.10", port=443, status=404, purpose="redirect",
    redirected_from=f"{ROOT}/app/",
)  # fmt: skip
VISIT = BackendVisit(target="http://127.0.0.1:3000/", requested="/login", path="/login", status=200)
LOADED = Page(
    url=f"{ROOT}/app/", address="203.0.113.10", port=443,
    files=(PageFile(url=f"{ROOT}/app.js", kind="script"),),
)  # fmt: skip
FILE = PageFileResponse(
    page=f"{ROOT}/app/", file_kind="script", url=f"{ROOT}/app.js", address="203.0.113.10",
    port=443, status=404,
)  # fmt: skip


def test_fires_for_a_redirect_that_leaves_the_folder() -> None:
    (claim,) = judge(CHECK, APACHE, SITE, PAGE, LOGIN, VISIT, target=APP, masked=False)
    assert (claim.facts["path"], claim.facts["prefix"]) == ("/login", "/app")
    assert claim.severity is Severity.ERROR
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_file_at_the_root() -> None:
    visit = replace(VISIT, requested="/app.js", path="/app.js")
    page = replace(PAGE, status=200)
    (claim,) = judge(CHECK, APACHE, SITE, page, LOADED, FILE, visit, target=APP, masked=False)
    assert claim.facts["file"] is True


def test_silent_where_the_application_has_it_not_or_is_at_the_root() -> None:
    gone = replace(VISIT, status=404)
    assert not judge(CHECK, APACHE, SITE, PAGE, LOGIN, gone, target=APP)
    assert not judge(CHECK, APACHE, apache_config(), PAGE, LOGIN, VISIT, target=APP)
    found = replace(LOGIN, status=200)
    assert not judge(CHECK, APACHE, SITE, PAGE, found, VISIT, target=APP)


def test_fires_and_names_the_setting_of_a_known_application() -> None:
    grafana = programs(replace(SHOP_PROGRAM, command="/usr/sbin/grafana-server"))
    seen = (APACHE, SITE, PAGE, LOGIN, VISIT, grafana)
    (claim,) = judge(CHECK, *seen, target=APP, masked=False)
    assert claim.facts["known"] == "Grafana"
    (claim,) = judge(CHECK, *seen[:-1], target=APP, masked=False)
    assert claim.facts["setting"] == ""


def test_silent_where_the_page_names_its_files_relatively() -> None:
    """Only the slash at the end of its address is missing: http.base-path-missing."""
    visit = replace(VISIT, requested="/app.js", path="/app.js")
    page, url = replace(PAGE, status=200), f"{ROOT}/app"
    trial = PageFileTrial(
        page=url, file=f"{ROOT}/app.js", url=f"{ROOT}/app/app.js", prefix="/app",
        address="203.0.113.10", port=443, is_absolute=False, status=200, is_used=True,
    )  # fmt: skip
    site = apache_config(HTTPS.replace("ProxyPass / http", "ProxyPass /app http"))
    seen = (replace(LOADED, url=url), replace(FILE, page=url), visit)
    own = replace(APP, path="/app")
    assert judge(CHECK, APACHE, site, page, *seen, target=own, masked=False)
    assert not judge(CHECK, APACHE, site, page, *seen, trial, target=own, masked=False)
