"""The lists of cipher suites in a server's settings, and the suites that are recommended."""

import re
from collections.abc import Sequence

from checks.tls._nginx_settings import Setting, TargetSettings
from diagnose.model import Applicability, Fix

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


def cipher_names(ciphers: str) -> list[str]:
    """Return the suites and words of a list (ciphers(1))."""
    return [name for name in re.split(r"[:, ]+", ciphers) if name]


def extended_list(ciphers: str) -> str:
    """Return the list with the recommended suites. What a list excludes with "!" cannot be added
    again, so such a list is replaced."""
    existing = [] if _excludes_recommended(ciphers) else cipher_names(ciphers)
    return ":".join((*existing, *(cipher for cipher in RECOMMENDED if cipher not in existing)))


def _excludes_recommended(ciphers: str) -> bool:
    """Return whether a list excludes suites of RECOMMENDED for good."""
    return any(
        name.startswith("!") and name[1:].lower() not in _HARMLESS_EXCLUSIONS
        for name in cipher_names(ciphers)
    )


def extending_fix(settings: TargetSettings, written: Sequence[Setting]) -> Fix | None:
    """Add the recommended suites after the current ones, so that current clients still connect."""
    steps = settings.steps(
        [(setting, f"ssl_ciphers {quoted(extended_list(setting.args[0]))};") for setting in written]
    )
    sure = settings.is_confined(written) and not any(
        _excludes_recommended(setting.args[0]) for setting in written
    )
    return Fix(steps, Applicability.AUTOMATIC if sure else Applicability.REVIEW) if steps else None


def quoted(ciphers: str) -> str:
    """Return a list as nginx's argument, in quotes where it needs them."""
    return ciphers if re.fullmatch(r"[\w:!+@=-]+", ciphers) else f'"{ciphers}"'
