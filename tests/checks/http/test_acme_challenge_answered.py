"""http.acme-challenge-answered: a made-up challenge gets a page, and an ACME client complained."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim
from diagnose.model.http import Exchange
from diagnose.model.renewal import WRITTEN_CHALLENGE, RenewalFailure
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.symptom import Symptom, SymptomKind
from diagnose.parsers.symptoms import message_symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.acme-challenge-answered"
URL = "http://shop.example.com/.well-known/acme-challenge/diagnose-1a2b"
PLAIN = "server { listen 80; server_name shop.example.com; location / {LINE} }\n"


def challenge(status: int, url: str = URL) -> Exchange:
    port = 443 if url.startswith("https:") else 80
    return Exchange(url=url, address="203.0.113.10", port=port, purpose="acme", status=status)


def claims(
    answer: Exchange, kind: SymptomKind | None = "acme-response", line: str = ""
) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom(kind, "Invalid response") if kind else None)
    observations = (
        (config(SITE + PLAIN.replace("LINE", f" {line} ")), BUILD, RUNNING) if line else ()
    )
    return judge(CHECK, answer, *observations, target=target)


def test_fires_where_a_page_comes_for_a_challenge_that_does_not_exist() -> None:
    (claim,) = claims(challenge(200))
    assert claim.facts["status"] == 200
    assert not claim.facts["directive"]


def test_fires_after_the_redirect_to_https() -> None:
    (claim,) = claims(challenge(200, URL.replace("http:", "https:")))
    assert claim.facts["secure"]


def test_fires_where_nginx_passes_the_path_on_whatever_the_status() -> None:
    (claim,) = claims(challenge(404), line="proxy_pass http://127.0.0.1:3000;")
    assert claim.facts["directive"] == "proxy_pass http://127.0.0.1:3000"
    assert claim.location


def test_silent_about_a_client_that_answers_by_itself() -> None:
    said = "Certbot failed to authenticate some domains (authenticator: nginx). Invalid response"
    target = replace(SHOP, input=said, symptom=Symptom("acme-response", "Invalid response"))
    assert not judge(CHECK, challenge(200), target=target)


SAID = "unauthorized :: Invalid response from https://shop.example.com/.well-known/acme-challenge/x"


def test_silent_about_a_message_that_tells_another_status() -> None:
    target = replace(SHOP, symptom=Symptom("acme-response", f"{SAID} : 403 Forbidden"))
    assert not judge(CHECK, challenge(200), target=target)
    target = replace(SHOP, symptom=Symptom("acme-response", f"{SAID}: 404"))
    assert not judge(CHECK, challenge(200), target=target)
    target = replace(SHOP, symptom=Symptom("acme-response", f'{SAID}: "<!DOCTYPE html>'))
    logged = RenewalFailure(
        tool="certbot", source="log", names=(SHOP.host,), message=f"{SAID}: 403", status=403
    )
    assert judge(CHECK, challenge(200), logged, target=target)
    target = replace(SHOP, symptom=Symptom("acme-response", "Some challenges have failed."))
    assert not judge(CHECK, challenge(200), logged, target=target)


def test_silent_where_a_rule_refuses_the_file_that_is_there() -> None:
    rule = AnsweringRule(WRITTEN_CHALLENGE, 403, r"RewriteRule (^|/)\. - [F]", file="/x", line=4)
    seen = APACHE, replace(apache_config(HTTPS), rules=(rule,))
    target = replace(SHOP, symptom=Symptom("acme-response", "Invalid response"))
    assert not judge(CHECK, challenge(200), *seen, target=target)


def test_silent_on_404_and_without_a_message() -> None:
    assert not claims(challenge(404))
    assert not claims(challenge(404), line="root /var/www/html;")
    assert not claims(challenge(200), None)
    assert not claims(challenge(200), "acme-caa")


def test_fires_and_serves_the_folder_that_the_message_names() -> None:
    token = "R3Zt9dPqLw5n7Y2kVb0cXh4mJt6uGs1eAa8oIiUyTrE"
    line = "proxy_pass http://127.0.0.1:3000;"
    given = (config(SITE + PLAIN.replace("LINE", f" {line} ")), BUILD, RUNNING)
    for folder, answer in (
        ("/home/shop/public_html/.well-known/acme-challenge", "root /home/shop/public_html;"),
        ("/var/www/challenges", "alias /var/www/challenges/;"),
    ):
        words = f"ValueError: Wrote file to {folder}/{token}, but couldn't download {URL}"
        target = replace(SHOP, symptom=message_symptom(words))
        (claim,) = judge(CHECK, challenge(404), *given, target=target)
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW
        assert answer in claim.fix.edits[0].diff


@pytest.mark.parametrize("folder", ["/etc/ssl/private", "/root", "/srv", "/var/www/../../etc"])
def test_never_serves_a_folder_that_has_more_than_challenges(folder: str) -> None:
    line = "proxy_pass http://127.0.0.1:3000;"
    given = (config(SITE + PLAIN.replace("LINE", f" {line} ")), BUILD, RUNNING)
    words = (
        f"ValueError: Wrote file to {folder}/R3Zt9dPqLw5n7Y2kVb0cXh4m, but couldn't download {URL}"
    )
    target = replace(SHOP, symptom=message_symptom(words))
    for claim in judge(CHECK, challenge(404), *given, target=target):
        assert claim.fix
        assert not claim.fix.edits
