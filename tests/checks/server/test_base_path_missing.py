from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Observation, Severity, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse, PageFileTrial
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import WebServer
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
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


def test_fires_with_the_folder_of_the_files_where_the_route_takes_its_own_off() -> None:
    url = f"{ROOT}/static/app.js"
    loaded = replace(LOADED, files=(PageFile(url=url, kind="script"),))
    visit = replace(VISIT, requested="/static/app.js", path="/static/app.js")
    told = (replace(PAGE, status=200), loaded, replace(FILE, url=url), visit)
    (claim,) = judge(CHECK, APACHE, SITE, *told, target=APP, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /static/ http://127.0.0.1:3000/static/\n" in edit.diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    kept = apache_config(
        HTTPS.replace("/ http://127.0.0.1:3000/", "/app/ http://127.0.0.1:3000/app/")
    )
    other = replace(visit, target="http://127.0.0.1:3000/app/")
    for claim in judge(CHECK, APACHE, kept, *told[:3], other, target=APP, masked=False):
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


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


def tried(field: str, names: bool = False) -> PrefixTrial:
    return PrefixTrial(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000/", page=f"{ROOT}/app/", prefix="/app",
        field=field, status=200, names_prefix=names,
    )  # fmt: skip


def told(
    site: Observation, *trials: PrefixTrial, server: WebServer = APACHE, target: str = VISIT.target
) -> Claim:
    visit = replace(VISIT, requested="/app.js", path="/app.js", target=target)
    page = replace(PAGE, status=200)
    seen = (server, site, page, LOADED, FILE, visit, *trials)
    (claim,) = judge(CHECK, *seen, target=APP, masked=False)
    return claim


def diff_of(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


READ = (tried(""), tried("X-Forwarded-Prefix"), tried("X-Script-Name", names=True))


def test_fires_and_apache_sends_the_field_that_the_application_reads() -> None:
    claim = told(SITE, *READ)
    line = 'RequestHeader set X-Script-Name "/app" "expr=%{REQUEST_URI} =~ m#^/app(/|$)#"'
    assert f"+    {line}" in diff_of(claim)
    assert claim.facts["field"] == "X-Script-Name"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_leaves_it_to_a_person_where_no_field_helps_or_a_line_has_it() -> None:
    assert not diff_of(told(SITE, tried(""), tried("X-Script-Name")))
    assert not diff_of(told(SITE, tried("", names=True), READ[-1]))
    assert not diff_of(told(SITE))
    own = HTTPS.replace(
        "ProxyPass / http", "RequestHeader set x-script-name /old\n    ProxyPass /app/ http"
    )
    assert not diff_of(told(apache_config(own), *READ))


def test_fires_and_haproxy_sends_it() -> None:
    rule = "    use_backend sub if { path_beg /app/ }\n    default_backend app\n"
    below = (
        "backend sub\n    http-request replace-path /app/(.*) /\\1\n    server b 127.0.0.1:3001\n"
    )
    text = f"{HAPROXY_TEXT.replace('    default_backend app' + chr(10), rule)}{below}"
    diff = diff_of(
        told(haproxy_config(text), *READ, server=HAPROXY, target="http://127.0.0.1:3001")
    )
    line = "http-request set-header X-Script-Name /app if { path /app } or { path_beg /app/ }"
    assert f"+    {line}" in diff
