"""server.method-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.method-refused"
LISTS = """\
        <Limit GET POST OPTIONS>
            Require all granted
        </Limit>
        <LimitExcept GET POST OPTIONS>
            Require all denied
        </LimitExcept>
"""
SITE = f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    <Directory /var/www/shop>
{LISTS}    </Directory>
</VirtualHost>
"""
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
TOLD = Symptom("status", "DELETE https://shop.example.com/ 403 (Forbidden)", 403)


def claims(text: str = SITE, symptom: Symptom = TOLD, page: Exchange = PAGE) -> list[Claim]:
    target = replace(SHOP, path="/", symptom=symptom)
    return judge(CHECK, APACHE, apache_config(text), page, target=target, masked=False)


def test_fires_for_a_list_without_the_method_and_adds_it() -> None:
    (claim,) = claims()
    assert claim.facts["method"] == "DELETE"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        <Limit GET POST OPTIONS DELETE>" in edit.diff
    assert "+        <LimitExcept GET POST OPTIONS DELETE>" in edit.diff


def test_fires_for_a_person_where_no_list_refuses_it() -> None:
    text = SITE.replace(LISTS, "        Require method GET POST\n")
    (claim,) = claims(text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_message_without_a_status() -> None:
    (claim,) = claims(symptom=Symptom("other", "DELETE requests are blocked"))
    assert claim.facts["method"] == "DELETE"
    assert not claims(symptom=Symptom("other", "DELETE requests are slow"))


@pytest.mark.parametrize(
    ("text", "symptom", "page"),
    [
        (SITE.replace(LISTS, "        Require all granted\n"), TOLD, PAGE),
        (SITE.replace("OPTIONS>", "OPTIONS DELETE>"), TOLD, PAGE),
        (SITE, Symptom("status", "DELETE gets 405", 405), PAGE),
        (SITE, Symptom("status", "delete the page: 403", 403), PAGE),
        (SITE, TOLD, replace(PAGE, status=403)),
    ],
)
def test_silent_where_the_method_is_let_in(text: str, symptom: Symptom, page: Exchange) -> None:
    assert not claims(text, symptom, page)


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ("Require ip 10.0.0.0/8", 403),
        ("Require ip 10.0.0.0/8\n            Require all denied", 403),
        ("Require valid-user\n            AuthType Basic\n            AuthName a", 401),
    ],
)
def test_a_method_of_a_network_or_behind_a_password_is_not_opened_to_all(
    rule: str, status: int
) -> None:
    text = SITE.replace("Require all denied", rule)
    for claim in claims(text, Symptom("status", f"DELETE / {status}", status)):
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


LINE = (
    "Dec  1 22:11:12 web1 haproxy[812]: 192.0.2.66:51234 [01/Dec/2026:22:11:12.123] https~ "
    'https/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0 "POST /api/login HTTP/1.1"'
)


def test_fires_for_the_path_of_a_line_of_the_log() -> None:
    target = replace(SHOP, symptom=Symptom("status", LINE, 403))
    for rule, is_refused in (
        ("http-request deny if is_api !METH_GET", True),
        ("http-request deny if is_api !METH_GET !{ path_beg /api/login }", False),
    ):
        lines = f"    acl is_api path_beg /api\n    {rule}\n"
        text = TEXT.replace("    default_b", f"{lines}    default_b")
        seen = judge(CHECK, SERVER, config(text), PAGE, target=target, masked=False)
        assert bool(seen) is is_refused
        for claim in seen:
            assert claim.facts["url"] == "https://shop.example.com/api/login"
            assert claim.fix
            edit = claim.fix.steps[0]
            assert isinstance(edit, Edit)
            assert "+    http-request deny if is_api !METH_GET !{ method POST }" in edit.diff
