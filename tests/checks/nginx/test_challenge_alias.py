"""nginx.challenge-alias: when it fires, and when it is silent."""

from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Command, Severity, Vantage
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import ChallengeAlias
from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import BUILD, RUNNING, config

CHECK = "nginx.challenge-alias"
SETTINGS = ChallengeAlias(
    vantage=Vantage.SERVER, source="/etc/dehydrated/config", folder="/var/www/dehydrated",
    names=("shop.example.com", "www.example.com"),
)  # fmt: skip
CERTIFICATE = "/var/lib/dehydrated/certs/shop.example.com/fullchain.pem"
LOCATION = """\
    location /.well-known/acme-challenge {
        alias /var/www/dehydrated;
    }
"""


def site(
    location: str = "", rest: str = "location / { return 301 https://$host$request_uri; }"
) -> str:
    return (
        f"server {{\n    listen 80;\n    server_name shop.example.com;\n{location}    {rest}\n}}\n"
    )


def file() -> CertificateFile:
    end = NOW - timedelta(days=1)
    return CertificateFile(path=CERTIFICATE, chain=(leaf(not_before=NOW, not_after=end),))


def test_fires_and_adds_a_location_with_alias() -> None:
    text = site(rest="root /var/www/html;")
    (claim,) = judge(CHECK, SETTINGS, file(), config(text), BUILD, RUNNING)
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        alias /var/www/dehydrated/;" in claim.fix.edits[0].diff
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert ("dehydrated", "--cron") in commands
    assert commands[-1][-1] == "reload"


def test_fires_for_a_root_in_place_of_an_alias() -> None:
    text = site(LOCATION.replace("alias", "root"))
    (claim,) = judge(CHECK, SETTINGS, config(text), BUILD, RUNNING)
    assert claim.facts["looked"] == "/var/www/dehydrated/.well-known/acme-challenge"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_nginx_looks_there_or_the_name_is_none_of_its() -> None:
    assert not judge(CHECK, SETTINGS, config(site(LOCATION)), BUILD, RUNNING)
    slashes = LOCATION.replace("challenge {", "challenge/ {").replace("dehydrated;", "dehydrated/;")
    assert not judge(CHECK, SETTINGS, config(site(slashes)), BUILD, RUNNING)
    other = ChallengeAlias(
        vantage=Vantage.SERVER, source="/etc/dehydrated/config", folder="/srv/acme",
        names=("other.example.com",),
    )  # fmt: skip
    assert not judge(CHECK, other, config(site()), BUILD, RUNNING)


def test_silent_where_another_tool_keeps_the_certificate() -> None:
    path = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
    text = site(rest="root /var/www/html;")
    assert not judge(CHECK, SETTINGS, replace(file(), path=path), config(text), BUILD, RUNNING)
