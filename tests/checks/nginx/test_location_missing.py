"""nginx.location-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Observation, Vantage
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileTrial, WebSocketPath
from diagnose.model.requests import BypassedApplication
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import FILE, RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, script

CHECK = "nginx.location-missing"
TEXT = SITE.replace(
    "    location / {\n        proxy_pass http://127.0.0.1:3000;\n",
    "    location /api/ {\n        proxy_pass http://127.0.0.1:3000/api/;\n"
    "    }\n    location / {\n        root /srv/app;\n",
)
LINE = 1 + TEXT.partition("proxy_pass")[0].count("\n") + 1
HAS = BypassedApplication(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000/api/", path="/socket.io/",
    address="127.0.0.1", port=3000, by="neighbour", file=FILE, line=LINE, status=200,
)  # fmt: skip
CONTROL = replace(HAS, path="/socket.io-diagnose-7f3a", status=404)
NAMED = WebSocketPath(source=SHOP.url, path="/socket.io/", library="Socket.IO")
VISIT = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)


def of(*observations: Observation, text: str = TEXT) -> list[Claim]:
    return list(judge(CHECK, RUNNING, config(text), VISIT, *observations))


def test_fires_for_the_path_of_socket_io() -> None:
    (claim,) = of(HAS, CONTROL, NAMED)
    assert (claim.facts["folder"], claim.facts["application"]) == (
        "/socket.io/", "http://127.0.0.1:3000",
    )  # fmt: skip
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "location ^~ /socket.io/ {" in edit.diff
    assert "proxy_pass http://127.0.0.1:3000;" in edit.diff
    assert "Upgrade $http_upgrade" in edit.diff


@pytest.mark.parametrize("path", ["/socket.io/socket.io.js", "/media/tea.js"])
def test_fires_for_certain_for_a_file_of_the_page(path: str) -> None:
    file = script(path)
    has = replace(HAS, path=path)
    control = replace(CONTROL, path=f"{path}-diagnose-7f3a")
    (claim,) = of(has, control, loads(file), answered(file, 404))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["folder"] == path[: path.rindex("/") + 1]


FILES = "    location ^~ /packs/ {\n        root /srv/app;\n        try_files $uri =404;\n    }\n"


@pytest.mark.parametrize("named", [True, False])
def test_the_location_of_the_files_ends_in_the_application(named: bool) -> None:
    """Issue 1035 of mastodon/documentation: the files are in the container. A second location of
    the same folder is not possible."""
    text = TEXT.replace("    location / {\n", f"{FILES}    location / {{\n")
    line = LINE
    if named:
        text = TEXT.replace("location /api/ {", "location @proxy {").replace("3000/api/", "3000")
        text = text.replace(
            "    location / {\n", f"{FILES}    location / {{\n        try_files $uri @proxy;\n"
        )
    file = script("/packs/app.js")
    target = "http://127.0.0.1:3000" if named else HAS.target
    has = replace(HAS, path="/packs/app.js", target=target, line=line)
    control = replace(has, path="/packs/app.js-diagnose-7f3a", status=404)
    (claim,) = of(has, control, loads(file), answered(file, 404), text=text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    name = "@proxy" if named else "@application"
    assert f"+        try_files $uri {name};" in edit.diff
    assert ("+    location @application {" in edit.diff) is not named


def test_fires_once_for_all_folders_of_the_page() -> None:
    """After issue 100 of KOHGYLW/kiftd: one location heals half of the page."""
    paths = ("/css/tea.css", "/js/tea.js", "/js/cup.js")
    files = [script(path) for path in paths]
    seen: list[Observation] = [loads(*files), *(answered(file, 404) for file in files)]
    for path in paths:
        seen += [replace(HAS, path=path), replace(CONTROL, path=f"{path}-diagnose-7f3a")]
    (claim,) = of(*seen, HAS, CONTROL, NAMED)
    assert claim.facts["folders"] == ("/css/", "/js/", "/socket.io/")
    assert {subject.path for subject in claim.covers} >= {"/css/tea.css", "/js/tea.js"}
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    for folder in ("/css/", "/js/", "/socket.io/"):
        assert edit.diff.count(f"location ^~ {folder} {{") == 1
    assert edit.diff.count("Upgrade $http_upgrade") == 1


def test_fires_for_one_file_of_a_folder_that_nginx_has() -> None:
    file, other = script("/static/admin.js"), script("/static/app.js")
    has = replace(HAS, path="/static/admin.js")
    control = replace(CONTROL, path="/static/admin.js-diagnose-7f3a")
    seen = (loads(file, other), answered(file, 404), answered(other, 200))
    (claim,) = of(has, control, *seen)
    assert claim.facts["folder"] == "/static/admin.js"
    assert claim.facts["modifier"] == "= "


@pytest.mark.parametrize(
    "observations",
    [
        (HAS, NAMED),
        (HAS, CONTROL),
        (HAS, replace(CONTROL, status=200), NAMED),
        (replace(HAS, status=404), CONTROL, NAMED),
        (replace(HAS, is_html=True), CONTROL, NAMED),
        (replace(HAS, by="regex"), CONTROL, NAMED),
        (HAS, CONTROL, replace(NAMED, library="SignalR")),
        (CONTROL, NAMED),
    ],
)
def test_silent_where_the_application_does_not_show_that_it_has_the_path(
    observations: tuple[Observation, ...],
) -> None:
    """Among them an application that answers every path."""
    assert not of(*observations)


FOLDER = SITE.replace(
    "    location / {\n        proxy_pass http://127.0.0.1:3000;\n",
    "    location /shell {\n        proxy_pass http://127.0.0.1:3000/;\n"
    "    }\n    location / {\n        root /srv/app;\n",
)


@pytest.mark.parametrize(
    ("is_absolute", "path", "count"),
    [(False, "/shell", 0), (True, "/shell", 1), (False, "/shell/x", 1)],
)
def test_silent_where_the_pages_own_address_lacks_its_slash(
    is_absolute: bool, path: str, count: int
) -> None:
    """It fires for a name from the root, and for a page in the folder."""
    file = script("/static/app.js")
    page = replace(loads(file), url=f"https://shop.example.com{path}")
    seen = replace(answered(file, 404), page=page.url)
    below = f"https://shop.example.com{path}/static/app.js"
    trial = PageFileTrial(
        page=page.url, file=file.url, url=below, prefix="/shell", address="203.0.113.10",
        port=443, is_absolute=is_absolute, status=404,
    )  # fmt: skip
    has = replace(HAS, path="/static/app.js", target="http://127.0.0.1:3000/")
    control = replace(has, path="/static/app.js-diagnose-7f3a", status=404)
    assert len(of(has, control, page, seen, trial, text=FOLDER)) == count


def test_silent_where_the_files_are_served_below_the_page() -> None:
    """One of them shows that the page's own addresses are wrong: no location is missing."""
    file, other = script("/app.js"), script("/vendor.js")
    page = replace(loads(file, other), url="https://shop.example.com/shell/")
    seen = [replace(answered(one, 404), page=page.url) for one in (file, other)]
    below = "https://shop.example.com/shell/vendor.js"
    trial = PageFileTrial(
        page=page.url, file=other.url, url=below, prefix="/shell", address="203.0.113.10",
        port=443, is_absolute=False, status=404,
    )  # fmt: skip
    has = replace(HAS, path="/app.js", target="http://127.0.0.1:3000/")
    control = replace(has, path="/app.js-diagnose-7f3a", status=404)
    text = FOLDER.replace("/shell", "/shell/")
    assert of(has, control, page, *seen, trial, text=text)
    used = replace(trial, status=200, is_used=True)
    assert not of(has, control, page, *seen, used, text=text)


