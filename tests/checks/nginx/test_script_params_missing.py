"""nginx.script-params-missing: when it fires, and when it is silent."""

from typing import Any

import pytest

from diagnose.model import Applicability, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.script-params-missing"
SCRIPT = "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;"
ALL = " ".join(
    f"fastcgi_param {name} ${name.lower()};"
    for name in ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
)


def site(lines: str, argument: str = "~ \\.php$", outer: str = "") -> Any:
    location = f"    {outer}\n    location {argument} {{\n        {lines}\n    }}\n"
    return config(SITE.replace("    location /", f"{location}    location /"))


def test_fires_for_the_script_alone() -> None:
    text = site(f"{SCRIPT}\n        fastcgi_pass unix:/run/php.sock;")
    (claim,) = judge(CHECK, RUNNING, text, page(200, "shop"))
    assert claim.severity is None
    assert "REQUEST_METHOD" in str(claim.facts["missing"])
    assert not claim.facts["lost"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "include fastcgi.conf;\n" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_where_an_outer_block_has_them() -> None:
    text = site("fastcgi_param HTTPS on; fastcgi_pass 127.0.0.1:9000;", outer=f"{ALL} {SCRIPT}")
    (claim,) = judge(CHECK, RUNNING, text, page(200, "shop"))
    assert claim.facts["lost"]


def test_fires_for_uwsgi() -> None:
    text = site("uwsgi_pass unix:/run/app.sock;", "/app/")
    (claim,) = judge(CHECK, RUNNING, text, page(200, "shop"))
    assert claim.facts["file"] == "uwsgi_params"


def test_an_error_for_the_page_itself() -> None:
    text = SITE.replace(
        "proxy_pass http://127.0.0.1:3000;", f"{SCRIPT} fastcgi_pass unix:/run/php.sock;"
    )
    (claim,) = judge(CHECK, RUNNING, config(text), page(200))
    assert claim.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("lines", "argument", "outer"),
    [
        (f"{ALL} {SCRIPT} fastcgi_pass unix:/run/php.sock;", "~ \\.php$", ""),
        ("fastcgi_pass unix:/run/php.sock;", "~ \\.php$", f"{ALL} {SCRIPT}"),
        (f"{SCRIPT} fastcgi_pass unix:/run/fcgiwrap.socket;", "/cgi-bin/", ""),
        (f"{SCRIPT} fastcgi_pass unix:/run/php.sock;", "= /ping", ""),
        ("proxy_pass http://127.0.0.1:9000;", "/php/", ""),
    ],
)
def test_silent_for_all_parameters_and_other_programs(
    lines: str, argument: str, outer: str
) -> None:
    assert not judge(CHECK, RUNNING, site(lines, argument, outer), page(200, "shop"))


def test_silent_without_a_page() -> None:
    assert not judge(CHECK, RUNNING, site("fastcgi_pass unix:/run/php.sock;"))
