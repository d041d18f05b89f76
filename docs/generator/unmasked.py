"""`diagnose record`, without the mask: the laboratory has no names or addresses to hide."""

from diagnose.__main__ import main
from diagnose.model import Evidence
from diagnose.recording import redaction
from diagnose.recording.codec import Recording, encode


def recording(evidence: Evidence, privileged: bool) -> str:
    return encode(Recording(evidence, "", privileged))


if __name__ == "__main__":
    redaction.masked_recording = recording
    main()
