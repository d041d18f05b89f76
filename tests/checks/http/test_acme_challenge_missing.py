"""http.acme-challenge-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Vantage
from diagnose.model.renewal import ChallengeFolder
from diagnose.model.server_rules import AnsweringRule
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "http.acme-challenge-missing"
TOKEN = "oZK3axC2Xw2CoAdlQFjl6mF1JNhJCIIfJivOaiY3is8"
PATH = f"/.well-known/acme-challenge/{TOKEN}"
TARGET = replace(SHOP, path=PATH)
MISSING = replace(page(404), url=f"https://shop.example.com{PATH}")
FILES = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /var/www/html;")
OWN = "".join(line for line in HTTPS.splitlines(keepends=True) if "Proxy" not in line)
OWN = OWN.replace("    SSLEngine on\n", "    SSLEngine on\n    DocumentRoot /var/www/html\n")


def test_fires_where_nginx_has_no_such_file() -> None:
    assert FILES != SITE
    (claim,) = judge(CHECK, LISTENING, RUNNING, BUILD, config(FILES), MISSING, target=TARGET)
    assert (claim.facts["folder"], claim.facts["server"]) == ("/var/www/html", "nginx")
    assert claim.facts["file"] == f"/var/www/html{PATH}"


def test_fires_where_apache_has_no_such_file() -> None:
    """Issue 37 of Crypt-LE."""
    (claim,) = judge(CHECK, LISTENING, APACHE, apache_config(OWN), MISSING, target=TARGET)
    assert (claim.facts["folder"], claim.facts["server"]) == ("/var/www/html", "Apache")


def test_silent_where_an_application_answers() -> None:
    assert not judge(CHECK, LISTENING, RUNNING, BUILD, config(), MISSING, target=TARGET)
    assert not judge(CHECK, LISTENING, APACHE, apache_config(), MISSING, target=TARGET)


@pytest.mark.parametrize("path", ["/.well-known/acme-challenge/test", "/shop", f"{PATH}/x"])
def test_silent_at_other_addresses(path: str) -> None:
    target = replace(SHOP, path=path)
    assert not judge(CHECK, LISTENING, RUNNING, BUILD, config(FILES), MISSING, target=target)


def test_silent_where_the_file_comes() -> None:
    answer = replace(MISSING, status=200)
    assert not judge(CHECK, LISTENING, RUNNING, BUILD, config(FILES), answer, target=TARGET)


def written_to(folder: str) -> ChallengeFolder:
    return ChallengeFolder(
        vantage=Vantage.SERVER,
        tool="acme.sh",
        source="/root/.acme.sh/shop.example.com/shop.example.com.conf",
        name="shop.example.com",
        folder=folder,
    )


def test_silent_where_a_rule_answers_before_the_file_is_looked_for() -> None:
    """`RedirectMatch 404 /\\.` in .htaccess hides /.well-known/ too."""
    rule = AnsweringRule(TARGET.path, 404, "RedirectMatch 404 /\\.", file="/a/.htaccess", line=1)
    config = replace(apache_config(OWN), rules=(rule,))
    assert not judge(CHECK, LISTENING, APACHE, config, MISSING, target=TARGET)


def test_silent_where_the_client_writes_where_the_server_looks() -> None:
    """After issue 132 of acme.sh: the client has removed the file of then."""
    seen = (LISTENING, RUNNING, BUILD, config(FILES), MISSING)
    assert not judge(CHECK, *seen, written_to("/var/www/html"), target=TARGET)
    assert not judge(CHECK, *seen, written_to("/var/www/html/"), target=TARGET)
    assert judge(CHECK, *seen, written_to("/var/www/shop"), target=TARGET)
