"""The JSON line of a pulse (`diagnose watch --jsonl`)."""

from datetime import UTC, datetime

from diagnose.model import Target
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.pulse.watching import Pulse
from diagnose.recording.codec import json_line, timestamp


def pulse_line(target: Target, pulse: Pulse) -> str:
    """Return the line: what was answered, and what differs from the last whole diagnosis."""
    return json_line(
        {
            "type": "pulse",
            "schema_version": SCHEMA_VERSION,
            "target": {
                "input": target.input,
                "url": target.url,
                "websockets": list(target.websockets),
            },
            "at": timestamp(datetime.now(UTC)),
            "duration_s": round(pulse.took, 6),
            "answers": [
                {
                    "question": answer.question,
                    "address": answer.address,
                    "path": answer.path or None,
                    "outcome": answer.outcome,
                    "certificate": answer.certificate or None,
                }
                for answer in pulse.answers
            ],
            "difference": pulse.difference or None,
        }
    )
