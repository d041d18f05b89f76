"""http.base-path-missing: an application in a sub-folder names its files from the root."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Vantage,
)
from diagnose.model.pages import Page, PageFile, PageFileResponse, PageFileTrial
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.base-path-missing"
FILE = "https://shop.example.com/static/app.js"
BELOW = "https://shop.example.com/app/static/app.js"
PAGE = Page(
    url="https://shop.example.com/app/", address="203.0.113.10", port=443,
    files=(PageFile("script", FILE),),
)  # fmt: skip
MISSING = PageFileResponse(
    page=PAGE.url, file_kind="script", url=FILE, address="203.0.113.10", port=443, status=404
)
SERVED = PageFileTrial(
    page=PAGE.url, file=FILE, url=BELOW, prefix="/app", address="203.0.113.10", port=443,
    is_absolute=True, status=200, is_used=True,
)  # fmt: skip
LOCATION = "    location /app { proxy_pass http://127.0.0.1:4000/; }\n"


def claims(
    *observations: Observation, page: Page = PAGE, target: str = "http://127.0.0.1:4000/"
) -> list[Claim]:
    location = LOCATION.replace("http://127.0.0.1:4000/", target)
    text = SITE.replace("    location / {", f"{location}    location / {{")
    return judge(CHECK, config(text), BUILD, RUNNING, page, *observations)


def test_fires_and_the_application_has_to_know_its_folder() -> None:
    (claim,) = claims(MISSING, SERVED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["location"] == "location /app"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_from_outside_too() -> None:
    assert judge(CHECK, PAGE, MISSING, SERVED)


def test_fires_for_a_file_that_a_style_sheet_names() -> None:
    sheet = "https://shop.example.com/app/a.css"
    font = replace(MISSING, file_kind="font", sheet=sheet)
    (claim,) = judge(CHECK, replace(PAGE, files=()), font, SERVED)
    assert (claim.facts["sheet"], claim.severity) == (sheet, Severity.WARNING)
    # A font that is nowhere breaks no page.
    assert not judge("http.page-file-missing", PAGE, font)


def test_fires_and_writes_the_slash_that_the_location_lacks() -> None:
    """nginx asks the application for //static/app.js, and it answers 404."""
    page = replace(PAGE, url="https://shop.example.com/app")
    trial = replace(SERVED, page=page.url, is_absolute=False, status=404, is_used=False)
    (claim,) = claims(replace(MISSING, page=page.url), trial, page=page)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location /app/ { proxy_pass http://127.0.0.1:4000/; }\n" in edit.diff


def test_fires_and_redirects_to_the_slash_that_is_missing() -> None:
    page = replace(PAGE, url="https://shop.example.com/app")
    seen = replace(MISSING, page=page.url), replace(SERVED, page=page.url, is_absolute=False)
    (claim,) = claims(*seen, page=page, target="http://127.0.0.1:4000")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location = /app {\n+        return 301 /app/$is_args$args;\n+    }\n" in edit.diff


def test_silent_where_the_file_is_not_there_either() -> None:
    assert not claims(MISSING, replace(SERVED, status=404, is_used=False))


def test_silent_where_the_file_is_served() -> None:
    types = (("Content-Type", "text/javascript"),)
    assert not claims(replace(MISSING, status=200, headers=types), SERVED)


def test_the_only_script_of_an_empty_page_matters_though_it_is_async() -> None:
    script = PageFile("script", FILE, is_optional=True)
    (claim,) = claims(MISSING, SERVED, page=replace(PAGE, files=(script,), is_empty=True))
    assert claim.severity is Severity.ERROR
    (claim,) = claims(MISSING, SERVED, page=replace(PAGE, files=(script,)))
    assert claim.severity is Severity.NOTE


def test_fires_and_apache_redirects_to_the_slash_before_it_passes_on() -> None:
    text = HTTPS.replace("ProxyPass / http", "ProxyPass /app http")
    target = replace(SHOP, path="/app")
    page = replace(PAGE, url="https://shop.example.com/app")
    visit = replace(ANSWER, url=page.url)
    seen = replace(MISSING, page=page.url), replace(SERVED, page=page.url, is_absolute=False)
    (claim,) = judge(CHECK, APACHE, apache_config(text), visit, page, *seen, target=target)
    assert claim.facts["apache"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteRule ^/app$ /app/ [R=301,L]\n" in edit.diff


@pytest.mark.parametrize(
    ("server", "fact"), [("Apache/2.4.58 (Ubuntu)", "apache"), ("Caddy", "other"), ("x", "nginx")]
)
def test_fires_from_outside_in_the_words_of_the_server(server: str, fact: str) -> None:
    page = replace(PAGE, url="https://shop.example.com/app")
    visit = replace(ANSWER, url=page.url, headers=(("Server", server),))
    seen = replace(MISSING, page=page.url), replace(SERVED, page=page.url, is_absolute=False)
    (claim,) = judge(CHECK, visit, page, *seen, target=replace(SHOP, path="/app"))
    assert claim.facts[fact]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def trial(field: str, names: bool = False) -> PrefixTrial:
    return PrefixTrial(
        vantage=Vantage.SERVER, target="http://127.0.0.1:4000/", page=PAGE.url, prefix="/app",
        field=field, status=200, names_prefix=names, references=('src="/static/', "href='/x.css"),
    )  # fmt: skip


def edited(
    *trials: PrefixTrial,
    build: tuple[str, ...] = ("--with-http_sub_module",),
    location: str = "/app",
) -> str:
    block = LOCATION.replace("/app ", f"{location} ")
    text = SITE.replace("    location / {", f"{block}    location / {{")
    nginx = (config(text), replace(BUILD, arguments=build), RUNNING)
    (claim,) = judge(CHECK, *nginx, PAGE, MISSING, SERVED, *trials)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Manual) or claim.fix.applicability is Applicability.REVIEW
    return step.diff if isinstance(step, Edit) else ""


def test_fires_and_writes_the_field_that_the_application_reads() -> None:
    diff = edited(trial(""), trial("X-Forwarded-Prefix"), trial("X-Script-Name", names=True))
    assert "proxy_set_header X-Script-Name /app;" in diff
    assert "sub_filter" not in diff


def test_fires_and_replaces_the_addresses_where_no_field_helps() -> None:
    diff = edited(trial(""), trial("X-Forwarded-Prefix"))
    assert "sub_filter 'src=\"/static/' 'src=\"/app/static/';" in diff
    assert 'sub_filter "href=\'/x.css" "href=\'/app/x.css";' in diff
    assert 'proxy_set_header Accept-Encoding "";' in diff


def test_fires_and_replaces_links_forms_and_redirects_as_well() -> None:
    """The first of two texts that begin alike counts in nginx: another host stays."""
    control = replace(trial(""), references=('href="/', 'action="/'))
    diff = edited(control, trial("X-Forwarded-Prefix"))
    assert diff.index("sub_filter 'href=\"//' 'href=\"//';") < diff.index(
        "sub_filter 'href=\"/' 'href=\"/app/';"
    )
    assert "sub_filter 'action=\"/' 'action=\"/app/';" in diff
    assert "proxy_redirect" not in diff  # `location /app` cuts no folder off
    diff = edited(control, trial("X-Forwarded-Prefix"), location="/app/")
    assert "proxy_redirect / /app/;" in diff


@pytest.mark.parametrize(
    ("trials", "build"),
    [
        ((trial(""), trial("X-Forwarded-Prefix")), ()),
        ((trial(""),), ("--with-http_sub_module",)),
        ((trial("", names=True),), ("--with-http_sub_module",)),
    ],
)
def test_fires_and_leaves_the_rest_to_a_person(
    trials: tuple[PrefixTrial, ...], build: tuple[str, ...]
) -> None:
    assert not edited(*trials, build=build)


BUILT = "https://shop.example.com/assets/index-9f2cAb1d.js"
STATIC = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/home;
    location /app/ { alias /var/www/app/; try_files $uri $uri/ /app/index.html; }
%s}
"""


def built(more: str = "", file: str = BUILT) -> Claim:
    """The claim about a page of files alone, with other lines in its server block."""
    page = replace(PAGE, files=(PageFile("script", file),))
    below = file.replace(".com/", ".com/app/")
    trial = replace(SERVED, file=file, url=below)
    seen = (page, replace(MISSING, url=file), trial)
    (claim,) = judge(CHECK, config(STATIC % more), BUILD, RUNNING, *seen)
    return claim


@pytest.mark.parametrize(
    ("path", "name", "setting"),
    [
        ("assets/index-9f2cAb1d.js", "Vite", "base: '/app/'"),
        ("static/js/main.8a1b2c3d.js", "Create React App", '"homepage": "/app"'),
        ("js/chunk-vendors.8a1b2c3d.js", "Vue CLI", "publicPath: '/app/'"),
        ("main-5KQ3TZ2M.js", "Angular", '"baseHref": "/app/"'),
        ("_next/static/chunks/main-app.js", "Next.js", "basePath: '/app'"),
        ("_nuxt/3b1c9e5.js", "Nuxt 2", "router: { base: '/app/' }"),
        ("_nuxt/entry.Cq1pX2aB.js", "Nuxt", "app: { baseURL: '/app/' }"),
        ("assets/app.BQJ3x0uK.js", "VitePress", "base: '/app/'"),
        ("assets/chunks/framework.CvJWBgZ2.js", "VitePress", "base: '/app/'"),
        ("assets/js/app.8a1b2c3d.js", "VuePress", "base: '/app/'"),
        ("assets/js/main.8a1b2c3d.js", "Docusaurus", "baseUrl: '/app/'"),
        ("_framework/blazor.webassembly.js", "Blazor WebAssembly", '<base href="/app/" />'),
    ],
)
def test_fires_with_the_one_setting_of_the_tool_that_built_it(
    path: str, name: str, setting: str
) -> None:
    claim = built(file=f"https://shop.example.com/{path}")
    assert (claim.facts["built_by"], claim.facts["built_setting"]) == (name, setting)


def test_fires_and_finds_the_files_of_the_folder_at_once() -> None:
    claim = built()
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location ^~ /assets/ {\n+        try_files $uri /app$uri;\n+    }\n" in edit.diff


@pytest.mark.parametrize(
    "more",
    [
        "    location / { proxy_pass http://127.0.0.1:3000; }\n",
        "    location /assets/ { root /srv; }\n",
        "    location ~ \\.js$ { return 404; }\n",
    ],
)
def test_fires_without_an_edit_where_somebody_else_answers_there(more: str) -> None:
    claim = built(more)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


OWN_CADDY = "shop.example.com {\n\thandle_path /app/* {\n\t\treverse_proxy 127.0.0.1:4000\n\t}\n}\n"
OWN_APACHE = HTTPS.replace(
    "ProxyPass / http://127.0.0.1:3000/", "ProxyPass /app/ http://127.0.0.1:4000/"
)
OWN_HAPROXY = TEXT.replace("default_backend app", "use_backend app if { path_beg /app/ }")


def caddy_below() -> WebServerConfig:
    route = SiteRoute("/app/", "http://127.0.0.1:4000", scheme="http", host="127.0.0.1", port=4000)
    own = caddy_config(OWN_CADDY)
    return replace(own, sites=tuple(replace(site, routes=(route,)) for site in own.sites))


@pytest.mark.parametrize(
    ("server", "own", "line"),
    [
        (CADDY, caddy_below(), "rewrite /static/* /app{uri}"),
        (APACHE, apache_config(OWN_APACHE), "ProxyPass /static/ http://127.0.0.1:4000/static/"),
        (
            SERVER,
            haproxy_config(OWN_HAPROXY),
            "http-request set-path /app%[path] "
            "if { hdr(host) -i shop.example.com } { path_beg /static/ }",
        ),
    ],
)
def test_fires_and_another_server_brings_the_files(
    server: WebServer, own: WebServerConfig, line: str
) -> None:
    (claim,) = judge(CHECK, server, own, PAGE, MISSING, SERVED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *_, later = claim.fix.steps
    assert isinstance(edit, Edit)
    assert any(row.strip("+ \t") == line for row in edit.diff.split("\n"))
    assert isinstance(later, Manual)


def test_leaves_files_alone_that_an_application_answers_at_the_root() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), PAGE, MISSING, SERVED, masked=False)
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)
