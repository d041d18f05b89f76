"""nginx.path-not-passed: a path of a program that no location passes on."""

from dataclasses import replace

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import claims as claims_of
from diagnose.checking.root_cause import findings
from diagnose.model import Applicability, Claim, Confidence, Edit, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.requests import BypassedApplication
from diagnose.parsers.unknown_paths import unknown_path
from tests.support.check_evidence import SHOP, evidence, judge
from tests.support.nginx_evidence import BUILD, FILE, RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.path-not-passed"
API = "location /api/ { proxy_pass http://127.0.0.1:8082; }"


def visit(path: str, status: int, requested: str, media_type: str = "") -> BackendVisit:
    return BackendVisit(
        target="http://127.0.0.1:8082", requested=requested, path=path, status=status,
        media_type=media_type,
    )  # fmt: skip


def claims(
    path: str, body: str = API, unknown: int = 404, status: int = 404, **own: str
) -> list[Claim]:
    head = "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  root /srv;"
    text = f"{head}\n  {body}\n}}\n"
    door = replace(page(status), url=f"https://shop.example.com{path}")
    visits = visit(path, 200, path, **own), visit(unknown_path(path), unknown, path)
    target = replace(SHOP, path=path)
    return judge(CHECK, RUNNING, BUILD, config(text), door, *visits, target=target)


def test_fires_on_the_first_request_of_sockjs() -> None:
    (claim,) = claims("/socket/sample/info", media_type="application/json")
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+  location /socket/sample/ {" in edit.diff
    assert "proxy_pass http://127.0.0.1:8082;" in edit.diff
    assert "Upgrade $http_upgrade;" in edit.diff


def test_fires_where_the_other_paths_go_to_a_group() -> None:
    group = "server 127.0.0.1:8082 fail_timeout=0;"
    (claim,) = grouped(group)
    assert "proxy_pass http://app" in str(claim.facts["line"])
    assert not grouped(f"{group} server 127.0.0.1:8083;")
    assert not grouped("server 127.0.0.1:8083;")


def grouped(servers: str) -> list[Claim]:
    """Of a site that passes /api/ on to a group of these servers."""
    path = "/orders/7/lines"
    site = "server { listen 443 ssl; server_name shop.example.com; root /srv;"
    api = "location /api/ { proxy_pass http://app; }"
    text = f"upstream app {{ {servers} }}\n{site} {api} }}\n"
    door = replace(page(404), url=f"https://shop.example.com{path}")
    visits = visit(path, 200, path), visit(unknown_path(path), 404, path)
    target = replace(SHOP, path=path)
    return judge(CHECK, RUNNING, BUILD, config(text), door, *visits, target=target)


def test_fires_less_sure_on_a_page_that_many_programs_have() -> None:
    (claim,) = claims("/login", media_type="text/html")
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert "Upgrade" not in str(claim.fix.steps[0])


FOLDER = "location /suburl/ { proxy_pass http://127.0.0.1:8082/; }"


def test_fires_where_the_program_is_in_a_folder_that_nginx_takes_away() -> None:
    """The path is served below the folder: a location for it would hide the cause."""
    (claim,) = claims("/openapi.json", FOLDER, media_type="application/json")
    assert claim.facts["folder"] == "/suburl"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert [getattr(step, "step", "") for step in claim.fix.steps] == ["tell-the-folder"]


def test_fires_with_a_location_where_the_folder_is_kept_or_others_are_passed() -> None:
    for body in (FOLDER.replace(":8082/;", ":8082;"), f"{FOLDER} {API}"):
        (claim,) = claims("/openapi.json", body, media_type="application/json")
        assert claim.facts["folder"] == ""


def test_silent_where_the_program_has_every_path() -> None:
    assert not claims("/socket/sample/info", unknown=200)


def test_silent_where_the_path_is_passed_or_closed() -> None:
    path = "/socket/sample/info"
    assert not claims(path, f"{API} location /socket/ {{ proxy_pass http://127.0.0.1:8082; }}")
    assert not claims(path, f"{API} location /socket/ {{ return 404; }}")


def test_silent_where_the_block_passes_nothing_to_that_program() -> None:
    assert not claims("/socket/sample/info", API.replace("8082", "8083"))


def test_silent_where_visitors_get_the_page() -> None:
    assert not claims("/socket/sample/info", status=200)


def test_fires_and_stands_before_an_expression_that_has_the_path() -> None:
    files = f"{API} location ~* \\.(js|css)$ {{ try_files $uri =404; }}"
    (claim,) = claims("/plugin-sdk/v1.js", files)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+  location ^~ /plugin-sdk/ {" in edit.diff


def test_passes_the_path_on_in_a_location_that_is_for_it_alone() -> None:
    """nginx chooses `location = /robots.txt` before every prefix: one beside it changes nothing."""
    (claim,) = claims("/robots.txt", f"{API}\n  location = /robots.txt {{ log_not_found off; }}")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+  location = /robots.txt {\n+      proxy_pass http://127.0.0.1:8082;" in edit.diff
    assert "location /robots.txt" not in edit.diff

    files = f"{API}\n  location = /robots.txt {{ try_files $uri =404; }}"
    (claim,) = claims("/robots.txt", files)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_is_no_cause_where_another_location_takes_the_path_from_that_of_the_program() -> None:
    path, program = "/robots.txt", "http://127.0.0.1:8082"
    text = (
        "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n"
        f"  location / {{ proxy_pass {program}; }}\n"
        f"  location = {path} {{ log_not_found off; }}\n}}\n"
    )
    door = replace(page(404), url=f"https://shop.example.com{path}")
    visits = visit(path, 200, path), visit(unknown_path(path), 404, path)
    direct = BypassedApplication(
        vantage=Vantage.SERVER, target=program, path=path, address="127.0.0.1", port=8082,
        by="longer", file=FILE, line=4, status=200, is_html=False,
    )  # fmt: skip
    checks = [load_check(check) for check in (CHECK, "nginx.path-taken")]
    seen = evidence(
        RUNNING, BUILD, config(text), door, *visits, direct, target=replace(SHOP, path=path)
    )
    crashed: list[object] = []
    found = findings(claims_of(checks, seen, crashed.append))
    assert [finding.check.id for finding in found if finding.is_cause] == ["nginx.path-taken"]
    assert len(found) == 2
    assert not crashed
