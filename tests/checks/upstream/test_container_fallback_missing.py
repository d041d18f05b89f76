from dataclasses import replace

from diagnose.model import Claim, Confidence, Edit, Manual, Severity, Vantage
from diagnose.model.nginx import ConfigFile, ContainerNginx, ContainerPage
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.report_builder import ANSWER

CHECK = "upstream.container-fallback-missing"
TEXT = (
    "http {\n  server {\n    listen 80;\n    location / {\n      root /srv/html;%s\n    }\n  }\n}\n"
)
PATH = "web:/etc/nginx/nginx.conf"
WORK = replace(SHOP, path="/work")
MISSING = replace(ANSWER, url="https://shop.example.com/work", status=404)


def claims(
    lines: str = "", page: str = "/srv/html/index.html", status: int = 404, mount: str = "/srv"
) -> list[Claim]:
    text = TEXT % lines
    inside = ContainerNginx(
        vantage=Vantage.SERVER,
        engine="docker",
        container="web",
        endpoints=(("127.0.0.1", 3000),),
        port=80,
        main=nginx_parser.parse(text, PATH),
        files=(ConfigFile(PATH, text),),
        pid=42,
        mounts=((mount, "/data", False),),
    )
    seen = ContainerPage(
        vantage=Vantage.SERVER,
        container="web",
        url=MISSING.url,
        path="/srv/html/work",
        page=page,
    )
    answer = replace(MISSING, status=status)
    return judge(CHECK, RUNNING, config(SITE), answer, inside, seen, target=WORK)


def test_fires_with_the_edit_of_the_file_in_the_image() -> None:
    (claim,) = claims()
    assert (claim.confidence, claim.facts["index"]) == (Confidence.LIKELY, "/index.html")
    assert (claim.facts["in_image"], claim.facts["config"]) == (True, "/etc/nginx/nginx.conf")
    assert claim.fix
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "+      try_files $uri $uri/ /index.html;" in edits[0].diff


def test_a_try_files_without_a_fallback_is_changed() -> None:
    (claim,) = claims("\n      try_files $uri =404;", mount="/etc/nginx")
    assert claim.facts["directive"] == "try_files $uri =404"
    assert not claim.facts["in_image"]
    assert claim.fix
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert edit.path == "/data/nginx.conf"
    assert "-      try_files $uri =404;" in edit.diff


def test_an_if_in_the_location_leaves_it_to_a_person() -> None:
    (claim,) = claims("\n      if ($http_cookie) { set $a 1; }")
    assert claim.fix
    assert [type(step) for step in claim.fix.steps] == [Manual]


def test_silent_where_the_page_came_or_no_fallback_leads_to_it() -> None:
    assert claims(status=200) == []
    assert claims(page="/srv/other/index.html") == []


def test_it_is_a_warning() -> None:
    assert claims()[0].severity in {None, Severity.WARNING}
