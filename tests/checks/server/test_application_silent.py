from dataclasses import replace

from diagnose.model import Confidence, Edit, Failure, Host, Manual, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.logs import LoggedRequestError
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.application-silent"
LATE = Failure("timeout", "timed out")
SILENT = replace(ANSWER, status=None, failure=LATE)
VISIT = BackendVisit(target="http://127.0.0.1:3000/", requested="/", path="/", failure=LATE)


def test_fires_when_nothing_comes_directly_either() -> None:
    for page in (SILENT, replace(ANSWER, status=504)):
        (claim,) = judge(CHECK, APACHE, apache_config(), LISTENING, page, VISIT)
        assert claim.facts["application"] == "127.0.0.1:3000"
        assert claim.confidence is Confidence.LIKELY


def test_certain_after_a_minute_alone() -> None:
    page = replace(SILENT, took=60.2)
    (claim,) = judge(CHECK, APACHE, apache_config(), LISTENING, page, replace(VISIT, took=3.0))
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["waited"], claim.facts["tried"]) == (60.2, 3.0)


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    config = apache_config(HTTPS.replace("127.0.0.1:3000", "[::1]:3000"))
    visit = replace(VISIT, target="http://[::1]:3000/")
    (claim,) = judge(CHECK, APACHE, config, LISTENING, SILENT, visit)
    assert claim.facts["application"] == "[::1]:3000"


def test_silent_when_the_application_answers_or_the_page_came() -> None:
    answered = replace(VISIT, failure=None, status=200)
    assert not judge(CHECK, APACHE, apache_config(), SILENT, answered)
    assert not judge(CHECK, APACHE, apache_config(), SILENT, VISIT, answered)
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, VISIT)
    assert not judge(CHECK, APACHE, apache_config(), replace(ANSWER, status=500), VISIT)


def test_silent_when_it_refuses() -> None:
    refused = replace(VISIT, failure=Failure("refused", "Connection refused"))
    assert not judge(CHECK, APACHE, apache_config(), SILENT, refused)


def test_silent_when_the_connection_was_not_taken() -> None:
    lost = replace(VISIT, connected=False)
    assert not judge(CHECK, APACHE, apache_config(), SILENT, lost)


def test_fires_with_the_line_by_which_the_server_gives_up() -> None:
    text = HTTPS.replace("  ProxyPass ", "  ProxyTimeout 20\n  ProxyPass ", 1)
    host = Host(vantage=Vantage.SERVER, role="server", hostname="web")
    (claim,) = judge(CHECK, host, APACHE, apache_config(text), LISTENING, SILENT, VISIT)
    assert claim.facts["longer_line"] == "ProxyTimeout 120"
    assert claim.fix
    assert len(claim.fix.steps) > 1


def test_fires_and_loads_nothing_where_nothing_is_changed() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), LISTENING, SILENT, VISIT)
    assert "longer_line" not in claim.facts
    assert claim.fix
    assert [type(step) for step in claim.fix.steps] == [Manual]


SHORT = HTTPS.replace(
    "ProxyPass / http://127.0.0.1:3000/", "ProxyPass / http://127.0.0.1:3000/ timeout=60"
)
GAVE_UP = LoggedRequestError(
    server="apache", log="/var/log/apache2/error.log", method="GET", path="/", status=502,
    message="AH01102: error reading status line", reason="timeout", waited_s=60.0,
)  # fmt: skip


def test_fires_with_more_time_first_where_the_log_or_a_message_tells_it() -> None:
    host = Host(vantage=Vantage.SERVER, role="server", hostname="web")
    seen = (host, APACHE, apache_config(SHORT), LISTENING, SILENT, VISIT)
    told = replace(SHOP, symptom=Symptom("timeout", "apache was only waiting 60 sec to timeout"))
    for (claim,) in (judge(CHECK, *seen, GAVE_UP), judge(CHECK, *seen, target=told)):
        edit, *_, last = claim.fix.steps if claim.fix else ()
        assert isinstance(edit, Edit)
        assert "timeout=300" in edit.diff
        assert isinstance(last, Manual)
    # Where no line is written, the site gets one of its own.
    (claim,) = judge(CHECK, host, APACHE, apache_config(), LISTENING, SILENT, VISIT, GAVE_UP)
    assert claim.fix
    assert "ProxyTimeout 300" in getattr(claim.fix.steps[0], "diff", "")
    other = replace(SHOP, symptom=Symptom("other", "it fails after 5 minutes"))
    for claims in (
        judge(CHECK, *seen, replace(GAVE_UP, path="/other")),
        judge(CHECK, *seen, target=other),
    ):
        assert [type(claim.fix.steps[0]) for claim in claims if claim.fix] == [Manual]
