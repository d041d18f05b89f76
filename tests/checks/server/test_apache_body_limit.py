from dataclasses import replace

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, SITE, apache_config

CHECK = "server.apache-body-limit"
FAILED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="POST", path="/library/add",
    status=413, written="[28/Nov/2026:18:01:00 +0000]",
)  # fmt: skip
TOLD = replace(SHOP, symptom=Symptom("status", "413 Request Entity Too Large", number=413))


def site(lines: str) -> str:
    start, end = HTTPS.index("    ProxyPass"), HTTPS.index("</VirtualHost>")
    return f"{HTTPS[:start]}    DocumentRoot /var/www/html\n{lines}{HTTPS[end:]}"


OWN = "    LimitRequestBody 1048576\n"
LOCATION = "    <Location /library>\n        LimitRequestBody 2097152\n    </Location>\n"
DIRECTORY = "    <Directory /var/www/html>\n        LimitRequestBody 4194304\n    </Directory>\n"


def test_fires_and_names_the_line_that_counts() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(site(OWN)), FAILED, target=TOLD)
    assert (claim.facts["place"], claim.severity) == (f"{SITE}:7", None)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    LimitRequestBody 1048576\n+    LimitRequestBody 67108864\n" in edit.diff
    for lines, size in ((LOCATION + DIRECTORY + OWN, 2097152), (DIRECTORY + OWN, 4194304)):
        (claim,) = judge(CHECK, APACHE, apache_config(site(lines)), FAILED)
        assert (claim.facts["bytes"], claim.severity) == (size, Severity.NOTE)


def test_fires_as_a_warning_where_pages_of_the_site_meet_the_limit() -> None:
    of_a_page = replace(FAILED, is_from_page=True, times=2)
    (claim,) = judge(CHECK, APACHE, apache_config(site(OWN)), of_a_page, target=SHOP)
    assert claim.severity is None
    by_a_script = replace(of_a_page, is_from_page=False)
    (claim,) = judge(CHECK, APACHE, apache_config(site(OWN)), by_a_script, target=SHOP)
    assert claim.severity is Severity.NOTE


def test_fires_for_words_about_the_limit_of_the_page() -> None:
    asked = replace(TOLD, path="/library/")
    (claim,) = judge(CHECK, APACHE, apache_config(site(OWN)), target=asked)
    assert not claim.facts["logged"]
    new = replace(APACHE, version="2.4.54")
    assert not judge(CHECK, new, apache_config(site("")), target=asked)
    large = OWN.replace("1048576", "1048576000")
    assert not judge(CHECK, APACHE, apache_config(site(large)), target=asked)
    assert not judge(
        CHECK, APACHE, apache_config(site(OWN)), target=replace(SHOP, path="/library/")
    )
    assert not judge(CHECK, APACHE, apache_config(), target=asked)


def test_fires_for_the_limit_that_is_built_in() -> None:
    new = replace(APACHE, version="2.4.54")
    (claim,) = judge(CHECK, new, apache_config(site("")), FAILED, target=TOLD)
    assert (claim.facts["bytes"], claim.facts["built_in"]) == (1 << 30, True)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    LimitRequestBody {4 << 30}\n </VirtualHost>" in edit.diff
    other = site("    <Location /other>\n        LimitRequestBody 1048576\n    </Location>\n")
    (claim,) = judge(CHECK, new, apache_config(other), FAILED, target=TOLD)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not judge(CHECK, new, apache_config(site("    LimitRequestBody 0\n")), FAILED)


def test_silent_without_a_limit_for_the_path_or_for_an_application() -> None:
    old = replace(APACHE, version="2.4.53")
    assert not judge(CHECK, old, apache_config(site("")), FAILED)
    assert not judge(CHECK, APACHE, apache_config(site("    LimitRequestBody 0\n")), FAILED)
    other = LOCATION.replace("/library", "/other")
    assert not judge(CHECK, old, apache_config(site(other)), FAILED)
    passed = HTTPS.replace("    ProxyPass / ", f"{OWN}    ProxyPass / ")
    assert not judge(CHECK, APACHE, apache_config(passed), FAILED)
    assert not judge(CHECK, APACHE, apache_config(site(OWN)), replace(FAILED, status=500))
