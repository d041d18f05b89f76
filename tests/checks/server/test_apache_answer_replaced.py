"""server.apache-answer-replaced: JSON of the application, and an HTML page of Apache's in its
place."""

from dataclasses import replace

from diagnose.model import Confidence, Edit
from diagnose.model.backends import BackendVisit
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MAIN, apache_config

CHECK = "server.apache-answer-replaced"
TARGET = replace(SHOP, path="/api/items/7")
PAGE = replace(
    ANSWER, status=404, url=TARGET.url, headers=(("Content-Type", "text/html; charset=iso-8859-1"),)
)
VISIT = BackendVisit(
    target="http://127.0.0.1:3000/",
    requested="/api/items/7",
    path="/api/items/7",
    status=404,
    media_type="application/json",
)


def site(line: str) -> str:
    return HTTPS.replace("    ProxyPass /ws", f"    {line}\n    ProxyPass /ws")


def test_fires_when_json_becomes_a_page() -> None:
    config = apache_config(site("ProxyErrorOverride On"))
    (claim,) = judge(CHECK, APACHE, config, PAGE, VISIT, target=TARGET)
    assert (claim.facts["real"], claim.facts["all"]) == (404, False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    ProxyErrorOverride Off" in edit.diff


def test_fires_and_leaves_other_sites_alone() -> None:
    config = apache_config()
    shared = replace(config, files=(*config.files, ServerFile(MAIN, "ProxyErrorOverride On 404\n")))
    (claim,) = judge(CHECK, APACHE, shared, PAGE, VISIT, target=TARGET)
    edit = claim.fix.steps[0] if claim.fix else None
    assert claim.facts["all"]
    assert isinstance(edit, Edit)
    assert edit.path.endswith("shop.conf")
    assert "+    ProxyErrorOverride Off" in edit.diff


def test_silent_when_the_line_is_off_or_for_other_statuses() -> None:
    section = "<Location /api>\n    ProxyErrorOverride Off\n    </Location>"
    for line in (
        "ProxyErrorOverride Off",
        "ProxyErrorOverride On 500 502",
        f"ProxyErrorOverride On\n    {section}",
        "# ProxyErrorOverride On",
    ):
        assert not judge(CHECK, APACHE, apache_config(site(line)), PAGE, VISIT, target=TARGET)


def test_silent_when_the_application_sends_a_page_too_or_json_arrives() -> None:
    config = apache_config(site("ProxyErrorOverride On"))
    page = replace(VISIT, media_type="text/html")
    assert not judge(CHECK, APACHE, config, PAGE, page, target=TARGET)
    json = replace(PAGE, headers=(("Content-Type", "application/json"),))
    assert not judge(CHECK, APACHE, config, json, VISIT, target=TARGET)


def test_silent_when_the_application_answers_without_an_error() -> None:
    config = apache_config(site("ProxyErrorOverride On"))
    assert not judge(CHECK, APACHE, config, PAGE, replace(VISIT, status=200), target=TARGET)


def test_silent_when_apache_answers_with_a_status_of_its_own() -> None:
    config = apache_config(site("ProxyErrorOverride On"))
    assert not judge(CHECK, APACHE, config, replace(PAGE, status=403), VISIT, target=TARGET)


def test_a_refusal_may_be_apaches_own() -> None:
    config = apache_config(site("ProxyErrorOverride On"))
    page, visit = replace(PAGE, status=403), replace(VISIT, status=403)
    (claim,) = judge(CHECK, APACHE, config, page, visit, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
