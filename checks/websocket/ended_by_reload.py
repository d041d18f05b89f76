"""A message says that WebSockets end when nginx is reloaded. After a reload the old workers go on
with their open connections until these end, unless `worker_shutdown_timeout` is set: then they are
closed after that time (ngx_core_module). Without the directive a reload ends none."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import seconds

#: Seconds. A longer time is hardly what people tell of.
_LONG = 300
_LONGER = "worker_shutdown_timeout 1h;"
_RELOAD = re.compile(
    r"(?i)\breload|\bHUP\b|rechar(?:g|n)|neu (?:ge)?laden|neu lädt|\brecarg|\bricaric"
    r"|перезагруз|перечит|重载|重新加载|重新載入|リロード|再読み込み|\bcertbot|renew(?:al|ing|s)?\b"
)
#: What a visitor loads again, which ends its own WebSockets; and words that tell of the server.
_OF_PAGE = re.compile(
    r"(?i)\bpages?\b|\bbrowser|\btab\b|\bseite|página|\bpagina|страниц|页面|頁面|网页|網頁|ページ"
)
_OF_SERVER = re.compile(
    r"(?i)nginx|\bHUP\b|certbot|\brenew|certifi|zertifi|сертифик|证书|證書|証明書"
)


@check(severity=Severity.WARNING, needs=[NginxConfig], needs_message=True)
def ended_by_reload(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    is_told = symptom is not None and symptom.kind.startswith("websocket")
    if nginx.config is None or symptom is None or not is_told or not _tells(symptom.text):
        return
    own = [each for each in nginx.config.main if each.name == "worker_shutdown_timeout"]
    time_s = seconds(own[0].args[0]) if len(own) == 1 and own[0].args else None
    if time_s is None or not 0 < time_s < _LONG:
        return
    directive = own[0]
    file_edits = config_edits(
        nginx, {directive.file: [edits.replace_directive(directive, _LONGER)]}
    )
    fix = Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    if file_edits:
        # The old workers need memory for as long as they live.
        fix = Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(directive)),
        because=nginx.configs,
        # No run waits for a reload.
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={"seconds": round(time_s), "place": file_line(directive)},
        fix=fix,
    )


def _tells(text: str) -> bool:
    """Return whether a message tells of a reload of the server, and not of a page."""
    if not _RELOAD.search(text):
        return False
    return not _OF_PAGE.search(text) or _OF_SERVER.search(text) is not None
