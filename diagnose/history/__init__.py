"""What earlier runs said of targets, and what has changed since a target was last well.

entry, prints, looked    a run in one line (`told`)
place, load, append      the file of such lines on this machine's disk (`file`)
since_good, say          what is other than it was when all was well (`changes`)
targets                  the targets there were (`told`)
"""

from diagnose.history.changes import FingerprintChange, change_text, changes_since_healthy
from diagnose.history.entries import HistoryEntry, KnownTarget, known_targets, make_entry
from diagnose.history.fingerprints import complete_kinds, run_fingerprints
from diagnose.history.store import append_entry, history_path, load_entries

__all__ = [
    "FingerprintChange",
    "HistoryEntry",
    "KnownTarget",
    "append_entry",
    "change_text",
    "changes_since_healthy",
    "complete_kinds",
    "history_path",
    "known_targets",
    "load_entries",
    "make_entry",
    "run_fingerprints",
]  # fmt: skip
