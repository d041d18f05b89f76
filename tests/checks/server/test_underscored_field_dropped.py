from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.underscored-field-dropped"
SITE = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
    </FilesMatch>
</VirtualHost>
"""
PAGE = Exchange(url="https://shop.example.com/api", address="203.0.113.10", port=443, status=401)
TOLD = Symptom("status", "401 although the header api_key is sent", 401)


def judged(symptom: Symptom = TOLD, site: str = SITE, page: Exchange = PAGE) -> list[Claim]:
    target = replace(SHOP, path="/api", symptom=symptom)
    return list(judge(CHECK, APACHE, apache_config(site), page, target=target))


def test_fires_where_a_header_that_is_sent_is_answered_with_401() -> None:
    """https://github.com/CakeDC/auth/pull/32"""
    (claim,) = judged()
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+    SetEnvIf ^api_key$ "^(.+)$" HTTP_API_KEY=$1\n' in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_where_words_say_that_a_header_does_not_arrive() -> None:
    (claim,) = judged(Symptom("request-field", "the header X_TOKEN does not reach php"))
    assert claim.facts["variable"] == "HTTP_X_TOKEN"


def test_silent_where_a_line_names_it_or_the_program_is_asked_over_http() -> None:
    passed = SITE.replace(
        "    SSLEngine", "    SetEnvIf api_key (.*) HTTP_API_KEY=$1\n    SSLEngine"
    )
    assert not judged(site=passed)
    assert not judged(site=HTTPS)


def test_silent_about_other_names_and_other_answers() -> None:
    assert not judged(Symptom("status", "401 although the header api-key is sent", 401))
    assert not judged(Symptom("status", "403 although the header api_key is sent", 403))
    assert not judged(Symptom("status", "401 at user_login since the update", 401))
    assert not judged(page=replace(PAGE, status=200))
