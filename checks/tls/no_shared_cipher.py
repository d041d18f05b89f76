"""Client and server have no cipher suite in common: alert 40 whatever the name and version.

It is certain only if the server, offered all suites, chooses one that clients no longer offer, or
if its list has no suite for its type of key. Otherwise a server whose key does not match its
certificate looks the same, because it can use no suite. If it chooses a suite that had been offered
before, the suites are not the reason.
"""

import re
from collections.abc import Iterator

from checks.tls import confidence, failure_groups
from checks.tls._cipher_lists import cipher_names, extending_fix
from checks.tls._nginx_settings import Setting, TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity
from diagnose.model.tls import Handshake

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
        # Imported late: only a finding needs it.
        from checks.tls._corrections import correction

        corrected = correction(
            evidence, settings, fix, "more-suites" if control else None, "set-ciphers"
        )
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            confidence=confidence(control or fix),
            ruled_out=("tls.no-shared-protocol", "tls.name-rejected"),
            facts={
                **group.facts,
                "cipher": control.cipher if control else "",
                "place": corrected.place,
                "kind": _key_type(settings, settings.settings[0])
                if settings and fix and not control
                else "",
            },
            location=corrected.location,
            fix=corrected.fix,
        )


def _fix(settings: TargetSettings, has_control: bool) -> Fix | None:
    """Add the recommended suites; None if the list may not be the reason."""
    wrong_settings = [
        setting for setting in settings.settings if setting.directive and setting.args
    ]
    if not wrong_settings or not (
        has_control or all(_lacks_key_type(settings, setting) for setting in wrong_settings)
    ):
        return None
    return extending_fix(settings, wrong_settings)


def _lacks_key_type(settings: TargetSettings, setting: Setting) -> bool:
    """Return whether the list has no suite for the certificate's type of key."""
    key_type = _key_type(settings, setting)
    names = [name for name in cipher_names(setting.args[0]) if name[0] not in "!-+@"]
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
