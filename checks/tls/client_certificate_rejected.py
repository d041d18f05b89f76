"""A visitor sends a client certificate, and the server rejects it: "400 The SSL certificate error"
of nginx (ngx_http_process_request, status 495). A visitor without one gets other words (496).

The message itself says so. The reason is OpenSSL's, in nginx's error log at the level "info":
"client SSL certificate verify error: (22:certificate chain too long)" (x509_vfy.h). nginx accepts
one intermediate certificate (ssl_verify_depth 1, ngx_http_ssl_module).
"""

import re
from collections.abc import Iterator

from checks.tls._client_certificates import lacks_certificate
from checks.tls._nginx_settings import TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.tls import Handshake
from diagnose.parsers.whole_numbers import whole_number

_VERIFY_ERROR = re.compile(r"client SSL certificate verify error: \((\d{1,3}):([^)]{1,120})\)")
#: X509_V_ERR_…, by what has to be changed.
_REASONS = {
    "too_long": {"22"},
    "no_issuer": {"2", "18", "19", "20", "21"},
    "no_list": {"3"},
    "list_expired": {"12"},
    "expired": {"10"},
    "revoked": {"23"},
    "wrong_purpose": {"26"},
}
#: OpenSSL 3 says the same of a chain that is too long: it looks for no further issuer.
_PERHAPS_LONG = "20"


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["tls.client-certificate-required", "http.server-error", "websocket.not-upgraded"],
    needs_message=True,
)
def client_certificate_rejected(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    symptom = target.symptom
    if symptom is None or symptom.kind != "tls-client-certificate-rejected":
        return
    asking = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.wants_client_certificate and handshake.port == target.port
    ]
    if not asking:
        return
    logged = _logged(evidence)
    pasted = _VERIFY_ERROR.search(symptom.text)
    match = pasted or (_VERIFY_ERROR.search(logged[-1].text) if logged else None)
    code, reason = (match[1], match[2]) if match else ("", "")
    depths = target_settings(evidence, "ssl_verify_depth")
    subjects = endpoints(dict.fromkeys(handshake.address for handshake in asking), target.port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*asking, *_refusals(evidence), *logged[-1:]),
        # A line of the log may be about another visitor.
        confidence=Confidence.CERTAIN if pasted else Confidence.LIKELY,
        facts={
            "name": target.host,
            "reason": reason,
            "code": code,
            "log": logged[-1].file if logged else "",
            "nginx": depths is not None,
            "depth": _depth(depths),
            "authorities": _file(evidence, "ssl_client_certificate"),
            "list": _file(evidence, "ssl_crl"),
            "url": target.url,
            **{name: code in codes for name, codes in _REASONS.items()},
            "perhaps_long": code == _PERHAPS_LONG
            and depths is not None
            and not _is_written(depths),
            "other": bool(code) and not any(code in codes for codes in _REASONS.values()),
        },
        location=depths.location if depths and code in _REASONS["too_long"] else None,
        fix=_depth_fix(depths, code)
        or Fix((Manual("accept-it", Where.SERVER),), Applicability.MANUAL),
    )


def _logged(evidence: Evidence) -> tuple[LogLine, ...]:
    """Return what nginx logged about client certificates since it loaded its configuration, oldest
    first."""
    # Imported late: few servers ask for a certificate.
    from checks.nginx._page_errors import logged_errors

    return tuple(line for line, _ in logged_errors(evidence, _VERIFY_ERROR))


def _refusals(evidence: Evidence) -> tuple[Exchange, ...]:
    return tuple(filter(lacks_certificate, evidence.good(Exchange)))


def _file(evidence: Evidence, name: str) -> str:
    """Return the file that a directive names for the target; "" if none does."""
    settings = target_settings(evidence, name)
    named = [setting.args[0] for setting in settings.settings if setting.args] if settings else []
    return named[0] if named else ""


def _is_written(settings: TargetSettings | None) -> bool:
    return settings is not None and any(setting.args for setting in settings.settings)


def _depth(settings: TargetSettings | None) -> int:
    """Return how many intermediate certificates nginx accepts."""
    args = settings.settings[0].args if settings and settings.settings else ()
    return (whole_number(args[0]) if args else None) or 1


def _depth_fix(settings: TargetSettings | None, code: str) -> Fix | None:
    """Accept two intermediates more, below the same authorities. A smaller number may be meant
    where somebody wrote it."""
    is_long = code in _REASONS["too_long"] or (code == _PERHAPS_LONG and not _is_written(settings))
    if settings is None or not is_long:
        return None
    line = f"ssl_verify_depth {_depth(settings) + 2};"
    steps = settings.steps([(setting, line) for setting in settings.settings])
    return Fix(steps, Applicability.REVIEW) if steps else None
