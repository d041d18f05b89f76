"""nginx.front-controller-missing: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Vantage
from diagnose.model.files import SiblingFile
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.front-controller-missing"
BODY = "<h1>404 Not Found</h1></center><hr><center>nginx/1.26.3</center>"
PHP = "location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }"
SITE = f"root /srv; index index.php; location / {{ try_files $uri $uri/ =404; }} {PHP}"


def claims(lines: str, path: str = "/hello-world/", body: str = BODY) -> list[Any]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(404, body), url=f"https://shop.example.com{path}")
    observations = (RUNNING, config(text), response)
    # Patterns are masked in recordings, so that what they match is not kept.
    return judge(CHECK, *observations, target=replace(SHOP, path=path), masked=False)


def test_fires_and_falls_back_to_index_php() -> None:
    (claim,) = claims(SITE)
    assert claim.confidence is Confidence.LIKELY
    assert "try_files $uri $uri/ /index.php?$args;" in str(claim.fix.steps[0])


def test_fires_without_any_try_files() -> None:
    (claim,) = claims(SITE.replace("try_files $uri $uri/ =404;", ""))
    assert claim.facts["fallback"] == ""


def test_silent_where_the_application_answers_or_there_is_none() -> None:
    assert not claims(SITE.replace("=404", "/index.php?$args"))
    assert not claims(SITE.replace(PHP, ""))
    assert not claims(SITE.replace("index index.php;", ""))
    assert not claims(SITE, path="/logo.png")
    assert not claims(SITE, path="/.well-known/acme-challenge/R3Zt9dPqLw5n7Y2kVb0cXh4m")
    assert not claims(SITE.replace("try_files", "internal; try_files"))
    assert not claims(SITE, body="<h1>Nothing here</h1>")


def test_root_and_fallback_are_mended_where_index_php_is_below() -> None:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {SITE}\n}}\n"
    response = replace(page(404, BODY), url="https://shop.example.com/login")
    there = SiblingFile(path="/srv/public/index.php", url="https://shop.example.com/index.php")
    observations = (RUNNING, config(text), response, there)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/login"), masked=False)
    assert claim.facts["public"] == "/srv/public"
    assert claim.fix
    diff = str(claim.fix.steps[0])
    assert "root /srv/public;" in diff
    assert "try_files $uri $uri/ /index.php?$args;" in diff
    (claim,) = claims(SITE)
    assert not claim.facts["public"]


def below(lines: str, path: str = "/blog/2026/tea/", folder: str = "/blog") -> Any:
    """The claim where the program lies in a folder above the path."""
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(404, BODY), url=f"https://shop.example.com{path}")
    url = f"https://shop.example.com{folder}/index.php"
    there = SiblingFile(path=f"/srv{folder}/index.php", url=url)
    observations = (RUNNING, config(text), response, there)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path=path), masked=False)
    return claim


def test_the_folder_of_the_program_gets_a_location_of_its_own() -> None:
    """Issue 53 of x64architecture/wnmp: WordPress in a folder. What other addresses get stays."""
    line = "try_files $uri $uri/ /blog/index.php?$args;"
    for lines in (f"root /srv; index index.php; {PHP}", SITE):
        claim = below(lines)
        assert (claim.facts["folder"], claim.facts["public"]) == ("/blog/", "")
        assert claim.facts["program"] == "/srv/blog/index.php"
        added = [each for each in claim.fix.steps[0].diff.split("\n") if each.startswith("+")]
        assert any("location /blog/ {" in each for each in added)
        assert any(line in each for each in added)
    own = below(SITE.replace("location /", "location /blog"))
    assert f"location /blog {{ {line} }}" in str(own.fix.steps[0])


def test_a_site_without_a_location_for_its_pages_gets_one() -> None:
    (claim,) = claims(f"root /srv; index index.php; {PHP}")
    assert "location / {" in claim.fix.steps[0].diff
    assert "try_files $uri $uri/ /index.php?$args;" in claim.fix.steps[0].diff


def test_a_person_writes_the_location_where_the_answering_one_has_other_lines() -> None:
    """An `auth_basic` of `location /` would not count in a new one."""
    claim = below(SITE.replace("try_files", "auth_basic staff; try_files"))
    assert not [step for step in claim.fix.steps if hasattr(step, "diff")]
    assert claim.facts["folder"] == "/blog/"


def test_covers_what_else_visitors_did_not_get_there() -> None:
    """Issue 321 of lincanbin/Carbon-Forum: every address but the front page."""
    lines = f"{SITE} location /files/ {{ }}"
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(404, BODY), url="https://shop.example.com/t/1")
    login = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="GET", path="/login",
        status=404, written="2026/11/26 10:00:00", is_from_page=True,
    )  # fmt: skip
    others = tuple(replace(login, path=path) for path in ("/logo.png", "/files/1"))
    refused = replace(login, path="/admin", status=403)
    observations = (RUNNING, config(text), response, login, *others, refused)
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, path="/t/1"), masked=False)
    paths = {subject.path for subject in claim.covers}
    assert "/login" in paths
    assert paths.isdisjoint({"/logo.png", "/files/1", "/admin"})


FALLS_BACK = SITE.replace("=404", "/index.php?$args")
ROBOTS = "location = /robots.txt { log_not_found off; }"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (ROBOTS, "/robots.txt"),
        ("location ~* \\.(css|js|xml)$ { expires max; }", "/sitemap_index.xml"),
    ],
)
def test_possible_for_a_file_that_applications_make(location: str, path: str) -> None:
    (claim,) = claims(f"{FALLS_BACK} {location}", path)
    assert claim.confidence is Confidence.POSSIBLE
    assert "try_files $uri $uri/ /index.php?$args;" in str(claim.fix.steps[0])


def test_silent_for_files_that_nobody_makes() -> None:
    images = "location ~* \\.(css|png|xml)$ { expires max; }"
    assert not claims(f"{FALLS_BACK} {images}", "/logo.png")
    assert not claims(f"{SITE} {ROBOTS}", "/robots.txt")
    assert not claims(f"{FALLS_BACK} location = /robots.txt {{ return 204; }}", "/robots.txt")


def test_names_the_file_of_the_panel() -> None:
    """After issue 3 of CRZ.im: the rewrite rules of 宝塔 are empty."""
    folder = "/www/server/panel/vhost/rewrite/"
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {SITE}\n}}\n"
    response = replace(page(404, BODY), url="https://shop.example.com/aB3x")
    for name, named in (("shop.example.com", True), ("blog.example.com", False)):
        seen = config(text)
        rules = replace(seen.files[0], path=f"{folder}{name}.conf", text="")
        seen = replace(seen, files=(*seen.files, rules))
        target = replace(SHOP, path="/aB3x")
        (claim,) = judge(CHECK, RUNNING, seen, response, target=target, masked=False)
        assert bool(claim.facts["rules"]) is named
        shown = "".join(texts(CHECK, claim))
        assert "s=$uri&$args" in shown
        assert (folder in shown) is named


def test_fires_where_the_application_leads_to_a_path_of_its_own() -> None:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {SITE}\n}}\n"
    start = replace(page(302), url=SHOP.url, headers=(("Location", "/login"),))
    url = "https://shop.example.com/login"
    end = replace(page(404, BODY), url=url, purpose="redirect", redirected_from=SHOP.url)
    (claim,) = judge(CHECK, RUNNING, config(text), start, end, masked=False)
    assert claim.facts["url"] == url
    own = text.replace("location / {", "location = / { return 302 /login; } location / {")
    assert not judge(CHECK, RUNNING, config(own), start, end, masked=False)


def test_falls_back_by_rewrite_beside_an_if_that_turns_try_files_off() -> None:
    """Lines for CORS that many copy: nginx takes the block of the `if` for the location."""
    cors = "if ($request_method = GET) { add_header X-A b; }"
    for lines in (
        SITE.replace("try_files $uri $uri/ =404;", cors),
        SITE.replace("try_", f"{cors} try_"),
    ):
        (claim,) = claims(lines)
        diff = str(claim.fix.steps[0])
        assert "if (!-e $request_filename) {" in diff
        assert "rewrite ^ /index.php last;" in diff
        assert "try_files $uri $uri/ /index.php" not in diff
        assert claim.facts["beside_if"]
    assert "`rewrite` works beside it" in "".join(texts(CHECK, claim))


def test_try_files_stays_beside_an_if_that_answers_itself() -> None:
    condition = "if ($request_method = OPTIONS) { add_header X-A b; return 204; }"
    (claim,) = claims(SITE.replace("try_files $uri $uri/ =404;", condition))
    assert "try_files $uri $uri/ /index.php?$args;" in str(claim.fix.steps[0])
    assert not claim.facts["beside_if"]


def test_a_page_with_an_ending_below_the_public_folder_of_a_program() -> None:
    """ThinkPHP writes /meeting/public/captcha.html; `root` stands in `location /` alone."""
    path, folder = "/meeting/public/captcha.html", "/meeting/public"
    lines = below(
        SITE.replace("location / {", "location / { root /srv; index index.php;"), path, folder
    )
    assert (lines.confidence, lines.facts["file"]) == (Confidence.LIKELY, False)
    diff = str(lines.fix.steps[0])
    for line in (
        "location /meeting/public/ {",
        "root /srv;",
        "index index.php;",
        "rewrite ^/meeting/public/(.*)$ /meeting/public/index.php?s=/$1 last;",
    ):
        assert line in diff
    assert not claims(SITE, path="/meeting/public/captcha.html"), "no program is in that folder"
