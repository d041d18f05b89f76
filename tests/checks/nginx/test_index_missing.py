from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

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


def test_silent_when_the_page_answers() -> None:
    assert not judge("nginx.index-missing", RUNNING, config(SITE), LOG_READ, NO_INDEX, page(200))
