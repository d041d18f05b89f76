from dataclasses import replace

from diagnose.model import Claim, Edit, Observation, Severity, Subject, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import ContainerLogLine, FailedRequests
from diagnose.model.nginx import ConfigFile, ContainerNginx
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "upstream.refused-by-container-nginx"
TEXT = (
    "http {\n  server {\n    listen 80;%s\n    location / { proxy_pass http://app:5000; }\n  }\n}\n"
)
PATH = "web:/etc/nginx/nginx.conf"
UPLOAD = replace(SHOP, path="/files/import")
TOO_LARGE = "client intended to send too large body: 3000000 bytes"
REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
MISSING = '"/srv/html/index.html" is not found (2: No such file or directory)'


def inside(limit: str = "") -> ContainerNginx:
    text = TEXT % limit
    return ContainerNginx(
        vantage=Vantage.SERVER,
        engine="docker",
        container="web",
        endpoints=(("127.0.0.1", 3000),),
        port=80,
        main=nginx_parser.parse(text, PATH),
        files=(ConfigFile(PATH, text),),
        pid=42,
        mounts=(("/etc/nginx", "/srv/web", False), ("/srv/html", "/data/html", False)),
    )


def logged(text: str, request: str = "GET / HTTP/1.1", *, in_run: bool = True) -> ContainerLogLine:
    return ContainerLogLine(
        vantage=Vantage.SERVER,
        container="web",
        level="error",
        text=text,
        request=request,
        upstream="http://172.18.0.3:5000/",
        in_run=in_run,
    )


def upload(limit: str = "", *seen: Observation) -> list[Claim]:
    line = logged(TOO_LARGE, "POST /files/import HTTP/1.1", in_run=False)
    page = replace(ANSWER, url="https://shop.example.com/files/import")
    return judge(
        CHECK, *(seen or (RUNNING, config(SITE))), page, inside(limit), line, target=UPLOAD
    )


def page(status: int) -> Exchange:
    return replace(ANSWER, status=status)


def test_fires_where_the_limit_in_the_container_refuses_an_upload() -> None:
    (claim,) = upload()
    assert claim.facts["large"]
    assert (claim.facts["limit"], claim.facts["set"], claim.severity) == (
        "1m",
        False,
        Severity.WARNING,
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/web/nginx.conf"
    assert "client_max_body_size 4m;" in edit.diff
    (claim,) = upload("\n    client_max_body_size 2m;")
    assert claim.fix
    assert claim.facts["set"]


def test_fires_behind_other_servers() -> None:
    (claim,) = upload("", APACHE, apache_config(), LISTENING)
    assert claim.facts["container"] == "web"
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), page(502), inside(), logged(REFUSED))
    assert claim.facts["gateway"]


def test_fires_where_the_container_answers_for_its_application() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(502), inside(), logged(REFUSED))
    assert claim.facts["application"] == "http://172.18.0.3:5000/"
    assert claim.severity is None
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(404), inside(), logged(MISSING))
    assert claim.facts["host_folder"] == "/data/html/index.html"
    elsewhere = replace(SHOP, path="/old")
    old = replace(page(404), url="https://shop.example.com/old")
    line = logged(MISSING, "GET /old HTTP/1.1")
    (claim,) = judge(CHECK, RUNNING, config(SITE), old, inside(), line, target=elsewhere)
    assert claim.severity is Severity.NOTE, "it may be meant"


def test_says_what_the_message_means_and_names_the_volume() -> None:
    """Issue 7 of flashspys/docker-nginx-static: `-v out:/static` makes a volume, and no folder."""
    mounts = (("/srv/html", "/var/lib/docker/volumes/out/_data", False),)
    said = logged('directory index of "/srv/html/" is forbidden')
    behind = replace(inside(), mounts=mounts)
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(403), behind, said, masked=False)
    facts = claim.facts
    assert (facts["no_index"], facts["by_rule"], facts["volume"]) == (True, False, "out")
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(403), inside(), said)
    assert claim.facts["volume"] == ""


def test_silent_where_the_limit_lets_it_in_now() -> None:
    assert not upload("\n    client_max_body_size 16m;")
    assert not upload("\n    client_max_body_size 0;")


def test_silent_where_the_line_is_none_of_this_answer() -> None:
    front = (RUNNING, config(SITE))
    assert not judge(CHECK, *front, page(200), inside(), logged(REFUSED))
    assert not judge(CHECK, *front, page(404), inside(), logged(REFUSED)), "another status"
    assert not judge(CHECK, *front, page(502), inside(), logged(REFUSED, in_run=False))
    assert not judge(CHECK, *front, page(502), inside(), logged(REFUSED, "GET /x HTTP/1.1"))
    other = replace(inside(), endpoints=(("127.0.0.1", 4000),))
    assert not judge(CHECK, *front, page(502), other, logged(REFUSED)), "not on the way"


def test_covers_what_the_access_log_of_the_front_has() -> None:
    failure = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="POST",
        path="/files/import", status=413, written="30/Nov/2026:09:00:00 +0000", times=2,
    )  # fmt: skip
    (claim,) = upload("", RUNNING, config(SITE), failure)
    assert failure in claim.because


def page_file(status: int = 404, path: str = "/static/app.css") -> PageFileResponse:
    return PageFileResponse(
        page=ANSWER.url, file_kind="stylesheet", url=f"https://shop.example.com{path}",
        address=ANSWER.address, port=443, status=status,
    )  # fmt: skip


STYLED = Page(
    url=ANSWER.url, address=ANSWER.address, port=443, has_style=False,
    files=(PageFile("stylesheet", page_file().url),),
)  # fmt: skip
NO_STYLE = 'open() "/srv/html/static/app.css" failed (2: No such file or directory)'


def styled(file: PageFileResponse, line: ContainerLogLine) -> list[Claim]:
    seen = RUNNING, config(SITE), page(200), STYLED, file, inside(), line
    return judge(CHECK, *seen, masked=False)


def test_fires_for_a_file_of_the_page() -> None:
    """After issue 113 of wger-project/docker: the page comes, and its style sheet does not."""
    request = "GET /static/app.css HTTP/1.1"
    (claim,) = styled(page_file(), logged(NO_STYLE, request))
    assert claim.facts["host_folder"] == "/data/html/static/app.css"
    assert (claim.facts["page"], claim.severity) == (ANSWER.url, Severity.ERROR)
    assert Subject(address=ANSWER.address, port=443) in claim.covers
    assert not styled(page_file(403), logged(NO_STYLE, request)), "another status"
    assert not styled(page_file(), logged(NO_STYLE, request, in_run=False))
    assert not styled(page_file(), logged(NO_STYLE, "GET /other.css HTTP/1.1"))
    assert not styled(page_file(200), logged(NO_STYLE, request))
