"""The note on which container a remedy is about."""

from dataclasses import replace

import pytest

from diagnose.checking.container_fixes import in_container
from diagnose.checking.registry import load_check
from diagnose.model import Claim, Edit, Finding, Fix, Location, Subject
from diagnose.model.containers import BindMount
from diagnose.outputs import finding_text
from tests.checks.upstream.test_container_loopback import OWN


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_names_the_container_and_the_file_on_the_server(lang: str) -> None:
    check = load_check("nginx.config-invalid")
    mounted = replace(OWN, mounts=(BindMount("/etc/nginx/conf.d", "/srv/conf.d"),))
    facts = dict.fromkeys(("message", "file", "place", "line", "directive", "running"), "")
    claim = Claim(
        about=Subject(port=443),
        because=(OWN,),
        facts=facts,
        fix=Fix((Edit("/etc/nginx/nginx.conf", ""),)),
        location=Location("/etc/nginx/conf.d/shop.conf", 3),
    )
    finding = Finding("f1", check, in_container(claim, "nginx", mounted))
    text = finding_text.remedy(finding, lang)
    for word in ("proxy", "/srv/conf.d/shop.conf", "/etc/nginx/nginx.conf"):
        assert word in text
    assert "proxy" not in finding_text.remedy(Finding("f1", check, claim), lang)
