from dataclasses import replace

from diagnose.model import Applicability, Claim, Severity
from diagnose.model.server import Listener, Listeners
from diagnose.model.steps import Risk
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_file_access import examined

NO_INDEX = logged('directory index of "/var/www/html/" is forbidden')
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/html;
    index index.php home.html;
}
"""


def test_fires_and_names_the_folder_and_the_files() -> None:
    (claim,) = judge("nginx.index-missing", RUNNING, config(SITE), LOG_READ, NO_INDEX, page(403))
    assert claim.facts["folder"] == "/var/www/html"
    assert claim.facts["names"] == ("index.php", "home.html")
    assert claim.location
    assert claim.location.line == 5


def test_fires_for_the_folder_of_the_package() -> None:
    site = SITE.replace("    root /var/www/html;\n    index index.php home.html;\n", "")
    (claim,) = judge("nginx.index-missing", RUNNING, config(site), LOG_READ, NO_INDEX, page(403))
    assert claim.facts["names"] == ("index.html",)
    assert claim.facts["place"] == ""


def test_silent_when_an_access_rule_refuses() -> None:
    rule = logged("access forbidden by rule")
    assert not judge("nginx.index-missing", RUNNING, config(SITE), LOG_READ, rule, page(403))


def test_a_folder_of_files_is_a_note() -> None:
    target = replace(SHOP, path="/static/")
    observed = (RUNNING, config(SITE), LOG_READ)
    line = logged('directory index of "/var/www/html/static/" is forbidden', path="/static/")
    refused = replace(page(403), url="https://shop.example.com/static/")
    claims = judge("nginx.index-missing", *observed, line, refused, target=target)
    assert [claim.severity for claim in claims] == [Severity.NOTE]


def test_silent_in_a_folder_of_webdav() -> None:
    dav = SITE.replace("index index.php home.html;", "dav_methods PUT DELETE;")
    observed = (RUNNING, LOG_READ, NO_INDEX, page(403))
    assert not judge("nginx.index-missing", config(dav), *observed)
    assert judge("nginx.index-missing", config(dav.replace("PUT DELETE", "off")), *observed)


def test_silent_when_the_page_answers() -> None:
    assert not judge("nginx.index-missing", RUNNING, config(SITE), LOG_READ, NO_INDEX, page(200))


def test_fires_and_lets_root_name_the_public_folder_of_the_project() -> None:
    public = "/var/www/html/public/index.php"
    access = examined("/var/www/html", elsewhere=public, mistake="below")
    observations = (RUNNING, config(SITE), LOG_READ, NO_INDEX, page(403), access)
    (claim,) = judge("nginx.index-missing", *observations)
    assert claim.severity is Severity.ERROR
    assert claim.facts["public"] == "/var/www/html/public"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    root /var/www/html/public;" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_as_a_warning_where_the_public_folder_is_another_ones() -> None:
    access = replace(examined("/srv/other", mistake="below"), elsewhere="/srv/other/public/a")
    observations = (RUNNING, config(SITE), LOG_READ, NO_INDEX, page(403), access)
    (claim,) = judge("nginx.index-missing", *observations)
    assert claim.severity in {None, Severity.WARNING}
    assert claim.facts["below"] == ""


def test_fires_and_names_the_application_that_the_folder_keeps_from_answering() -> None:
    lines = "    location / { try_files $uri $uri/ /index.php?$query_string; }\n"
    text = SITE.replace("    index ", f"{lines}    index ")
    admin = replace(SHOP, path="/admin/")
    folder = logged('directory index of "/var/www/html/admin/" is forbidden', path="/admin/")
    refused = replace(page(403), url=admin.url)
    (claim,) = judge(
        "nginx.index-missing", RUNNING, config(text), LOG_READ, folder, refused, target=admin
    )
    assert claim.facts["route"] == "/index.php"
    (claim,) = judge("nginx.index-missing", RUNNING, config(text), LOG_READ, NO_INDEX, page(403))
    assert claim.facts["route"] == ""


PHP = "    location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }\n"


def _unnamed(site: str) -> Claim:
    access = examined("/var/www/html", elsewhere="/var/www/html/index.php", mistake="index")
    observations = (RUNNING, config(site), LOG_READ, NO_INDEX, page(403), access)
    (claim,) = judge("nginx.index-missing", *observations)
    return claim


def test_fires_and_names_the_index_file_that_is_there() -> None:
    claim = _unnamed(SITE.replace("    index index.php home.html;\n", PHP))
    assert claim.severity is Severity.ERROR
    assert (claim.facts["unnamed"], claim.facts["source"]) == ("index.php", False)
    assert claim.fix
    assert "+    index index.php index.html;" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_and_adds_the_file_to_the_names_of_the_site() -> None:
    claim = _unnamed(SITE.replace("index.php home.html;", f"home.html;\n{PHP}"))
    assert claim.fix
    assert "+    index index.php home.html;" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_and_does_not_name_a_script_that_nobody_runs() -> None:
    """Visitors would get its source."""
    claim = _unnamed(SITE.replace("    index index.php home.html;\n", ""))
    assert claim.severity is Severity.WARNING
    assert claim.facts["source"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def _of_folder(lines: str) -> Claim:
    target = replace(SHOP, path="/app/")
    site = SITE.replace("    index index.php home.html;\n", f"    {lines}\n")
    line = logged('directory index of "/var/www/html/app/" is forbidden', path="/app/")
    refused = replace(page(403), url="https://shop.example.com/app/")
    observations = (RUNNING, config(site), LOG_READ, line, refused)
    (claim,) = judge("nginx.index-missing", *observations, target=target)
    assert claim.fix
    return claim


def test_fires_and_lets_the_page_of_the_application_answer_the_path() -> None:
    claim = _of_folder("location / { try_files $uri $uri/ /index.html index.php; }")
    assert claim.facts["route"] == "/index.html"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    text = str(claim.fix.steps[0])
    assert "+    location = /app/ {" in text
    assert "+        rewrite ^ /index.html last;" in text


def test_fires_and_doubles_no_location() -> None:
    own = "location = /app { return 301 /app/; } location / { try_files $uri $uri/ /index.php; }"
    fix = _of_folder(own).fix
    assert fix
    assert fix.applicability is Applicability.MANUAL


def test_fires_and_opens_no_path_that_has_a_password() -> None:
    lines = "location /app/ { auth_basic Staff; try_files $uri $uri/ /index.php; }"
    fix = _of_folder(lines).fix
    assert fix
    assert fix.applicability is Applicability.MANUAL


def test_fires_and_names_the_only_program_one_folder_below() -> None:
    passed = "    location /shop/ {\n        proxy_pass http://127.0.0.1:3000/;\n    }\n}\n"
    observed = (RUNNING, LOG_READ, NO_INDEX, page(403))
    site = SITE.removesuffix("}\n") + passed
    (claim,) = judge("nginx.index-missing", config(site), *observed)
    assert claim.facts["program"] == "/shop/"
    assert claim.severity is None
    # Two of them, and an interface, say nothing of the page that is meant.
    two = site.removesuffix("}\n") + passed.replace("/shop/", "/blog/")
    (claim,) = judge("nginx.index-missing", config(two), *observed)
    assert claim.facts["program"] == ""
    (claim,) = judge("nginx.index-missing", config(site.replace("/shop/", "/api/")), *observed)
    assert claim.facts["program"] == ""


def test_fires_and_names_the_only_folder_with_an_index_file() -> None:
    inside = "/var/www/html/demo/index.html"
    access = examined("/var/www/html", elsewhere=inside, mistake="inside")
    observed = (RUNNING, config(SITE), LOG_READ, NO_INDEX, page(403))
    (claim,) = judge("nginx.index-missing", *observed, access)
    assert claim.facts["program"] == "/demo/"
    assert not claim.facts["unnamed"]


def test_fires_and_offers_the_only_program_that_listens() -> None:
    place = "    location / {\n        try_files $uri $uri/ =404;\n    }\n}"
    site = config(SITE.rstrip("\n").removesuffix("}") + place + "\n")
    sockets = (
        Listener(address="0.0.0.0", port=443, family=2, process="nginx", pid=7),
        Listener(address="127.0.0.1", port=3000, family=2, process="node", pid=9),
    )
    seen = (RUNNING, site, LOG_READ, NO_INDEX, page(403))
    (claim,) = judge("nginx.index-missing", *seen, Listeners(sockets=sockets), masked=False)
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.fix
    (edit,) = claim.fix.edits
    assert edit.risk is Risk.OPENS_TO_ALL
    assert "+        proxy_pass http://127.0.0.1:3000;" in edit.diff
    assert "-        try_files $uri $uri/ =404;" in edit.diff
    (claim,) = judge("nginx.index-missing", *seen, masked=False)
    assert not claim.facts["application"]


PHP = "    location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }\n"
BESIDE = examined("/var/www/html", elsewhere="/var/www/shop/public/index.php", mistake="beside")


def test_lets_root_name_the_only_site_beside_an_empty_folder() -> None:
    """After issue 393 of BookStack: `root` has "html", the site is in BookStack/public."""
    text = config(SITE.replace("    index ", f"{PHP}    index "))
    (claim,) = judge("nginx.index-missing", RUNNING, text, LOG_READ, NO_INDEX, page(403), BESIDE)
    assert (claim.facts["public"], claim.facts["unnamed"]) == ("/var/www/shop/public", "")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    root /var/www/shop/public;" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_shows_no_source_of_a_site_beside_an_empty_folder() -> None:
    observations = (RUNNING, config(SITE), LOG_READ, NO_INDEX, page(403), BESIDE)
    (claim,) = judge("nginx.index-missing", *observations)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
