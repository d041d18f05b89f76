from dataclasses import replace

from diagnose.model import Applicability, Command, Edit, Manual, Severity, Vantage, Where
from diagnose.model.files import SiblingFile
from diagnose.model.site_folders import StaticProject
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, loads, module, picture, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.page-file-not-found"
FILE = sheet("/static/css/app.css")
MISSING = (loads(FILE), answered(FILE, 404))


def site(body: str) -> str:
    return f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {body}\n}}\n"


ALIAS = config(site("location /static/ { alias /srv/static; }"))


def test_fires_and_adds_the_slash() -> None:
    observation = examined(
        "/srv/staticcss/app.css", elsewhere="/srv/static/css/app.css", mistake="slash"
    )
    (claim,) = judge(CHECK, RUNNING, ALIAS, *MISSING, observation)
    assert claim.facts["slash"]
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+  location /static/ { alias /srv/static/; }" in edit.diff


def test_fires_and_leaves_a_larger_change_to_a_person() -> None:
    root = config(site("location /static/ { root /srv/static; }"))
    observation = examined(
        "/srv/static/static/css/app.css", elsewhere="/srv/static/css/app.css", mistake="root"
    )
    (claim,) = judge(CHECK, RUNNING, root, *MISSING, observation)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "alias /srv/static/;" in edit.diff


def test_fires_for_a_fallback_that_answers_with_the_page() -> None:
    root = config(site("root /srv; location / { try_files $uri /index.html; }"))
    html = answered(module(), content_type="text/html", is_html=True)
    observation = examined("/srv/assets/index.js", url="/assets/index.js")
    (claim,) = judge(CHECK, RUNNING, root, loads(module()), html, observation)
    assert claim.facts["fallback"] == "try_files $uri /index.html"
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["deploy"]


def test_fires_for_a_file_that_is_there_compressed_alone() -> None:
    lines = "root /srv; location /static/ { gzip_static on; try_files $uri =404; }"
    path = "/srv/static/css/app.css"
    observation = examined(path, elsewhere=f"{path}.gz", mistake="compressed")
    (claim,) = judge(CHECK, RUNNING, config(site(lines)), *MISSING, observation, masked=False)
    assert claim.facts["unpack"] == f"gunzip -k {path}.gz"
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["unpack"]


def test_fires_for_an_expression_that_gets_the_request() -> None:
    """The post of 5 September 2025 of abining.fun: `/pic/` has an alias, `~ .css` has not."""
    locations = r"location /pic/ { alias /srv/pic/; } location ~ .*\.(js|css)?$ { expires 12h; }"
    text, file = config(site(f"root /srv/blog; {locations}")), sheet("/pic/app.css")
    observation = examined(
        "/srv/blog/pic/app.css",
        url="/pic/app.css",
        elsewhere="/srv/pic/app.css",
        mistake="expression",
    )
    (claim,) = judge(CHECK, RUNNING, text, loads(file), answered(file, 404), observation)
    assert (claim.facts["prefix"], claim.facts["expression"]) == ("/pic/", r"~ .*\.(js|css)?$")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "location ^~ /pic/ {" in edit.diff


def test_fires_for_a_version_that_nobody_takes_away() -> None:
    file = sheet("/static/version12/css/app.css")
    observation = examined(
        "/srv/static/version12/css/app.css",
        url="/static/version12/css/app.css",
        elsewhere="/srv/static/css/app.css",
        mistake="version",
    )
    text = config(site("root /srv;"))
    (claim,) = judge(CHECK, RUNNING, text, loads(file), answered(file, 404), observation)
    assert claim.facts["rewrite"] == "rewrite ^(/static)/version[0-9._-]+/(.*)$ $1/$2 last;"
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "take-the-version-away"
    ]


def test_silent_where_the_file_is_there_or_was_not_looked_for() -> None:
    there = examined("/srv/staticcss/app.css", exists=True)
    assert not judge(CHECK, RUNNING, ALIAS, *MISSING, there)
    assert not judge(CHECK, RUNNING, ALIAS, *MISSING)


def test_silent_where_a_folder_is_closed() -> None:
    closed = examined("/srv/static/css/app.css", folder=0o700)
    assert not judge(CHECK, RUNNING, ALIAS, *MISSING, closed)


def test_silent_about_other_failures() -> None:
    observation = examined("/srv/staticcss/app.css")
    assert not judge(CHECK, RUNNING, ALIAS, loads(FILE), answered(FILE, 403), observation)
    assert not judge(CHECK, RUNNING, ALIAS, loads(FILE), answered(FILE), observation)


def test_fires_for_an_application_that_does_not_know_its_folder() -> None:
    locations = "location / { root /srv; } location /memos/ { proxy_pass http://127.0.0.1:5230; }"
    text, file = config(site(locations)), sheet("/assets/app.css")
    page, url = loads(file), "https://shop.example.com/memos/"
    below, missing = replace(page, url=url), replace(answered(file, 404), page=url)
    observation = examined("/srv/assets/app.css", url="/assets/app.css")
    (claim,) = judge(CHECK, RUNNING, text, below, missing, observation)
    assert (claim.facts["folder"], claim.facts["application"]) == (
        "/memos/",
        "http://127.0.0.1:5230",
    )
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "tell-the-folder"
    ]
    (claim,) = judge(CHECK, RUNNING, text, page, answered(file, 404), observation)
    assert claim.facts["folder"] == ""


