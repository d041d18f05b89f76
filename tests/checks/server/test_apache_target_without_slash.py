from dataclasses import replace

from diagnose.model import Applicability, Edit, Severity, Target, Vantage
from diagnose.model.logs import FailedRequests
from tests.checks.server.test_backend_not_reached import NAME
from tests.support.check_evidence import SHOP, judge
from tests.support.page_evidence import answered, loads, script, sheet
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.apache-target-without-slash"
WRONG = HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / http://127.0.0.1:3000")
CSS = (loads(sheet(), script()), answered(sheet(), 500))
LOGIN: Target = replace(SHOP, path="/login")


def test_fires_for_the_files_of_a_page_that_opens() -> None:
    """Issue 471 of linuxserver/Heimdall."""
    (claim,) = judge(CHECK, APACHE, apache_config(WRONG), ANSWER, *CSS)
    assert claim.facts["wrong"] == "http://127.0.0.1:3000app.css"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / http://127.0.0.1:3000/\n" in edit.diff


def test_fires_for_another_page() -> None:
    """ "Invalid host/port", which the log says without the path."""
    failed = replace(ANSWER, url=LOGIN.url, status=400)
    assert judge(CHECK, APACHE, apache_config(WRONG), failed, target=LOGIN)
    # Where the log has the page itself, another check quotes it.
    assert not judge(CHECK, APACHE, apache_config(WRONG), failed, NAME, target=LOGIN)


def test_silent_with_the_slash_or_where_all_comes() -> None:
    assert not judge(CHECK, APACHE, apache_config(HTTPS), ANSWER, *CSS)
    well = (loads(sheet()), answered(sheet()))
    assert not judge(CHECK, APACHE, apache_config(WRONG), ANSWER, *well)


def test_silent_for_the_start_page_itself_and_another_path_of_the_target() -> None:
    assert not judge(CHECK, APACHE, apache_config(WRONG), replace(ANSWER, status=500))
    below = HTTPS.replace(
        "ProxyPass / http://127.0.0.1:3000/", "ProxyPass / http://127.0.0.1:3000/shop"
    )
    assert not judge(CHECK, APACHE, apache_config(below), ANSWER, *CSS)


LOGGED = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/apache2/access.log", method="GET", path="/chat/status",
    status=500, written="2026/11/26 10:00:00", server="apache",
)  # fmt: skip


def test_fires_for_a_websocket() -> None:
    """After a pull request of nextcloud/whiteboard: ProxyPass has upgrade=websocket."""
    text = WRONG.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    text = text.replace("127.0.0.1:3000", "127.0.0.1:3000 upgrade=websocket")
    (claim,) = judge(CHECK, APACHE, apache_config(text), ANSWER, upgrade(500))
    assert (claim.facts["path"], claim.facts["status"]) == ("/ws", 500)
    assert claim.severity is Severity.WARNING
    (claim,) = judge(
        CHECK,
        APACHE,
        apache_config(text),
        ANSWER,
        upgrade(500),
        target=replace(SHOP, websockets=("/ws",)),
    )
    assert claim.severity is None


def test_fires_for_what_visitors_did_not_get() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(WRONG), ANSWER, LOGGED)
    assert (claim.facts["path"], claim.severity) == ("/chat/status", Severity.WARNING)


def test_silent_where_others_fail_or_the_slash_is_there() -> None:
    assert not judge(CHECK, APACHE, apache_config(WRONG), ANSWER, replace(LOGGED, status=404))
    assert not judge(CHECK, APACHE, apache_config(WRONG), ANSWER, upgrade(403))
    assert not judge(CHECK, APACHE, apache_config(WRONG), ANSWER, upgrade(101, accepted=True))
    assert not judge(CHECK, APACHE, apache_config(HTTPS), ANSWER, LOGGED, upgrade(500))
