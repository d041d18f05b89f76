"""server.edited-site-unused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.unread_configs import UnreadRoute
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, SITE, apache_config

CHECK = "server.edited-site-unused"
PATH = "/api/users"
TARGET = replace(SHOP, path=PATH)
MISSING = Exchange(
    url=f"https://shop.example.com{PATH}", address="203.0.113.10", port=443, status=404
)
UNREAD = UnreadRoute(
    file="/etc/apache2/sites-available/shop.conf", line=7, request=PATH,
    answer="http://127.0.0.1:4000/api", used=SITE, used_line=1, replaces=True,
)  # fmt: skip
API = "    ProxyPass /api http://127.0.0.1:4000/api\n"
HTTP = f"<VirtualHost *:80>\n    ServerName shop.example.com\n{API}</VirtualHost>\n"


def commands(*observations: object) -> list[str]:
    (claim,) = judge(CHECK, APACHE, apache_config(), MISSING, *observations, target=TARGET)  # type: ignore[arg-type]
    assert claim.fix
    assert claim.confidence is Confidence.LIKELY
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_for_a_copy_and_links_it() -> None:
    file, used = UNREAD.file, UNREAD.used
    assert commands(UNREAD)[:2] == [f"mv -n {used} {file}.before-link", f"ln -s {file} {used}"]
    assert commands(replace(UNREAD, link=True))[0] == f"ln -sfn {file} {used}"


def test_a_file_without_the_other_sites_is_a_question_to_a_person() -> None:
    unread = replace(UNREAD, replaces=False)
    (claim,) = judge(CHECK, APACHE, apache_config(), MISSING, unread, target=TARGET)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_line_in_the_host_of_port_80_and_writes_it_into_the_other() -> None:
    granted = "<Location />\nRequire all granted\n</Location>\n"
    config = apache_config(HTTPS + HTTP.replace(API, granted + API))
    (claim,) = judge(CHECK, APACHE, config, MISSING, target=TARGET, masked=False)
    assert claim.facts["other_port"] == 80
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /api http://127.0.0.1:4000/api\n" in edit.diff
    assert "+    ProxyPassReverse /api http://127.0.0.1:4000/api\n" in edit.diff


@pytest.mark.parametrize(
    "site",
    [
        HTTPS,
        HTTPS + HTTP.replace("/api http", "/other http"),
        HTTPS + HTTP.replace(API, "    ProxyPass / http://127.0.0.1:4000/\n"),
        HTTPS + HTTP.replace(":4000", ":3000"),  # the same application
        HTTPS + HTTP.replace("shop.example.com", "aaa.example.org"),
        HTTPS.replace("    ProxyPass /ws", f"{API}    ProxyPass /ws") + HTTP,  # both have it
        HTTPS.replace("shop.example.com", "aaa.example.org") + HTTP,
        # Closed on purpose: over https it would be open to everybody.
        HTTPS + HTTP.replace("*:80", "127.0.0.1:8080"),
        HTTPS + HTTP.replace("*:80", "10.0.0.5:80"),
        HTTPS + HTTP.replace(API, f"{API}<Location /api>\nRequire ip 10.0.0.0/8\n</Location>\n"),
        HTTPS + HTTP.replace(API, f"{API}<Location /api>\n\tauthtype Basic\n</Location>\n"),
        HTTPS + HTTP.replace(API, f"{API}<Location />\nDeny from all\n</Location>\n"),
        HTTPS + HTTP.replace(API, f"{API}Include /etc/apache2/internal.conf\n"),
    ],
)
def test_silent_where_no_other_host_has_a_line_of_its_own(site: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(site), MISSING, target=TARGET)


@pytest.mark.parametrize("status", [200, 301, 401, 403])
def test_silent_where_the_path_is_answered_or_refused(status: int) -> None:
    page = replace(MISSING, status=status)
    assert not judge(CHECK, APACHE, apache_config(HTTPS + HTTP), page, target=TARGET)


def test_silent_for_what_an_authority_asks_for_on_port_80() -> None:
    path = "/.well-known/acme-challenge/token"
    line = "ProxyPass /.well-known/ http://127.0.0.1:4000/.well-known/"
    site = HTTPS + HTTP.replace(API.strip(), line)
    page = replace(MISSING, url=f"https://shop.example.com{path}")
    assert not judge(CHECK, APACHE, apache_config(site), page, target=replace(SHOP, path=path))


def test_silent_for_another_path() -> None:
    elsewhere = replace(UNREAD, request="/other")
    assert not judge(CHECK, APACHE, apache_config(), MISSING, elsewhere, target=TARGET)