def test_silent_where_two_applications_have_it() -> None:
    assert not of(HAS, CONTROL, replace(HAS, port=3001), replace(CONTROL, port=3001), NAMED)


def test_silent_where_the_page_names_another_host() -> None:
    visit = replace(VISIT, mentions=("wss://chat.example.net/socket.io/",))
    assert not judge(CHECK, RUNNING, config(TEXT), visit, HAS, CONTROL, NAMED)


@pytest.mark.parametrize(
    "lines",
    ["location /socket.io/ { return 404; }", "location /socket.io/ { proxy_pass http://[::1]:1; }"],
)
def test_silent_where_a_location_has_the_path(lines: str) -> None:
    text = TEXT.replace("    location / {", f"    {lines} location / {{")
    assert not of(HAS, CONTROL, NAMED, text=text)


EXACT = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/app;
    location = / {
        try_files $uri @app;
    }
    location @app {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""


def test_fires_and_takes_the_mark_from_the_only_location_that_leads_there() -> None:
    file = script("/media/tea.js")
    for text, added in (
        (EXACT, "+    location / {"),
        # Another location leads there too: the home page is meant alone.
        (EXACT.replace("location @", "location /a { try_files $uri @app; }\n    location @"), "^~"),
    ):
        line = 1 + text.partition("proxy_pass")[0].count("\n") + 1
        has = replace(HAS, target="http://127.0.0.1:3000", path="/media/tea.js", line=line)
        control = replace(has, path="/media/tea.js-diagnose-7f3a", status=404)
        (claim,) = of(has, control, loads(file), answered(file, 404), text=text)
        assert claim.fix
        (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
        assert added in edit.diff
