"""The file for support: one archive (zip) with the report in every form, and the recording.

Names, addresses and secrets are masked in all of them, with the same words for the same name.
"""

import io
import zipfile
from dataclasses import replace

from diagnose.i18n import LANGUAGES
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import writer
from diagnose.recording.codec import BUNDLED_RECORDING
from diagnose.recording.redaction import Judge, masked_recording, masked_report

#: The files that a person reads, in each language: name and format.
_TEXTS = {"report.txt": "text", "ticket.md": "markdown", "report.html": "html"}
_WIDTH = 100


def bundle(report: Report, view: View, judge: Judge) -> bytes:
    """Return the archive. `judge` is the function that judges the masked evidence."""
    masked, masked_view = masked_report(report, view, judge)
    recording = masked_recording(report.evidence, view.privileged)
    plain_view = replace(masked_view, color=False, ascii=False, width=_WIDTH)
    files = {
        BUNDLED_RECORDING: recording,
        "report.json": writer("json")(masked, plain_view),
        **{
            f"{lang}/{name}": writer(output_format)(masked, replace(plain_view, lang=lang))
            for lang in LANGUAGES
            for name, output_format in _TEXTS.items()
        },
    }
    buffer = io.BytesIO()
    time = report.evidence.started_at.timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # With a time of its own, an archive of the same report has the same bytes.
            entry = zipfile.ZipInfo(name, time)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode("utf-8", "backslashreplace"))
    return buffer.getvalue()
