from dataclasses import replace

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import ServerFile, WebServerConfig
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


def with_files(site_text: str, **texts: str) -> WebServerConfig:
    config = apache_config(site_text)
    more = tuple(ServerFile(path, text) for path, text in texts.items())
    return replace(config, files=(*config.files, *more))


SCRIPTS = "    ScriptAlias /library/ /var/www/library/\n"
OWN_FILE = "/var/www/library/.htaccess"


def test_fires_for_the_htaccess_on_the_way_and_edits_it() -> None:
    config = with_files(
        site(SCRIPTS + OWN), **{OWN_FILE: "Options -Indexes\nLimitRequestBody 1000000\n"}
    )
    (claim,) = judge(CHECK, APACHE, config, FAILED, target=TOLD)
    assert (claim.facts["place"], claim.facts["bytes"]) == (f"{OWN_FILE}:2", 1000000)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "-LimitRequestBody 1000000\n+LimitRequestBody 67108864\n" in edit.diff


def test_the_path_comes_before_the_htaccess_and_other_files_count() -> None:
    texts = {OWN_FILE: "LimitRequestBody 1000000\n"}
    (claim,) = judge(CHECK, APACHE, with_files(site(SCRIPTS + LOCATION), **texts), FAILED)
    assert claim.facts["bytes"] == 2097152
    shared = {"/etc/apache2/conf-enabled/limits.conf": "LimitRequestBody 1000\n"}
    (claim,) = judge(CHECK, APACHE, with_files(site(""), **shared), FAILED)
    assert claim.facts["place"] == "/etc/apache2/conf-enabled/limits.conf:1"
    (claim,) = judge(CHECK, APACHE, with_files(site(OWN), **shared), FAILED)
    assert claim.facts["bytes"] == 1048576


def test_silent_about_the_built_in_limit_where_another_may_be_met() -> None:
    """An .htaccess that was not read, one that lifts the limit, a small file in the message."""
    new = replace(APACHE, version="2.4.62")
    folder = "    <Directory /var/www/html>\n        AllowOverride All\n    </Directory>\n"
    assert not judge(CHECK, new, apache_config(site(folder)), FAILED, target=TOLD)
    assert judge(
        CHECK, new, apache_config(site(folder)), FAILED, target=replace(TOLD, path=FAILED.path)
    )
    lifted = with_files(site(SCRIPTS), **{OWN_FILE: "LimitRequestBody 0\n"})
    assert not judge(CHECK, new, lifted, FAILED, target=TOLD)
    small = Symptom("status", "413 for files over 5 MB", number=413)
    assert not judge(
        CHECK, new, apache_config(site("")), FAILED, target=replace(SHOP, symptom=small)
    )
