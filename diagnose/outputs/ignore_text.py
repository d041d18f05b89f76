"""The texts of what is ignored, for all writers."""

from diagnose.i18n.reports import translate
from diagnose.model import Finding, Ignore, Report


def suppression(finding: Finding, lang: str) -> str:
    """Return that a finding is ignored, until when and why; "" if it is not."""
    ignore = finding.suppressed_by
    if ignore is None:
        return ""
    until = ignore.until.isoformat() if ignore.until else ""
    text = translate("ignored.until" if until else "ignored", lang, date=until)
    return (
        translate("ignored.why", lang, text=text, reason=ignore.reason) if ignore.reason else text
    )


def expired_ignores(report: Report, lang: str) -> list[str]:
    """Return which ignores no longer apply, one sentence each."""
    return [_expired(ignore, lang) for ignore in report.expired_ignores]


def _expired(ignore: Ignore, lang: str) -> str:
    date = ignore.until.isoformat() if ignore.until else ""
    text = translate("ignored.expired", lang, check=ignore.check, date=date)
    return (
        translate("ignored.why", lang, text=text, reason=ignore.reason) if ignore.reason else text
    )
