from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Manual, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.authorization-not-passed"
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
API = replace(SHOP, path="/api")
PAGE = Exchange(
    url="https://shop.example.com/api",
    address="203.0.113.10",
    port=443,
    status=401,
    body='{"message":"JWT token not provided"}',
)
AGAIN = replace(PAGE, purpose="authorized")


def test_fires_where_a_token_changes_nothing() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), PAGE, AGAIN, target=API)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+    <Location "/">\n+        CGIPassAuth On\n' in edit.diff


def test_fires_where_a_line_takes_the_field_away() -> None:
    line = "    RequestHeader unset Authorization\n"
    site = HTTPS.replace("</VirtualHost>", f"{line}</VirtualHost>", 1)
    (claim,) = judge(CHECK, APACHE, apache_config(site), PAGE, AGAIN, target=API)
    assert claim.facts["fastcgi"] is False
    assert claim.fix
    assert claim.fix.steps[0] == Manual("keep", claim.fix.steps[0].where)


def test_silent_where_the_token_is_read_or_the_field_is_passed_on() -> None:
    config = apache_config(SITE)
    invalid = replace(AGAIN, body='{"message":"Invalid token"}')
    assert not judge(CHECK, APACHE, config, PAGE, invalid, target=API)
    assert not judge(CHECK, APACHE, config, PAGE, target=API)
    passing = SITE.replace("    SSLEngine", "    CGIPassAuth On\n    SSLEngine")
    assert not judge(CHECK, APACHE, apache_config(passing), PAGE, AGAIN, target=API)
    assert not judge(CHECK, APACHE, apache_config(HTTPS), PAGE, AGAIN, target=API)


BASIC = (("WWW-Authenticate", 'Basic realm="app"'),)
ASKS = replace(PAGE, headers=BASIC, body="<p>Log in</p>")
AGAIN_AND_AGAIN = replace(API, symptom=Symptom("login", "it asks for my password again and again"))


def test_fires_where_a_program_asks_for_a_password_and_never_gets_it() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), ASKS, target=AGAIN_AND_AGAIN)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is None
    assert claim.fix
    assert "CGIPassAuth On" in str(claim.fix.steps[0])
    (note,) = judge(CHECK, APACHE, apache_config(SITE), ASKS, target=API)
    assert note.severity is Severity.NOTE


PHP = (*BASIC, ("X-Powered-By", "PHP/8.2"))
HTML = ("Content-Type", "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ((HTML,), None),
        ((("Content-Type", "application/json"),), Severity.NOTE),
        ((HTML, ("Set-Cookie", "PHPSESSID=1")), Severity.NOTE),
        ((), Severity.NOTE),
    ],
    ids=("page", "interface", "session", "unknown"),
)
def test_a_fault_where_the_page_itself_opens_for_nobody(
    more: tuple[tuple[str, str], ...], severity: Severity | None
) -> None:
    page = replace(ASKS, headers=(*PHP, *more))
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), page, target=API)
    assert claim.severity is severity
    assert claim.confidence is Confidence.LIKELY


def test_a_note_where_a_folder_below_may_pass_the_password_on() -> None:
    page, config = replace(ASKS, headers=(*PHP, HTML)), apache_config(SITE)
    rule = "RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n"
    below = ServerFile("/srv/shop/api/.htaccess", rule)
    config = replace(config, files=(*config.files, below))
    (claim,) = judge(CHECK, APACHE, config, page, target=API)
    assert claim.severity is Severity.NOTE


def test_fires_where_apache_asks_for_another_folder() -> None:
    asking = f"{SITE}<Location /status>\nAuthType Basic\n</Location>\n"
    php = replace(ASKS, headers=(*BASIC, ("X-Powered-By", "PHP/8.2")))
    assert judge(CHECK, APACHE, apache_config(asking), php, target=AGAIN_AND_AGAIN)
    assert not judge(CHECK, APACHE, apache_config(asking), ASKS, target=AGAIN_AND_AGAIN)


