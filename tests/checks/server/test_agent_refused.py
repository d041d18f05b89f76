"""server.agent-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.agent-refused"
ROOT = "/var/www/shop"
RULES = """\
RewriteEngine On
RewriteCond %{HTTP_USER_AGENT} ^$ [OR]
RewriteCond %{HTTP_USER_AGENT} (python-requests|wget) [NC]
RewriteRule .* - [F,L]
"""
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
TOLD = Symptom("status", "403 Forbidden with python-requests", 403)


def site(lines: str = "", overrides: str = "All") -> str:
    return f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot {ROOT}
    SSLEngine on
{lines}    <Directory {ROOT}>
        AllowOverride {overrides}
        Require all granted
    </Directory>
</VirtualHost>
"""


def config(text: str, htaccess: str = "") -> WebServerConfig:
    own = apache_config(text)
    files = (ServerFile(f"{ROOT}/.htaccess", htaccess),) if htaccess else ()
    return replace(own, files=(*own.files, *files))


def claims(own: WebServerConfig, symptom: Symptom = TOLD, page: Exchange = PAGE) -> list[Claim]:
    target = replace(SHOP, path="/", symptom=symptom)
    return judge(CHECK, APACHE, own, page, target=target, masked=False)


def test_fires_for_a_rule_of_an_htaccess_and_spares_the_program() -> None:
    (claim,) = claims(config(site(), RULES))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["program"] == "python-requests"
    assert claim.facts["place"] == f"{ROOT}/.htaccess:4"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+RewriteCond %{HTTP_USER_AGENT} !python-requests [NC]\n RewriteCond" in edit.diff


@pytest.mark.parametrize("rule", ["Require not env bad_bot", "Deny from env=bad_bot"])
def test_fires_for_a_mark_that_another_line_refuses(rule: str) -> None:
    mark = '    SetEnvIfNoCase User-Agent "(python|wget)" bad_bot\n'
    (claim,) = claims(config(site(f"{mark}    {rule}\n")))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+    SetEnvIfNoCase User-Agent "python-requests" !bad_bot' in edit.diff
    assert not claims(config(site(mark))), "nothing refuses the mark"
    spared = mark + '    SetEnvIfNoCase User-Agent "python-requests" !bad_bot\n'
    assert not claims(config(site(f"{spared}    {rule}\n"))), "the remedy was carried out"


def test_fires_for_a_person_where_the_rule_is_no_rewrite() -> None:
    text = site().replace("Require all granted", "Require expr %{HTTP_USER_AGENT} !~ /python/")
    assert not claims(config(text)), "an expression is not evaluated"


@pytest.mark.parametrize(
    ("own", "symptom", "page"),
    [
        (config(site()), TOLD, PAGE),
        (config(site(), RULES.replace("python-requests|", "")), TOLD, PAGE),
        (config(site(overrides="None"), RULES), TOLD, PAGE),
        (config(site(), RULES), Symptom("status", "404 with python-requests", 404), PAGE),
        (config(site(), RULES), Symptom("status", "403 Forbidden", 403), PAGE),
        (config(site(), RULES), TOLD, replace(PAGE, status=403)),
        (config(site(), RULES.replace("Cond %{HTTP_USER_AGENT} ^$ [OR]", "Cond %{HTTP_HOST} ^x$")),
         TOLD, PAGE),
    ],
)  # fmt: skip
def test_silent_where_the_rule_is_not_what_refuses_it(
    own: WebServerConfig, symptom: Symptom, page: Exchange
) -> None:
    assert not claims(own, symptom, page)


def test_leaves_other_steps_to_a_person() -> None:
    (claim,) = claims(config(site(), RULES))
    assert claim.fix
    assert not any(isinstance(step, Manual) for step in claim.fix.steps)


def test_a_line_of_the_log_has_the_user_agent_itself() -> None:
    """Issue 413 of PrivateBin/PrivateBin: a rule against crawlers."""
    rules = "RewriteEngine on\nRewriteCond %{HTTP_USER_AGENT} MSIE [NC]\nRewriteRule .* - [F]\n"
    agent = "Mozilla/4.0 (compatible; MSIE 5.01)"
    line = f'198.51.100.7 - - [01/Dec/2026:10:00:00 +0000] "POST / HTTP/1.1" 403 169 "-" "{agent}"'
    (claim,) = claims(config(site(), rules), Symptom("status", line, 403))
    assert claim.facts["agent"] == agent
    assert "!Mozilla.4.0..compatible..MSIE.5.01. [NC]" in str(claim.fix)
    served = line.replace(" 403 169 ", " 200 169 ")
    assert not claims(config(site(), rules), Symptom("other", served))
