"""nginx.script-by-link: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "nginx.script-by-link"
TOLD = replace(SHOP, symptom=Symptom("cached", "old pages are shown after a deployment"))
SCRIPT = "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;"
ROOT = "root /var/www/app/current/public;"


def site(line: str = SCRIPT, root: str = ROOT) -> Any:
    lines = f"{root}\n        {line}\n        fastcgi_pass unix:/run/php.sock;"
    return config(SITE.replace("proxy_pass http://127.0.0.1:3000;", lines))


def test_fires_for_the_link_of_a_release() -> None:
    (claim,) = judge(CHECK, RUNNING, site(), target=TOLD)
    assert claim.facts["folder"] == "/var/www/app/current/public"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    shown = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert "+        fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;\n" in shown


@pytest.mark.parametrize(
    ("line", "root"),
    [
        (SCRIPT.replace("document_root", "realpath_root"), ROOT),
        (SCRIPT, "root /var/www/app/public;"),
        (SCRIPT, "root /var/www/currents/public;"),
    ],
)
def test_silent_where_no_link_is_named(line: str, root: str) -> None:
    assert not judge(CHECK, RUNNING, site(line, root), target=TOLD)


def test_silent_without_words_about_old_content() -> None:
    assert not judge(CHECK, RUNNING, site(), target=SHOP)
