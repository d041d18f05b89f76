"""nginx.modsecurity-refuses: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, LogLine
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, LOADED, RUNNING, config, front

CHECK = "nginx.modsecurity-refuses"
LOG = "/var/log/nginx/error.log"
TEXT = (
    '[client 198.51.100.7] ModSecurity: Access denied with code 403 (phase 2). Matched "Operator '
    "`Ge' with parameter `5' against variable `TX:ANOMALY_SCORE' (Value: `5' ) [file "
    '"/etc/nginx/modsec/rules/949.conf"] [line "80"] [id "949110"] [rev ""] [msg "Inbound Anomaly '
    'Score Exceeded (Total Score: 5)"]'
)
LINE = LogLine(
    vantage=Vantage.SERVER, file=LOG, when=LOADED + 60, level="error", pid=7, text=TEXT,
    written="2026/11/26 12:00:00", request="GET / HTTP/1.1", host="shop.example.com",
)  # fmt: skip
READ = ErrorLog(vantage=Vantage.SERVER, at=5.0, file=LOG, until=LOADED + 62, since=LOADED)
SEEN = (BUILD, HOST, RUNNING, config(), READ)


def page(status: int) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=status
    )


def test_fires_and_names_the_rule() -> None:
    (claim,) = judge(CHECK, *SEEN, page(403), LINE)
    assert claim.facts["rule"] == "949110"
    assert claim.facts["sum"]
    assert claim.confidence is Confidence.CERTAIN


def test_fires_on_a_websocket_of_this_run() -> None:
    line = replace(LINE, request="GET /ws HTTP/1.1", text=TEXT.replace("949110", "920350"))
    (claim,) = judge(CHECK, *SEEN, front(403), line, target=CHAT)
    assert claim.facts["path"] == "/ws"
    assert not claim.facts["sum"]


def test_silent_about_another_path_and_where_the_page_opens() -> None:
    assert not judge(CHECK, *SEEN, page(403), replace(LINE, request="GET /admin HTTP/1.1"))
    assert not judge(CHECK, *SEEN, page(200), LINE)


def test_silent_about_a_warning_of_it() -> None:
    warning = TEXT.replace("Access denied with code 403 (phase 2)", "Warning")
    assert not judge(CHECK, *SEEN, page(403), replace(LINE, text=warning))
