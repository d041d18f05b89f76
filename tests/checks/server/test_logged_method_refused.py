"""server.logged-method-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.logged-method-refused"
LISTS = """\
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
PUT = FailedRequests(
    file="/var/log/apache2/access.log", method="PUT", path="/api/orders/7", status=403,
    written="21/Jul/2026:12:00:00 +0000", times=3, is_served_otherwise=True, server="apache",
)  # fmt: skip


def claims(*failures: FailedRequests, text: str = SITE) -> list[Claim]:
    target = replace(SHOP, path="/")
    evidence = (APACHE, apache_config(text), PAGE, *failures)
    return judge(CHECK, *evidence, target=target, masked=False)


def test_fires_once_and_adds_all_methods_that_the_log_has() -> None:
    (claim,) = claims(PUT, replace(PUT, method="DELETE"))
    assert claim.facts["methods"] == ("PUT", "DELETE")
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        <LimitExcept GET POST OPTIONS PUT DELETE>" in edit.diff


def test_fires_for_a_condition_with_a_list() -> None:
    lines = (
        "    RewriteEngine On\n    RewriteCond %{REQUEST_METHOD} !^(GET|POST|HEAD)$\n"
        "    RewriteRule .* - [F]\n"
    )
    (claim,) = claims(
        PUT, text=SITE.replace("    <Directory", f"{lines}    <Directory", 1).replace(LISTS, "")
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{REQUEST_METHOD} !^(GET|POST|HEAD|PUT)$" in edit.diff


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (PUT, SITE.replace(LISTS, "        Require all granted\n")),
        (PUT, SITE.replace("OPTIONS>", "OPTIONS PUT>")),
        (PUT, SITE.replace(LISTS, "        Require method GET POST\n")),
        (replace(PUT, status=405), SITE),
        (replace(PUT, is_served_otherwise=False), SITE),
        (replace(PUT, method="POST"), SITE),
        (replace(PUT, server="nginx"), SITE),
    ],
)
def test_silent_where_no_list_refuses_it(failure: FailedRequests, text: str) -> None:
    assert not claims(failure, text=text)


@pytest.mark.parametrize(
    ("lines", "fires"),
    [
        ("@x not method GET POST\nrespond @x 405\nreverse_proxy :3000", True),
        ("@x not method GET POST\nhandle @x {\nrespond 405\n}\nhandle {\nfile_server\n}", True),
        ("handle /api/* {\n@x not method GET\nrespond @x 405\nreverse_proxy :3000\n}", True),
        ("handle /a/* {\n}\nhandle /api/* {\n@x not method GET\nrespond @x 405\n}", True),
        ("handle /admin/* {\n@x not method GET\nrespond @x 405\n}\nreverse_proxy :3000", False),
        ("@x not method GET\nrespond @x 405\nhandle /api/* {\nreverse_proxy :3000\n}", False),
        ("@x not method GET\nrespond @x 405\nhandle {\nreverse_proxy :3000\n}", False),
        ("@x not method GET\nhandle @x {\nrespond 405\n}\nhandle /api/* {\nabort\n}", False),
    ],
)  # fmt: skip
def test_a_matcher_of_caddy_counts_where_the_request_comes_to_it(lines: str, fires: bool) -> None:
    put = replace(PUT, server="caddy", status=405)
    config = caddy_config(f"shop.example.com {{\n{lines}\n}}\n")
    claimed = judge(CHECK, CADDY, config, PAGE, put, target=replace(SHOP, path="/"), masked=False)
    assert bool(claimed) is fires
