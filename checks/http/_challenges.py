"""What checks share that judge challenges of ACME (RFC 8555 section 8.3)."""

import re

from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.renewal import CHALLENGES, ChallengeFolder

#: What an answer to a challenge follows from.
_FAULTS = (
    "nginx.challenge-folder", "nginx.challenge-location-unused", "server.acme-challenge-passed",
    "http.acme-challenge-blocked", "http.acme-challenge-answered", "http.acme-challenge-missing",
)  # fmt: skip

#: Clients that write no file: certbot's plugins change the configuration while they ask, and the
#: others have a server of their own.
ANSWERS_ITSELF = re.compile(r"(?i)authenticator: (?:nginx|apache|standalone)|standalone|--nginx")


#: acme-tiny's words, and those of the panels that have it inside: the file that it wrote.
_WRITTEN = re.compile(r"Wrote file to (/[\w./@+-]{1,300})/[\w-]{1,128}, but couldn'?t download")
#: Folders with what nobody may read.
_PRIVATE = re.compile(
    r"/(?:etc|root|proc|sys|boot|dev|run)(?:/|$)|.*/(?:private|\.ssh|\.\.)(?:/|$)"
)


@frozen
class WrittenFolder:
    """Where an ACME client writes challenges. `holds_files`: the files lie in the folder itself,
    and not in .well-known/acme-challenge below it."""

    folder: str
    holds_files: bool


def written_folder(evidence: Evidence) -> WrittenFolder | None:
    """Return where the client of the target's name writes challenges, by a pasted message of it or
    by its settings; None if neither tells."""
    symptom = evidence.target.symptom
    written = _WRITTEN.search(f"{evidence.target.input} {symptom.text}") if symptom else None
    if written is not None:
        folder = written[1].removesuffix(CHALLENGES.rstrip("/"))
        # A web server that showed such a folder would show keys and the like.
        is_private = _PRIVATE.match(folder) is not None or folder.count("/") < 2
        return None if is_private else WrittenFolder(folder, folder == written[1])
    own = [
        challenge_folder
        for challenge_folder in evidence.good(ChallengeFolder)
        if challenge_folder.name == evidence.target.host
    ]
    return WrittenFolder(own[0].folder, False) if own else None


def challenge_faults(path: str) -> tuple[str, ...]:
    """Return the checks from whose faults an answer at this path follows: () if it is no
    challenge."""
    return _FAULTS if path.startswith(CHALLENGES) else ()
