"""Client and server find no cipher suite: alert 40 whatever the name and version.

It is certain only where, of all suites, the server takes one that clients no longer offer, or
where its list is seen to hold none for its kind of key. Else a server whose key does not fit its
certificate looks the same: it has no suite that it could use. Where it takes one that had been
offered, the suites are not the reason.
"""

import re
from collections.abc import Iterator

from checks.tls import Setting, Settings, confidence, failed, settings
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake

#: https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate", without finite-field
#: Diffie-Hellman, which needs parameters.
GOOD = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)

#: Exclusions (ciphers(1)) that leave all of GOOD.
_HARMLESS = {
    *("anull", "enull", "null", "export", "exp", "low", "medium", "des", "3des", "rc2", "rc4"),
    *("md5", "psk", "srp", "adh", "aecdh", "kdh", "idea", "seed", "camellia", "aria", "dss"),
    *("adss", "sha", "sha1", "krsa", "aesccm", "aesccm8", "dhe", "edh", "kdhe", "kedh"),
}

#: The kind of key that a suite, or a set of them, is for.
_FOR = (
    (re.compile(r"(?:ECDHE|ECDH)-ECDSA-.+|a?ECDSA", re.IGNORECASE), "EC"),
    (re.compile(r"(?:ECDHE|ECDH|DHE|EDH)-RSA-.+|[ak]?RSA", re.IGNORECASE), "RSA"),
    (re.compile(r"(?:AES|CAMELLIA|DES|RC4|SEED|IDEA|NULL)\w*-.+", re.IGNORECASE), "RSA"),
)


@check(severity=Severity.ERROR, needs=[Handshake])
def no_shared_cipher(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "no-shared-cipher"):
        taken = one.control("any-cipher")
        given = settings(evidence, "ssl_ciphers")
        fix = _fix(given, bool(taken)) if given else None
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            confidence=confidence(taken or fix),
            ruled_out=("tls.no-shared-protocol", "tls.name-rejected"),
            facts={
                **one.facts,
                "cipher": taken.cipher if taken else "",
                "place": given.place if given and fix else "",
                "kind": _kind(given, given.found[0]) if given and fix and not taken else "",
            },
            location=given.location if given and fix else None,
            fix=fix or Fix((Manual("set-ciphers", Where.SERVER),), Applicability.MANUAL),
        )


def _fix(given: Settings, taken: bool) -> Fix | None:
    """Good suites behind those that the list has, so that whoever gets in today still does. None
    where it is not known to be the list's fault."""
    wrong = [one for one in given.found if one.line and one.args]
    if not wrong or not (taken or all(_lacks(given, one) for one in wrong)):
        return None
    steps = given.steps([(one, f"ssl_ciphers {_quoted(_more(one.args[0]))};") for one in wrong])
    sure = given.alone(wrong) and not any(_forbids(one.args[0]) for one in wrong)
    return Fix(steps, Applicability.AUTOMATIC if sure else Applicability.REVIEW) if steps else None


def _words(ciphers: str) -> list[str]:
    return [one for one in re.split(r"[:, ]+", ciphers) if one]


def _more(ciphers: str) -> str:
    """What a list excludes for good cannot be added to it: it is replaced then."""
    had = [] if _forbids(ciphers) else _words(ciphers)
    return ":".join((*had, *(one for one in GOOD if one not in had)))


def _forbids(ciphers: str) -> bool:
    return any(
        word.startswith("!") and word[1:].lower() not in _HARMLESS for word in _words(ciphers)
    )


def _lacks(given: Settings, one: Setting) -> bool:
    """Whether the list has no suite for the key, which is the certificate's own."""
    kind = _kind(given, one)
    words = [word for word in _words(one.args[0]) if word[0] not in "!-+@"]
    meant = [next((key for form, key in _FOR if form.fullmatch(word)), "") for word in words]
    return bool(kind and words) and "" not in meant and kind not in meant


def _kind(given: Settings, one: Setting) -> str:
    """RSA or EC, where the block's certificates are all of one kind and their keys fit."""
    files = [file for file in given.nginx.certificates(one.server) if file.chain]
    publics = {key.public for key in given.nginx.keys(one.server)} - {""}
    fit = all(file.publics and file.publics[0] in publics for file in files)
    kinds = {file.chain[0].key_type for file in files}
    return kinds.pop() if fit and len(kinds) == 1 else ""


def _quoted(ciphers: str) -> str:
    return ciphers if re.fullmatch(r"[\w:!+@=-]+", ciphers) else f'"{ciphers}"'
