"""Parse what certbot, acme.sh and other tools log when a renewal fails. No I/O.

certbot: certbot/_internal/renewal.py ("Failed to renew certificate NAME with error: …", before 1.17
"Attempting to renew cert (NAME) from FILE produced an unexpected error: …. Skipping.", before 0.18
without the name; "Renewal configuration file FILE is broken." where it cannot read its own files),
its plugins ("Detail: …"); letsencrypt.log holds one run. acme.sh: `renewAll` ("Error renewing
NAME."), and `renew` by hand; its log holds many runs, with "[date] " before each line.
"""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Most names of one run, and most characters of a reason, that are kept.
MAX_NAMES, MAX_REASON = 20, 300

_CERTBOT = re.compile(
    r"Failed to renew certificate (\S+) with error: (.*)"
    r"|Attempting to renew cert (?:\(([^\s)]+)\) )?from (\S+) produced an unexpected error: (.*)"
)
_CERTBOT_FILE = re.compile(
    r"Renewal configuration file (\S+)(?: \(cert: [^\s)]+\))? (?:is (broken)\.|(lacks "
    r"renewalparams|does not specify an authenticator)|produced an unexpected error: (.*))"
)
_CERTBOT_BROKEN = re.compile(r"The error was: (.+)")
#: What certbot would have asked for stands in the next row (display/obj.py).
_CERTBOT_ASKED = re.compile(r"for this setting:[ \t]*\n?[ \t]*([^\s:][^\n]{0,200})")
_DETAIL = re.compile(r"^[ \t]*(?:Detail|Hint): (.+)$", re.MULTILINE)
_ACME = re.compile(r"^(?:\[[^\]\n]{1,60}\] ?)?(.*)$", re.MULTILINE)
_ACME_ERROR = re.compile(r"Error renew(?:ing)? '?([\w.*-]+?)'?\.?$")
_ACME_BEGIN = re.compile(r"Renew(?:ing)?: '?([\w.*-]+)'?|===Starting cron===")
_ACME_REASON = re.compile(
    r"(?i)(?:verify error|challenge error|verification error|invalid status|error details"
    r"|rate ?limit|retryafter=|timeout|could not|can(?:no|')t|failed)"
)
#: `acme.sh --renew` by hand writes no "Error renewing"; these end such a run (`_process`, `issue`).
_ACME_ENDED = re.compile(r"(?i)verify error|challenge error|error add txt|can not renew automatic")
_ACME_DONE = re.compile(r"Cert success|Skip, Next renewal time|Skipping\. Next renewal time")
#: A record that a person has to write is the reason why nothing renews it.
_ACME_BY_HAND = re.compile(r"(?i)manual mode can ?not renew")
#: What the authority got for the file of a challenge.
_STATUS = re.compile(r"Invalid response from \S{1,400}(?: \[[^\]]{1,99}\])? ?: \"?([1-5]\d\d)\b")


@frozen
class FailedRenewal:
    """A failed run: the names that were not renewed, and the reason."""

    names: tuple[str, ...]
    message: str


def certbot(text: str) -> FailedRenewal | None:
    """Parse the last run in letsencrypt.log or in the journal of certbot.service; None if nothing
    failed."""
    failures = [
        (name or old_name or _name_of(path), reason or old_reason.removesuffix(". Skipping."))
        for name, reason, old_name, path, old_reason in _CERTBOT.findall(text)
    ] + [_broken_file(text, match) for match in _CERTBOT_FILE.finditer(text)]
    if not failures:
        return None
    details = [line for line in _DETAIL.findall(text) if not line.startswith("The Certificate")]
    reason = details[0] if details else failures[0][1]
    # Of a plugin that does not work the reason follows on a line of its own.
    following = _CERTBOT_BROKEN.search(text) if "plugin is not working" in reason else None
    if reason.rstrip().endswith("for this setting:"):
        following = _CERTBOT_ASKED.search(text)
    reason = f"{reason.strip()} {following[1]}" if following else reason
    names = dict.fromkeys(clean(name, 253) for name, _ in failures)
    return FailedRenewal(tuple(names)[:MAX_NAMES], clean(reason.strip(), MAX_REASON))


def _name_of(path: str) -> str:
    """Return the certificate whose settings lie in a file of certbot's folder `renewal`."""
    return path.rpartition("/")[2].removesuffix(".conf")


def _broken_file(text: str, match: re.Match[str]) -> tuple[str, str]:
    """Return the certificate whose settings certbot could not use, and why. Of a broken file the
    reason follows on a line of its own."""
    path, broken_name, lacks, error = match.groups()
    following = _CERTBOT_BROKEN.search(text, match.end()) if broken_name else None
    reason = following[1] if following else lacks or error or match[0]
    return _name_of(path), reason.removesuffix(" Skipping.").removesuffix(".")


def acme_sh(text: str) -> FailedRenewal | None:
    """Parse the last run in acme.sh.log; None if nothing failed."""
    lines = [line.strip() for line in _ACME.findall(text)]
    run_starts = [n for n, line in enumerate(lines) if "===Starting cron===" in line]
    lines = lines[run_starts[-1] :] if run_starts else lines
    names: dict[str, None] = {}
    reason, last_reason, begun, by_hand = "", "", "", ""
    for line in lines:
        if started := _ACME_BEGIN.search(line):
            begun = started[1] or ""
        elif _ACME_DONE.search(line):
            names.pop(clean(begun, 253), None)
            begun = ""
        elif begun and _ACME_ENDED.search(line):
            names[clean(begun, 253)] = None
            reason = reason or line
        if _ACME_BY_HAND.search(line):
            by_hand = line
        if failed := _ACME_ERROR.search(line):
            names[clean(failed[1], 253)] = None
            reason = reason or last_reason
        elif _ACME_BEGIN.search(line):
            last_reason = ""
        elif _ACME_REASON.search(line):
            last_reason = line
    reason = by_hand or reason
    return FailedRenewal(tuple(names)[:MAX_NAMES], clean(reason, MAX_REASON)) if names else None


def last_journal_line(text: str) -> FailedRenewal:
    """Return the last line of a failed unit's journal that systemd did not write itself."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = re.compile(
        r"\S+\.(?:service|timer): |(?:Starting|Started|Failed to start|Finished|Consumed) "
    )
    unit_lines = [line for line in lines if not own.match(line)]
    return FailedRenewal((), clean(unit_lines[-1] if unit_lines else "", MAX_REASON))


def challenge_status(message: str) -> int:
    """Return the status that the authority got for the file of a challenge, 0 if its message names
    none."""
    match = _STATUS.search(message)
    return int(match[1]) if match else 0
