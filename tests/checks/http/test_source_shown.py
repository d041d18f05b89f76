"""http.source-shown: when it fires, and when it is silent."""

from diagnose.model import Applicability, Confidence
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads

CHECK = "http.source-shown"
FILES = "server { listen 443 ssl; server_name shop.example.com; root /srv; location / { } }\n"


def test_fires_and_switches_it_on() -> None:
    (claim,) = judge(CHECK, RUNNING, config(FILES), loads(source_text="<!--#include"))
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "ssi on;" in str(claim.fix.steps[0])


def test_fires_on_a_command_that_failed() -> None:
    words = "[an error occurred while processing the directive]"
    (claim,) = judge(CHECK, loads(source_text=words))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["failed"]


def test_fires_on_the_page_of_an_application_without_an_edit() -> None:
    proxied = FILES.replace("location / { }", "location / { proxy_pass http://127.0.0.1:3000; }")
    (claim,) = judge(CHECK, RUNNING, config(proxied), loads(source_text="<!--#include"))
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_on_a_page_without_code() -> None:
    assert not judge(CHECK, RUNNING, config(FILES), loads())


def test_fires_on_the_short_tag_and_names_the_file_of_this_php() -> None:
    socket = "location / { fastcgi_pass unix:/run/php/php8.4-fpm.sock; }"
    site = config(FILES.replace("location / { }", socket))
    (claim,) = judge(CHECK, RUNNING, site, loads(source_text="<?"))
    assert (claim.facts["short"], claim.facts["php"]) == (True, "8.4")
    behind = "location / { } location ~ \\.php$ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; }"
    site = config(FILES.replace("location / { }", behind))
    (claim,) = judge(CHECK, RUNNING, site, loads(source_text="<?"))
    assert claim.facts["php"] == "8.2"
    (claim,) = judge(CHECK, RUNNING, config(FILES), loads(source_text="<?php"))
    assert not claim.facts["short"]