@pytest.mark.parametrize(
    ("site", "page"),
    [
        (SITE.replace("    SSLEngine", "    CGIPassAuth On\n    SSLEngine"), ASKS),
        (SITE.replace("    SSLEngine", "    AuthType Basic\n    SSLEngine"), ASKS),
        (SITE, replace(ASKS, headers=(*BASIC, ("Content-Type", "text/html; charset=iso-8859-1")))),
        (HTTPS, ASKS),
        (SITE, replace(ASKS, headers=(("WWW-Authenticate", "Bearer"),))),
    ],
    ids=("passed", "of Apache", "page of Apache", "proxied", "token"),
)
def test_silent_where_the_password_arrives_or_is_no_programs(site: str, page: Exchange) -> None:
    assert not judge(CHECK, APACHE, apache_config(site), page, target=AGAIN_AND_AGAIN)


def test_fires_for_a_program_at_a_port() -> None:
    site = SITE.replace(
        "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost", "proxy:fcgi://[::1]:9000"
    )
    assert judge(CHECK, APACHE, apache_config(site), PAGE, AGAIN, target=API)


WSGI = """\
<VirtualHost *:443>
    ServerName shop.example.com
    SSLEngine on
    WSGIDaemonProcess shop python-home=/srv/shop/venv
    WSGIScriptAlias / /srv/shop/shop/wsgi.py process-group=shop
    <Directory /srv/shop/shop>
        Require all granted
    </Directory>
</VirtualHost>
"""
#: The answers of Django REST framework 3.15 with TokenAuthentication behind mod_wsgi.
DRF = replace(
    PAGE,
    body='{"detail":"Authentication credentials were not provided."}',
    headers=(("WWW-Authenticate", "Token"),),
)
DRF_AGAIN = replace(DRF, purpose="authorized")


def test_fires_for_a_program_in_python_with_the_line() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(WSGI), DRF, DRF_AGAIN, DRF_AGAIN, target=API)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    WSGIPassAuthorization On\n     WSGIScriptAlias / /srv" in edit.diff


def test_possible_where_the_program_names_no_token() -> None:
    page = replace(DRF, status=403, headers=())
    again = replace(page, purpose="authorized")
    (claim,) = judge(CHECK, APACHE, apache_config(WSGI), page, again, target=API)
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_python_reads_one_of_the_tokens() -> None:
    read = replace(DRF_AGAIN, body='{"detail":"Invalid token."}')
    config = apache_config(WSGI)
    assert not judge(CHECK, APACHE, config, DRF, DRF_AGAIN, read, target=API)
    passing = WSGI.replace("    SSLEngine", "    WSGIPassAuthorization On\n    SSLEngine")
    assert not judge(CHECK, APACHE, apache_config(passing), DRF, DRF_AGAIN, target=API)
    below = apache_config(WSGI.replace("Alias / ", "Alias /admin "))
    assert not judge(CHECK, APACHE, below, DRF, DRF_AGAIN, target=API)


def test_fires_by_words_where_the_page_needs_no_login() -> None:
    """https://justindjohnson.com/softdev/wordpress-api-401/: a GET of a post needs none."""
    page, config = replace(PAGE, status=200, body="[]"), apache_config(SITE)
    told = Symptom(
        "request-field", "rest_cannot_edit 401: no authorization header was present", 401
    )
    target = replace(API, symptom=told)
    (claim,) = judge(CHECK, APACHE, config, page, target=target)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    passing = SITE.replace("    SSLEngine", "    CGIPassAuth On\n    SSLEngine")
    assert not judge(CHECK, APACHE, apache_config(passing), page, target=target)
    denied = replace(target, symptom=replace(told, number=403))
    assert not judge(CHECK, APACHE, config, page, target=denied)
    other = replace(target, symptom=Symptom("request-field", "the header x_user is missing"))
    assert not judge(CHECK, APACHE, config, page, target=other)


