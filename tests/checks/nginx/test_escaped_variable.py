"""nginx.escaped-variable: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.escaped-variable"
HOST = "proxy_set_header Host $host;"


@pytest.mark.parametrize(
    "line",
    [
        r"proxy_set_header Host \$host;",
        r'proxy_set_header X-Forwarded-For "\$proxy_add_x_forwarded_for";',
        r"proxy_pass http://127.0.0.1:3000\$request_uri;",
        r"return 301 https://\$host\$request_uri;",
        r"try_files \$uri \$uri/ /index.html;",
        r"fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;",
        r"rewrite ^/old/(.*)\$ /new/\$args;",
    ],
)
def test_fires_on_a_backslash_before_a_variable(line: str) -> None:
    text = SITE.replace(HOST, line)
    (claim,) = judge(CHECK, RUNNING, config(text), page(200), masked=False)
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    removed = line.replace(r"\$", "$") if "rewrite" not in line else line.replace(r"\$a", "$a")
    assert f"+        {removed}\n" in edit.diff


def test_fires_as_an_error_where_the_page_fails() -> None:
    text = SITE.replace(HOST, r"proxy_set_header Host \$host;")
    (claim,) = judge(CHECK, RUNNING, config(text), page(400), masked=False)
    assert claim.severity is Severity.ERROR


@pytest.mark.parametrize(
    "line",
    [
        HOST,
        r"rewrite ^/(.*)\.php\$ /$1 break;",
        r"rewrite \$args /none break;",
        r'return 200 "costs \$5";',
        r'if ($uri ~ "\.php\$") { return 404; }',
    ],
)
def test_silent_on_variables_and_regular_expressions(line: str) -> None:
    assert not judge(CHECK, RUNNING, config(SITE.replace(HOST, line)), page(400), masked=False)


def test_silent_on_another_site() -> None:
    other = SITE.replace("shop.example.com", "other.example.com").replace("$host", r"\$host")
    assert not judge(CHECK, RUNNING, config(SITE + other), page(400), masked=False)


def test_fires_on_the_redirect_of_port_80() -> None:
    redirect = r"return 301 https://\$host\$request_uri;"
    plain = f"server {{\n    listen 80;\n    server_name shop.example.com;\n    {redirect}\n}}\n"
    to_nowhere = replace(
        page(301), url="http://shop.example.com/", port=80, purpose="plain",
        headers=(("Location", "https://\\shop.example.com\\/"),),
    )  # fmt: skip
    (claim,) = judge(CHECK, RUNNING, config(SITE + plain), page(200), to_nowhere, masked=False)
    assert claim.severity is Severity.ERROR
    assert "return 301" in str(claim.facts["statement"])
    assert any(subject.port == 80 for subject in claim.covers)


def test_the_expression_of_the_same_script_is_mended_too() -> None:
    """`location ~ \\.php\\$` takes no path of PHP's: nginx would show the source."""
    lines = r"try_files \$uri /index.php?\$args;"
    php = "    location ~ \\.php\\$ {\n        fastcgi_pass 127.0.0.1:9000;\n    }\n"
    head = "    location / {"
    text = SITE.replace(HOST, lines).replace(head, php + head)
    (claim,) = judge(CHECK, RUNNING, config(text), page(500), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location ~ \\.php$ {" in edit.diff
    assert "+        try_files $uri /index.php?$args;" in edit.diff
