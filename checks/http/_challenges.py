"""What checks share that judge challenges of ACME (RFC 8555 section 8.3)."""

import re

from diagnose.model.renewal import CHALLENGES

#: What an answer to a challenge follows from.
_FAULTS = (
    "nginx.challenge-folder", "nginx.challenge-location-unused", "server.acme-challenge-passed",
    "http.acme-challenge-blocked", "http.acme-challenge-answered", "http.acme-challenge-missing",
)  # fmt: skip

#: Clients that write no file: certbot's plugins change the configuration while they ask, and the
#: others have a server of their own.
ANSWERS_ITSELF = re.compile(r"(?i)authenticator: (?:nginx|apache|standalone)|standalone|--nginx")


def challenge_faults(path: str) -> tuple[str, ...]:
    """Return the checks from whose faults an answer at this path follows: () if it is no
    challenge."""
    return _FAULTS if path.startswith(CHALLENGES) else ()
