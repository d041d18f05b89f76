"""The error whose answer a browser keeps from a page of another site because its field is missing:
the console names its status, or the log of the web server has it."""

from diagnose.model import Evidence
from diagnose.model.logs import FailedRequests
from diagnose.parsers.lazy_pattern import lazy_pattern

#: "No 'Access-Control-Allow-Origin' header is present" of Chromium, and Firefox's "CORS header
#: ‘Access-Control-Allow-Origin’ missing" in any language, which names the status.
_MISSING = lazy_pattern(
    r"No ['‘\"]Access-Control-Allow-Origin['’\"] header"
    r"|['‘\"«“„ ]Access-Control-Allow-Origin\W{1,4}(?:missing|fehlt|manqu|est manquant|falta"
    r"|mancante|ausente|отсутств|が|缺少|缺失)"
)
_STATUS = lazy_pattern(
    r"(?i)(?:net::ERR_FAILED|status(?: code)?(?: of)?|Statuscode|Code d.état|Código de estado"
    r"|状态码|ステータスコード|HTTP/[\d.]{1,3})\W{0,4}([45]\d\d)\b"
    r"|\b([45]\d\d) \([A-Z][A-Za-z ]{3,40}\)"
)


def told_error(evidence: Evidence, text: str) -> int | None:
    """Return the status of an error that a message about a missing field tells of, or that the log
    has for the target's path; None if there is none. The preflight is another matter."""
    text = text[:4000]
    if not _MISSING.search(text) or "preflight" in text:
        return None
    if match := _STATUS.search(text):
        return int(match[1] or match[2])
    path = evidence.target.path_without_query
    statuses = (
        failure.status
        for failure in evidence.good(FailedRequests)
        if failure.path == path and failure.method != "OPTIONS" and (failure.status or 0) >= 400
    )
    return next(statuses, None)
