"""nginx.file-elsewhere: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Manual,
    Observation,
    Severity,
    Vantage,
)
from diagnose.model.files import PathComponent, SiblingFile
from diagnose.model.http import Exchange
from diagnose.model.processes import RunningProgram, RunningPrograms
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, script, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.file-elsewhere"
FILE = sheet("/media/tea.css")
SIBLING = SiblingFile(
    vantage=Vantage.SERVER, path="/srv/django/media/tea.css", url=FILE.url, of_program=True,
    parts=(PathComponent("/srv/django/media/tea.css", 0, "root", 0, "root", 0o644, folder=False),),
    uid=33, user="www-data",
)  # fmt: skip
FILES = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/app;")


def of(*observations: Observation, text: str = SITE, status: int = 404) -> list[Claim]:
    seen = (RUNNING, config(text), loads(FILE), answered(FILE, status))
    return list(judge(CHECK, *seen, *observations))


def test_fires_where_the_application_serves_no_files() -> None:
    (claim,) = of(SIBLING)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert (claim.facts["folder"], claim.facts["real"]) == ("/media/", "/srv/django/media/")
    assert claim.facts["denied"] == ()
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert "location /media/ {" in str(step.commands[0])
    assert "alias /srv/django/media/;" in str(step.commands[0])


def test_fires_where_the_application_sends_visitors_of_a_file_to_its_login() -> None:
    login = replace(
        answered(FILE, 200), is_html=True, headers=(("Content-Type", "text/html"),),
        redirects=("https://shop.example.com/login/?next=/media/tea.css",),
    )  # fmt: skip
    (claim,) = judge(CHECK, RUNNING, config(), loads(FILE), login, SIBLING)
    assert claim.facts["redirect"] == login.redirects[0]
    assert (claim.facts["folder"], claim.facts["real"]) == ("/media/", "/srv/django/media/")


def test_fires_where_nginx_looks_in_another_folder() -> None:
    (claim,) = of(replace(SIBLING, path="/srv/up/tea.css", of_program=False), text=FILES)
    assert (claim.facts["asked"], claim.facts["real"]) == ("/srv/app/media/tea.css", "/srv/up/")


def test_fires_and_says_what_nginx_may_not_read() -> None:
    secret = PathComponent("/srv/django", 0, "root", 0, "root", 0o700)
    (claim,) = of(replace(SIBLING, parts=(secret, *SIBLING.parts)))
    assert claim.facts["denied"] == ("/srv/django",)


def test_fires_once_for_a_folder() -> None:
    assert len(of(SIBLING, replace(SIBLING))) == 1


@pytest.mark.parametrize(
    ("sibling", "text", "status"),
    [
        (SIBLING, SITE, 200),
        (replace(SIBLING, url="https://shop.example.com/other.css"), SITE, 404),
        (SIBLING, SITE.replace("proxy_pass http://127.0.0.1:3000;", "return 404;"), 404),
        (replace(SIBLING, path="/srv/app/media/tea.css"), FILES, 404),
    ],
)
def test_silent_where_the_file_is_served_or_a_rule_answers(
    sibling: SiblingFile, text: str, status: int
) -> None:
    assert not of(sibling, text=text, status=status)


def test_silent_where_a_known_mistake_leads_elsewhere() -> None:
    known = examined(
        "/srv/app/media/tea.css", "/media/tea.css", mistake="alias", elsewhere="/srv/tea.css"
    )
    assert not of(SIBLING, known, text=FILES)
    assert of(SIBLING, text=FILES)


def test_fires_and_names_the_location_that_has_the_folder() -> None:
    (claim,) = of(SIBLING, text=SITE.replace("location / {", "location ^~ /media/ {"))
    assert claim.facts["owner"] == "location ^~ /media/"
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert not step.commands, "nginx refuses a second location with this path"
    (claim,) = of(SIBLING)
    assert claim.facts["owner"] == ""


def test_corrects_the_folder_of_the_only_file_of_this_path() -> None:
    only = replace(SIBLING, path="/var/cache/app/media/tea.css", of_program=False, is_only=True)
    (claim,) = of(only, text=FILES)
    assert claim.facts["right"] == "root /var/cache/app;"
    assert claim.fix
    assert "root /var/cache/app;" in str(claim.fix.steps[0])


def test_names_the_folder_of_nginx_itself_where_no_root_applies() -> None:
    only = replace(SIBLING, path="/var/cache/app/media/tea.css", of_program=False, is_only=True)
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "expires 30d;")
    (claim,) = of(only, text=text)
    assert claim.facts["rootless"]
    assert claim.facts["asked"] == "html/media/tea.css"
    assert claim.fix
    assert "root /var/cache/app;" in str(claim.fix.steps[0])


def test_leaves_a_folder_from_which_other_files_come() -> None:
    only = replace(SIBLING, path="/var/cache/app/media/tea.css", of_program=False, is_only=True)
    other = sheet("/other.css")
    (claim,) = of(only, answered(other, 200), text=FILES)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("path", "command", "framework"),
    [
        ("/srv/m/public/media/tea.css", "puma 6.4.3 (tcp://127.0.0.1:3000)", "rails"),
        ("/srv/m/.next/static/tea.css", "node server.js", "next"),
        ("/srv/m/public/media/tea.css", "node server.js", ""),
    ],
)
def test_names_the_setting_of_a_framework(path: str, command: str, framework: str) -> None:
    program = RunningProgram(pid=42, name="web", started=1.0, command=command)
    (claim,) = of(
        replace(SIBLING, path=path), RunningPrograms(endpoint="3000", programs=(program,))
    )
    named = {name for name in ("rails", "next") if claim.facts[name]}
    assert named == ({framework} if framework else set())


def test_a_script_that_may_come_late_stands_for_the_files_of_its_folder() -> None:
    late = script("/media/late.js", is_optional=True)
    sibling = replace(SIBLING, path="/srv/django/media/late.js", url=late.url)
    seen = loads(FILE, late), answered(late, 404)
    (claim,) = judge(CHECK, RUNNING, config(SITE), *seen, sibling)
    assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, RUNNING, config(SITE), *seen, answered(FILE, 404), sibling)
    assert claim.severity is Severity.ERROR


ABOVE = script("/tools/src/app.js")
PAGE = f"{SHOP.url}tools/pdf/diff/"
BELOW = replace(SIBLING, path="/srv/app/tools/pdf/src/app.js", url=ABOVE.url, is_only=True)


def above(**page: str) -> list[Claim]:
    came = Exchange(url=PAGE, address="203.0.113.10", port=443, status=200)
    seen = RUNNING, config(FILES), came, answered(ABOVE, 404, page=PAGE)
    return judge(CHECK, *seen, BELOW, loads(ABOVE, url=PAGE, **page))


def test_silent_where_the_address_in_the_page_leads_above_its_base() -> None:
    assert not above(base=f"{SHOP.url}tools/pdf/")


def test_takes_no_path_that_comes_today() -> None:
    """The page is below /tools/: a location for it would take the page away."""
    (claim,) = above()
    assert claim.facts["folder"] == "/tools/src/"
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert "alias /srv/app/tools/pdf/src/;" in str(step.commands[0])


def test_silent_where_every_folder_of_the_file_is_in_use() -> None:
    came = Exchange(url=f"{SHOP.url}media/", address="203.0.113.10", port=443, status=200)
    assert not of(SIBLING, came)


def test_fires_where_a_location_for_endings_has_no_root() -> None:
    """The folder's own prefix is longer, and that it is explains nothing: the `root` is missing."""
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/up;").replace(
        "    location / {", "    location ~* \\.(css|js)$ { expires 30d; }\n    location / {"
    )
    at = "/srv/up/media/tea.css"
    outdone = examined(at, url="/media/tea.css", exists=True, mistake="expression", elsewhere=at)
    (claim,) = of(replace(SIBLING, path=at, of_program=False), outdone, text=text)
    assert claim.facts["rootless"]
    assert claim.fix
    assert "+    root /srv/up;" in str(claim.fix.steps[0])
