from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Observation, Vantage
from diagnose.model.renewal import ChallengeFolder
from diagnose.model.site_folders import SiteFolder
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.acme-challenge-passed"
PATH = "/.well-known/acme-challenge/oZK3axC2Xw2CoAdlQFjl6mF1JNhJCIIfJivOaiY3is8"
TARGET = replace(SHOP, path=PATH)
MISSING = replace(ANSWER, url=f"https://shop.example.com{PATH}", status=404)
FOLDER = ChallengeFolder(
    vantage=Vantage.SERVER, tool="certbot", source="/etc/letsencrypt/renewal/shop.conf",
    name="shop.example.com", folder="/var/www/html",
)  # fmt: skip


def edit_of(*evidence: Observation) -> str:
    (claim,) = judge(CHECK, APACHE, FOLDER, MISSING, *evidence, target=TARGET)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_and_leaves_the_path_out() -> None:
    diff = edit_of(apache_config())
    assert "+    ProxyPass /.well-known/acme-challenge/ !\n" in diff
    alias = "Alias /.well-known/acme-challenge/ /var/www/html/.well-known/acme-challenge/"
    assert f"+    {alias}\n" in diff
    rooted = HTTPS.replace(
        "    SSLEngine on\n", "    SSLEngine on\n    DocumentRoot /var/www/html\n"
    )
    assert "Alias" not in edit_of(apache_config(rooted))


def test_fires_for_a_challenge_that_nobody_asked_for() -> None:
    made_up = replace(MISSING, purpose="acme")
    (claim,) = judge(CHECK, APACHE, apache_config(), FOLDER, made_up)
    assert claim.facts["folder"] == "/var/www/html"


def test_fires_after_a_message_of_a_client_of_files() -> None:
    text = f"Invalid response from http://shop.example.com{PATH}: 404"
    told = replace(SHOP, symptom=Symptom("acme-response", text))
    made_up = replace(MISSING, purpose="acme")
    (claim,) = judge(CHECK, APACHE, apache_config(), made_up, target=told)
    assert claim.confidence is Confidence.LIKELY
    plugin = Symptom("acme-response", f"Authenticator: apache {text}")
    assert not judge(CHECK, APACHE, apache_config(), made_up, target=replace(SHOP, symptom=plugin))


def test_the_folder_of_the_site_where_that_of_the_client_is_not_known() -> None:
    text = f"Invalid response from http://shop.example.com{PATH}: 404"
    told = replace(SHOP, symptom=Symptom("acme-response", text))
    made_up = replace(MISSING, purpose="acme")
    rooted = HTTPS.replace(
        "    SSLEngine on\n", "    SSLEngine on\n    DocumentRoot /var/www/html\n"
    )
    (claim,) = judge(CHECK, APACHE, apache_config(rooted), made_up, target=told)
    assert claim.facts["root"] == "/var/www/html"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /.well-known/acme-challenge/ !\n" in edit.diff
    assert "+    <Directory /var/www/html/.well-known/acme-challenge/>\n" in edit.diff
    gone = SiteFolder(path="/var/www/html", requested="/", exists=False)
    (claim,) = judge(CHECK, APACHE, apache_config(rooted), made_up, gone, target=told)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_haproxy_with_words() -> None:
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), FOLDER, MISSING, target=TARGET)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_path_is_left_out_or_nobody_writes_files() -> None:
    out = HTTPS.replace(
        "    ProxyPass /ws", "    ProxyPass /.well-known/acme-challenge/ !\n    ProxyPass /ws"
    )
    assert not judge(CHECK, APACHE, apache_config(out), FOLDER, MISSING, target=TARGET)
    assert not judge(CHECK, APACHE, apache_config(), MISSING, target=TARGET)
    answered = replace(MISSING, status=200)
    assert not judge(CHECK, APACHE, apache_config(), FOLDER, answered, target=TARGET)
    other = replace(FOLDER, name="www.example.org")
    assert not judge(CHECK, APACHE, apache_config(), other, MISSING, target=TARGET)