def test_fires_as_a_warning_for_a_picture() -> None:
    observation = examined("/srv/staticimg/1.png", url="/static/img/1.png")
    file = picture("/static/img/1.png")
    (claim,) = judge(
        CHECK, RUNNING, ALIAS, loads(file), answered(file, 404, "text/html"), observation
    )
    assert claim.severity is Severity.WARNING
    assert claim.facts["image"]


def test_fires_and_names_the_address_below_the_base_of_the_page() -> None:
    """`<base href="/tools/pdf/">` and `../src/app.js` make /tools/src/app.js."""
    file = module("/tools/src/app.js")
    url, base = f"{file.url.partition('/tools')[0]}/tools/pdf/diff/", "/tools/pdf/"
    page = loads(file, url=url, base=url.removesuffix("diff/"))
    sibling = SiblingFile(
        vantage=Vantage.SERVER, path="/srv/app/tools/pdf/src/app.js", url=file.url, is_only=True
    )
    access = examined("/srv/app/tools/src/app.js", "/tools/src/app.js")
    seen = RUNNING, config(site("location / { root /srv/app; }")), page, access
    (claim,) = judge(CHECK, *seen, answered(file, 404, page=url), sibling)
    assert claim.facts["below"] == f"{base}src/app.js"
    assert claim.fix
    assert claim.fix.steps == (Manual("page-address", Where.APPLICATION),)
    (claim,) = judge(CHECK, *seen, answered(file, 404, page=url))
    assert claim.facts["below"] == ""


def test_fires_with_the_command_that_collects_the_files_of_a_project() -> None:
    alias = config(site("location /static/ { alias /srv/shop/collected/; }"))
    project = StaticProject(
        url="https://shop.example.com/static/css/app.css",
        folder="/srv/shop/collected/",
        path="/srv/shop/manage.py",
        owner="sammy",
        python="/srv/shop/venv/bin/python",
        setting="STATIC_ROOT = BASE_DIR / 'static'",
    )
    observation = examined("/srv/shop/collected/css/app.css")
    (claim,) = judge(CHECK, RUNNING, alias, *MISSING, observation, project, masked=False)
    assert claim.facts["collect"] == (
        "runuser -u sammy -- /srv/shop/venv/bin/python /srv/shop/manage.py collectstatic --noinput"
    )
    assert claim.facts["static_root"] == project.setting
    (claim,) = judge(CHECK, RUNNING, alias, *MISSING, observation)
    assert claim.facts["collect"] == ""


def test_fires_with_the_folder_that_the_settings_name() -> None:
    alias = config(site("location /static/ { alias /srv/shop/static/; }"))
    project = StaticProject(
        url="https://shop.example.com/static/css/app.css", folder="/srv/shop/static/",
        path="/srv/shop/manage.py", setting="STATIC_ROOT = BASE_DIR / 'collected'",
        root="/srv/shop/collected",
    )  # fmt: skip
    observation = examined("/srv/shop/static/css/app.css")
    (claim,) = judge(CHECK, RUNNING, alias, *MISSING, observation, project)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "alias /srv/shop/collected/;" in edit.diff
    assert claim.facts["moved"] == "/srv/shop/collected"
    same = replace(project, root="/srv/shop/static")
    (claim,) = judge(CHECK, RUNNING, alias, *MISSING, observation, same)
    assert claim.fix
    assert [type(step) for step in claim.fix.steps] == [Command]
    # A folder outside of the project may have other files.
    other = config(site("location /static/ { alias /var/www/static/; }"))
    away = replace(project, folder="/var/www/static/")
    (claim,) = judge(CHECK, RUNNING, other, *MISSING, examined("/var/www/static/css/app.css"), away)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_gives_a_location_the_folder_that_it_inherits() -> None:
    inherited = config(site("root /srv/dist; location /static/ { try_files $uri /index.html; }"))
    observation = examined(
        "/srv/dist/static/css/app.css", elsewhere="/srv/dist/css/app.css", mistake="base"
    )
    (claim,) = judge(CHECK, RUNNING, inherited, *MISSING, observation)
    assert (claim.facts["root"], claim.facts["corrected"]) == (True, "alias /srv/dist/;")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "alias /srv/dist/;" in edit.diff


def test_fires_and_leaves_a_page_that_is_built_for_another_path_to_a_person() -> None:
    for body in (
        "root /srv/dist; location / { try_files $uri /index.html; }",
        "location /static/ { root /srv/dist; }",
        "root /srv/dist; location ~ ^/static/ { try_files $uri =404; }",
    ):
        observation = examined(
            "/srv/dist/static/css/app.css", elsewhere="/srv/dist/css/app.css", mistake="base"
        )
        (claim,) = judge(CHECK, RUNNING, config(site(body)), *MISSING, observation)
        assert claim.fix
        assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["base-path"]
