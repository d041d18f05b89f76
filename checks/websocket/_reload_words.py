"""Words of a message about a reload of the web server, and reloads that a message does not know of:
it tells of a time after which connections end, and the server was reloaded within that time."""

import re

from checks.websocket import USUAL_TIMEOUT
from diagnose.model.symptom import Symptom
from diagnose.parsers.cut_connections import is_reported, reported_seconds

#: Seconds. A longer time is hardly what people tell of.
LONG = 300
#: Seconds between the start of a server and that of its first workers.
_START_S = 5.0
_RELOAD = re.compile(
    r"(?i)\breload|\bHUP\b|rechar(?:g|n)|neu (?:ge)?laden|neu lädt|\brecarg|\bricaric"
    r"|перезагруз|перечит|重载|重新加载|重新載入|リロード|再読み込み|\bcertbot|renew(?:al|ing|s)?\b"
)
#: What a visitor loads again, which ends its own WebSockets; and words that tell of the server.
_OF_PAGE = re.compile(
    r"(?i)\bpages?\b|\bbrowser|\btab\b|\bseite|página|\bpagina|страниц|页面|頁面|网页|網頁|ページ"
)
_OF_SERVER = re.compile(
    r"(?i)nginx|haproxy|caddy|\bHUP\b|certbot|\brenew|certifi|zertifi|сертифик|证书|證書|証明書"
)


def tells_of_reload(text: str) -> bool:
    """Return whether a message tells of a reload of the server, and not of a page."""
    if not _RELOAD.search(text):
        return False
    return not _OF_PAGE.search(text) or _OF_SERVER.search(text) is not None


def is_met_by_reload(
    symptom: Symptom, started: float | None, loaded: float | None, now: float, time_s: float
) -> bool:
    """Return whether a message says that connections end after a time in which the server was
    reloaded before this run, and not shorter than the time (`time_s`) that old workers have. After
    a minute connections end at most servers for another reason. All times are in seconds, those of
    the server and of the run since the epoch."""
    if started is None or loaded is None or loaded - started < _START_S:
        return False
    told = max(reported_seconds(symptom), default=0.0)
    if told < time_s or is_reported(symptom, USUAL_TIMEOUT):
        return False
    return now - loaded <= told + time_s
