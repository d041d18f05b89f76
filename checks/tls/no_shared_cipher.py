"""Client and server have no cipher suite in common: alert 40 whatever the name and version.

It is certain only if the server, offered all suites, chooses one that clients no longer offer, or
if its list has no suite for its type of key. Otherwise a server whose key does not match its
certificate looks the same, because it can use no suite. If it chooses a suite that had been offered
before, the suites are not the reason.
"""

import re
from collections.abc import Iterator

from checks.tls import confidence, failure_groups
from checks.tls._nginx_settings import Setting, TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake

#: https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate", without finite-field
#: Diffie-Hellman, which needs parameters.
RECOMMENDED = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)

#: Exclusions (ciphers(1)) that leave all of RECOMMENDED.
_HARMLESS_EXCLUSIONS = {
    *("anull", "enull", "null", "export", "exp", "low", "medium", "des", "3des", "rc2", "rc4"),
    *("md5", "psk", "srp", "adh", "aecdh", "kdh", "idea", "seed", "camellia", "aria", "dss"),
    *("adss", "sha", "sha1", "krsa", "aesccm", "aesccm8", "dhe", "edh", "kdhe", "kedh"),
}

#: The type of key that a suite, or a set of suites, is for.
_KEY_TYPES = (
    (re.compile(r"(?:ECDHE|ECDH)-ECDSA-.+|a?ECDSA", re.IGNORECASE), "EC"),
    (re.compile(r"(?:ECDHE|ECDH|DHE|EDH)-RSA-.+|[ak]?RSA", re.IGNORECASE), "RSA"),
    (re.compile(r"(?:AES|CAMELLIA|DES|RC4|SEED|IDEA|NULL)\w*-.+", re.IGNORECASE), "RSA"),
)


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def no_shared_cipher(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "no-shared-cipher"):
        control = group.control("any-cipher")
        settings = target_settings(evidence, "ssl_ciphers")
        fix = _fix(settings, bool(control)) if settings else None
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            confidence=confidence(control or fix),
            ruled_out=("tls.no-shared-protocol", "tls.name-rejected"),
            facts={
                **group.facts,
                "cipher": control.cipher if control else "",
                "place": settings.file_line if settings and fix else "",
                "kind": _key_type(settings, settings.settings[0])
                if settings and fix and not control
                else "",
            },
            location=settings.location if settings and fix else None,
            fix=fix or Fix((Manual("set-ciphers", Where.SERVER),), Applicability.MANUAL),
        )


def _fix(settings: TargetSettings, has_control: bool) -> Fix | None:
    """Add recommended suites after the current ones, so that current clients still connect.

    None if the list may not be the reason.
    """
    wrong_settings = [
        setting for setting in settings.settings if setting.directive and setting.args
    ]
    if not wrong_settings or not (
        has_control or all(_lacks_key_type(settings, setting) for setting in wrong_settings)
    ):
        return None
    steps = settings.steps(
        [
            (setting, f"ssl_ciphers {_quoted(_extended_list(setting.args[0]))};")
            for setting in wrong_settings
        ]
    )
    sure = settings.is_confined(wrong_settings) and not any(
        _excludes_recommended(setting.args[0]) for setting in wrong_settings
    )
    return Fix(steps, Applicability.AUTOMATIC if sure else Applicability.REVIEW) if steps else None


def _cipher_names(ciphers: str) -> list[str]:
    return [name for name in re.split(r"[:, ]+", ciphers) if name]


def _extended_list(ciphers: str) -> str:
    """Return the list with the recommended suites. What a list excludes with "!" cannot be added
    again, so such a list is replaced."""
    existing = [] if _excludes_recommended(ciphers) else _cipher_names(ciphers)
    return ":".join((*existing, *(cipher for cipher in RECOMMENDED if cipher not in existing)))


def _excludes_recommended(ciphers: str) -> bool:
    return any(
        name.startswith("!") and name[1:].lower() not in _HARMLESS_EXCLUSIONS
        for name in _cipher_names(ciphers)
    )


def _lacks_key_type(settings: TargetSettings, setting: Setting) -> bool:
    """Return whether the list has no suite for the certificate's type of key."""
    key_type = _key_type(settings, setting)
    names = [name for name in _cipher_names(setting.args[0]) if name[0] not in "!-+@"]
    key_types = [
        next((key for form, key in _KEY_TYPES if form.fullmatch(name)), "") for name in names
    ]
    return bool(key_type and names) and "" not in key_types and key_type not in key_types


def _key_type(settings: TargetSettings, setting: Setting) -> str:
    """Return RSA or EC if the block's certificates all have this type and their keys match;
    otherwise ""."""
    from checks.nginx._certificates import certificate_files, key_files

    files = [file for file in certificate_files(settings.nginx, setting.server) if file.chain]
    public_keys = {key.public for key in key_files(settings.nginx, setting.server)} - {""}
    fit = all(file.publics and file.publics[0] in public_keys for file in files)
    key_types = {file.chain[0].key_type for file in files}
    return key_types.pop() if fit and len(key_types) == 1 else ""


def _quoted(ciphers: str) -> str:
    return ciphers if re.fullmatch(r"[\w:!+@=-]+", ciphers) else f'"{ciphers}"'
