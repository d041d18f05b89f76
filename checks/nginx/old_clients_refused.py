"""nginx's TLS settings let in current browsers and no older client that is still in use.

`ssl_protocols TLSv1.3` alone refuses Android 9 and older, Java 8 before 8u261, and many libraries
(wallabag's issue 800, Home Assistant's issue 1477). A list of groups without P-256 refuses
Android 7.0, which offers no other (Android's issue 37122132), and some embedded TLS libraries.
OpenSSL needs both before it knows the name, so the default server of the socket counts, too.

Clients of TLS 1.0 and 1.1 are refused nearly everywhere (RFC 8996), and rightly. That is said only
where a person pasted the words of such a refusal.
"""

from collections.abc import Iterator
from dataclasses import replace

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
from diagnose.model.nginx import NginxConfig
from diagnose.model.tls import Handshake

#: OpenSSL's names of P-256, and nginx's default, which has it.
_P256 = {"auto", "p-256", "prime256v1", "secp256r1"}

_VERSIONS = "ssl_protocols TLSv1.2 TLSv1.3;"

_ANCIENT = {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"}


@check(severity=Severity.NOTE, needs=[NginxConfig, Handshake], explains=["tls.old-clients-refused"])
def old_clients_refused(evidence: Evidence) -> Iterator[Claim]:
    visits = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.variant == "normal" and handshake.has_browser_group
    ]
    versions = target_settings(evidence, "ssl_protocols", early=True)
    groups = target_settings(evidence, "ssl_ecdh_curve", early=True)
    if not visits or versions is None or groups is None:
        return
    new_only = [setting for setting in versions.settings if setting.args == ("TLSv1.3",)]
    # The default server of the socket decides; a newer nginx takes the site's own line.
    is_new_only = bool(new_only) and (
        len(new_only) == len(versions.settings) or _is_refused(evidence, "tls1.2")
    )
    without_p256 = all(
        setting.args and not _P256 & set(setting.args[0].lower().split(":"))
        for setting in groups.settings
    )
    decisive = replace(versions, settings=tuple(new_only)) if is_new_only else groups
    if is_new_only or without_p256:
        refusing = groups.settings[0].args[0] if without_p256 else ""
        lines = [
            *((each, _VERSIONS) for each in new_only if is_new_only),
            *((setting, "ssl_ecdh_curve auto;") for setting in groups.settings if without_p256),
        ]
        steps = decisive.steps(lines)
        fix = Fix(steps, Applicability.REVIEW) if steps else None
        yield _claim(evidence, visits, decisive, is_new_only, refusing, fix=fix)
    elif _is_ancient(evidence, versions):
        yield _claim(evidence, visits, versions, False, "", ancient=True)


def _is_refused(evidence: Evidence, variant: str) -> bool:
    return any(
        attempt.variant == variant
        and attempt.failure is not None
        and attempt.failure.kind == "alert"
        for attempt in evidence.of(Handshake)
    )


def _is_ancient(evidence: Evidence, versions: TargetSettings) -> bool:
    """Return whether the person's message may be about a client of a version before TLS 1.2, and
    nginx's lines allow none. A message about TLS 1.3 is about a newer client."""
    if evidence.target.symptom is None:
        return False
    # Imported late: only a message needs it.
    from checks.tls._version_words import missed_version

    return missed_version(evidence.target.symptom) == "any" and all(
        setting.args and not _ANCIENT & set(setting.args) for setting in versions.settings
    )


def _ancient_confidence(evidence: Evidence, visits: list[Handshake]) -> Confidence:
    """No such client was seen. An alert comes for a client that is too new, too: only where TLS
    1.3 is on, and the server's own log names the client, that one is out of the question."""
    from checks.tls._version_words import is_server_log

    is_newest_on = all(visit.protocol == "TLSv1.3" for visit in visits)
    symptom = evidence.target.symptom
    is_known = is_newest_on and symptom is not None and is_server_log(symptom)
    return Confidence.LIKELY if is_known else Confidence.POSSIBLE


def _claim(
    evidence: Evidence,
    visits: list[Handshake],
    decisive: TargetSettings,
    is_new_only: bool,
    groups: str,
    ancient: bool = False,
    fix: Fix | None = None,
) -> Claim:
    subjects = endpoints((visit.address for visit in visits), visits[0].port)
    config = decisive.nginx.config
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*visits, *([config] if config else [])),
        confidence=_ancient_confidence(evidence, visits) if ancient else Confidence.CERTAIN,
        location=decisive.location,
        facts={
            "name": evidence.target.host,
            "port": visits[0].port,
            "place": decisive.file_line,
            "versions": is_new_only,
            "groups": groups,
            "ancient": ancient,
            "allowed": " ".join(decisive.settings[0].args) if ancient else "",
        },
        fix=fix
        or Fix(
            (Manual("update-them" if ancient else "let-them-in", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )
