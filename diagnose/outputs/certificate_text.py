"""How long the site's certificate is valid, as a sentence, for all writers."""

from diagnose.i18n.reports import translate
from diagnose.model import Report

#: Up to this number, days are counted; beyond it a date is clearer.
_MAX_COUNTED_DAYS = 730


def certificate_validity(report: Report, lang: str) -> str:
    """Return how long the certificate that expires first is valid; "" if none was read, or if it
    has expired: a finding says so, even one that is ignored."""
    chains = (
        chain
        for observation in report.evidence.observations
        if (chain := getattr(observation, "chain", ()))
    )
    expiries = [chain[0].not_after for chain in chains if chain[0].not_after is not None]
    if not expiries or min(expiries) < report.evidence.started_at:
        return ""
    days = (min(expiries) - report.evidence.started_at).days
    if days > _MAX_COUNTED_DAYS:
        return translate("certificate-until", lang, date=f"{min(expiries):%Y-%m-%d}")
    return translate("certificate-days", lang, count=days)
