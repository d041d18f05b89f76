"""What certbot, acme.sh and other tools write when a renewal fails. Pure.

certbot: certbot/_internal/renewal.py ("Failed to renew certificate NAME with error: …"), its
plugins ("Detail: …"); letsencrypt.log holds one run. acme.sh: `renewAll` ("Error renewing NAME."),
its log holds many, each line after "[date] ".
"""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: So many names of one run are kept, and so many characters of a reason.
MOST, LONGEST = 20, 300

_CERTBOT = re.compile(r"Failed to renew certificate (\S+) with error: (.*)")
_DETAIL = re.compile(r"^[ \t]*(?:Detail|Hint): (.+)$", re.MULTILINE)
_ACME = re.compile(r"^(?:\[[^\]\n]{1,60}\] ?)?(.*)$", re.MULTILINE)
_ACME_ERROR = re.compile(r"Error renew(?:ing)? '?([\w.*-]+?)'?\.?$")
_ACME_BEGIN = re.compile(r"Renew(?:ing)?: '?([\w.*-]+)'?|===Starting cron===")
_ACME_REASON = re.compile(
    r"(?i)(?:verify error|verification error|invalid status|error details|rate ?limit|timeout|"
    r"could not|can(?:no|')t|failed)"
)


@frozen
class Run:
    """A run that failed: the names that it could not renew, and why."""

    names: tuple[str, ...]
    message: str


def certbot(text: str) -> Run | None:
    """The last run in letsencrypt.log, or in the journal of certbot.service; None where nothing
    failed."""
    found = _CERTBOT.findall(text)
    if not found:
        return None
    details = [line for line in _DETAIL.findall(text) if not line.startswith("The Certificate")]
    reason = details[0] if details else found[0][1]
    names = dict.fromkeys(clean(name, 253) for name, _ in found)
    return Run(tuple(names)[:MOST], clean(reason.strip(), LONGEST))


def acme_sh(text: str) -> Run | None:
    """The last run in acme.sh.log."""
    lines = [line.strip() for line in _ACME.findall(text)]
    begun = [n for n, line in enumerate(lines) if "===Starting cron===" in line]
    lines = lines[begun[-1] :] if begun else lines
    names: dict[str, None] = {}
    reason, last = "", ""
    for line in lines:
        if failed := _ACME_ERROR.search(line):
            names[clean(failed[1], 253)] = None
            reason = reason or last
        elif _ACME_BEGIN.search(line):
            last = ""
        elif _ACME_REASON.search(line):
            last = line
    return Run(tuple(names)[:MOST], clean(reason, LONGEST)) if names else None


def other(text: str) -> Run:
    """The journal of a unit that failed: its last line that is not systemd's own."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = re.compile(
        r"\S+\.(?:service|timer): |(?:Starting|Started|Failed to start|Finished|Consumed) "
    )
    said = [line for line in lines if not own.match(line)]
    return Run((), clean(said[-1] if said else "", LONGEST))