#: After issue 37 of tomaj/nette-api.
CGI = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    ScriptAlias /cgi-php/ /usr/lib/cgi-php/
    AddHandler php-cgi .php
    Action php-cgi /cgi-php/php.cgi
</VirtualHost>
"""
NETTE = replace(
    PAGE,
    status=403,
    body='{"status":"error","message":"Authorization header HTTP_Authorization is not set"}',
)
NETTE_AGAIN = replace(NETTE, purpose="authorized")
ACTION = "    AddHandler php-cgi .php\n    Action php-cgi /cgi-php/php.cgi\n"


@pytest.mark.parametrize(
    "site",
    [
        CGI,
        CGI.replace(ACTION, "    AddHandler cgi-script .php\n"),
        CGI.replace(ACTION, "    FcgidWrapper /usr/lib/cgi-php/php.fcgi .php\n"),
        CGI.replace(ACTION, "").replace("Alias /cgi-php/", "Alias /api"),
    ],
    ids=("Action", "cgi-script", "fcgid", "ScriptAlias"),
)
def test_fires_for_a_cgi_program(site: str) -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(site), NETTE, NETTE_AGAIN, target=API)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+    <Location "/">\n+        CGIPassAuth On\n' in edit.diff


@pytest.mark.parametrize(
    "site",
    [
        CGI.replace(ACTION, ""),
        CGI.replace("    SSLEngine", "    CGIPassAuth On\n    SSLEngine"),
        CGI.replace("    SSLEngine", "    FcgidPassHeader Authorization\n    SSLEngine"),
    ],
    ids=("another path", "passed", "passed by mod_fcgid"),
)
def test_silent_where_no_cgi_program_misses_it(site: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(site), NETTE, NETTE_AGAIN, target=API)


#: Issue 2216 of tymondesigns/jwt-auth: Laravel has the same words for any request.
UNAUTHENTICATED = replace(PAGE, body='{"message":"Unauthenticated."}')
VALID = Symptom("status", "401 Unauthorized, even when the login has returned a valid token", 401)
SENT = replace(API, symptom=VALID)


@pytest.mark.parametrize("site", [SITE, WSGI, CGI], ids=("FastCGI", "WSGI", "CGI"))
def test_fires_where_a_person_sends_a_token(site: str) -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(site), UNAUTHENTICATED, target=SENT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["sent"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


@pytest.mark.parametrize(
    ("site", "body", "text"),
    [
        (SITE, '{"message":"Invalid token"}', VALID.text),
        (SITE, UNAUTHENTICATED.body, "401 Unauthorized: the token has expired"),
        (SITE, UNAUTHENTICATED.body, "401 Unauthorized after the login"),
        (SITE, UNAUTHENTICATED.body, "401 invalid CSRF token"),
        (HTTPS, UNAUTHENTICATED.body, VALID.text),
        (SITE.replace("    SSL", "    CGIPassAuth On\n    SSL"), UNAUTHENTICATED.body, VALID.text),
    ],
    ids=("read", "expired", "no token", "of a form", "proxied", "passed on"),
)
def test_silent_where_a_token_arrives(site: str, body: str, text: str) -> None:
    page, target = replace(PAGE, body=body), replace(SENT, symptom=replace(VALID, text=text))
    assert not judge(CHECK, APACHE, apache_config(site), page, target=target)


READ = ReadSetting(
    application="token", topic="token_field", key="token", values=("Authorization",),
    file="/var/www/shop/hook.php", number=2,
)  # fmt: skip


def test_fires_for_a_script_that_reads_the_field() -> None:
    page = replace(PAGE, body='{"error":"Unauthorized"}')
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), page, READ, target=API)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["source"] == "/var/www/shop/hook.php:2"
    assert not judge(CHECK, APACHE, apache_config(SITE), page, target=API)
    expired = replace(page, body='{"error":"token expired"}')
    assert not judge(CHECK, APACHE, apache_config(SITE), expired, READ, target=API)
