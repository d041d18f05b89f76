"""A certificate has expired or will expire soon, and the tool that keeps its file tried to renew it
and failed; the tool's log says why. Failures of other certificates, and failures before the file
was last written, do not count. acme.sh installs copies of its files elsewhere: there the names in
the certificate say whose it is."""

import re
from collections.abc import Iterator
from datetime import timedelta

from checks.certificate import Lineage, lineage_of
from checks.certificate._renewal_reasons import REASONS, is_after, renewal_reason
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
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import ChallengeFolder, RenewalFailure
from diagnose.model.tls import Certificate

#: The record that proves the name was written by a person: certbot's plugin "manual" without a hook
#: (plugins/manual.py), acme.sh's `--dns` without a provider.
_BY_HAND = re.compile(r"manual-auth-hook|manual mode can ?not renew", re.IGNORECASE)


#: By the reason in the tool's log: the checks whose findings are the cause of it. Where the log has
#: no known reason, a challenge over http may have failed in either way.
_CAUSES = {
    "caa": ("dns.caa-forbids", "dns.caa-unanswered"),
    "no_name": ("dns.nxdomain", "dns.no-address"),
    "no_authority": ("firewall.egress-blocks", "dns.resolver-unreachable", "dns.resolver-isolated"),
    "unreachable": ("http.port-closed",),
    "wrong_answer": ("http.acme-challenge-blocked", "http.acme-challenge-missing"),
    "": ("http.port-closed", "http.acme-challenge-blocked", "http.acme-challenge-missing"),
}
#: The reasons that a challenge over http has (RFC 8555 section 8.3).
_OVER_HTTP = {"unreachable", "wrong_answer", ""}

#: certbot renews what has less time left (renewal.py, RENEWER_DEFAULTS).
_DUE = timedelta(days=30)
#: The reasons for which a renewal by files that nginx serves is the way out.
_MENDED_BY_FILES = {"no_plugin", "no_folder"}


@check(
    severity=Severity.WARNING,
    needs=[RenewalFailure, CertificateFile],
    explains=["certificate.expired", "certificate.expires-soon"],
)
def renewal_failed(evidence: Evidence) -> Iterator[Claim]:
    for file in evidence.good(CertificateFile):
        lineage = lineage_of(file.path) or lineage_of(file.real) or _copied_lineage(evidence, file)
        failure = _failure(evidence, file, lineage.tool, lineage.name) if lineage else None
        if lineage is None or failure is None or not file.chain:
            continue
        expiry = file.chain[0].not_after
        if expiry is None or (failure.when is None and expiry - evidence.started_at > _DUE):
            continue  # A message without a date may be of the time before the last renewal.
        by_hand = _BY_HAND.search(failure.message) is not None
        steps = (Manual("by-hand", Where.SERVER),)
        reasons = renewal_reason(failure.message)
        reason = next((name for name in REASONS if reasons[name]), "")
        asked = str(reasons["asked_ipv6"]) or None
        by_files = _by_files(evidence, lineage) if reason in _MENDED_BY_FILES else None
        yield Claim(
            about=Subject(
                address=asked if reason == "unreachable" else None,
                port=80 if reason in _OVER_HTTP else None,
                text=file.path,
            ),
            covers=(Subject(),),
            because=(failure, file),
            consequence_of=() if by_hand else _CAUSES.get(reason, ()),
            confidence=Confidence.CERTAIN if failure.names else Confidence.LIKELY,
            severity=Severity.ERROR if expiry < evidence.started_at else None,
            facts={
                "tool": failure.tool,
                "name": lineage.name,
                "domain": lineage.name,
                "file": file.path,
                "message": failure.message,
                "source": failure.source,
                "unit": failure.unit,
                "not_after": expiry.date().isoformat(),
                "expired": expiry < evidence.started_at,
                "renew": " ".join(lineage.renew.argv),
                **reasons,
                "settings": _settings(failure.tool, lineage.name),
                "folder": _folder(evidence, lineage.name),
                "refused": failure.status in {401, 403},
                **_web_server(evidence),
                "by_hand": by_hand,
                "by_files": by_files is not None,
                "certbot": failure.tool == "certbot",
            },
            fix=by_files
            or Fix(
                steps if by_hand else (Manual("cause", Where.SERVER), lineage.renew),
                Applicability.MANUAL,
            ),
        )
        return


def _by_files(evidence: Evidence, lineage: Lineage) -> Fix | None:
    """Return the renewal without the plugin that is missing, by files that nginx serves."""
    if lineage.tool != "certbot":
        return None
    # Imported late: few plugins are missing.
    from checks.certificate._webroot_renewals import webroot_fix

    served = webroot_fix(evidence, lineage.name)
    return served[0] if served else None


def _settings(tool: str, name: str) -> str:
    """Return the file in which a tool keeps how a certificate is renewed; "" if it is unknown."""
    if tool == "certbot":
        return f"/etc/letsencrypt/renewal/{name}.conf"
    return f"/root/.acme.sh/{name}/{name}.conf" if tool == "acme.sh" else ""


def _folder(evidence: Evidence, name: str) -> str:
    """Return the folder into which the tool writes challenges of a certificate; "" if it is not
    known."""
    folders = {
        folder.name: folder.folder
        for folder in evidence.good(ChallengeFolder)
        if folder.folder.startswith("/")
    }
    return folders.get(name) or folders.get(evidence.target.host, "")


def _web_server(evidence: Evidence) -> dict[str, object]:
    """Return whether Apache answers, and the plugin of certbot for the web server that does."""
    # Imported late: few renewals fail.
    from checks.server import server_view

    view = server_view(evidence)
    is_apache = view is not None and view.server.product == "apache"
    return {"apache": is_apache, "plugin": "apache" if is_apache else "nginx"}


def _copied_lineage(evidence: Evidence, file: CertificateFile) -> Lineage | None:
    """Return the lineage that acme.sh installs to this file (--install-cert), if it could not renew
    one of its names and the certificate should have been renewed; None otherwise."""
    names = file.chain[0].dns_names if file.chain else ()
    failed = {
        name
        for failure in evidence.good(RenewalFailure)
        if failure.tool == "acme.sh"
        for name in failure.names
    }
    name = next((name for name in names if name in failed), "")
    is_late = bool(file.chain) and _should_be_renewed(file.chain[0], evidence)
    return lineage_of(f"/root/.acme.sh/{name}/{name}.cer") if name and is_late else None


def _should_be_renewed(leaf: Certificate, evidence: Evidence) -> bool:
    """Return whether less than a quarter of a certificate's life is left."""
    if leaf.not_after is None or leaf.not_before is None:
        return False
    return leaf.not_after - evidence.started_at < (leaf.not_after - leaf.not_before) / 4


def _failure(
    evidence: Evidence, file: CertificateFile, tool: str, name: str
) -> RenewalFailure | None:
    """Return the tool's failure to renew this certificate after the file was last written, or
    None."""
    for failure in evidence.good(RenewalFailure):
        is_recent = is_after(failure, file)
        if failure.tool == tool and is_recent and (not failure.names or name in failure.names):
            return failure
    return None
