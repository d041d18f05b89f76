"""The history of runs, and what has changed since a target was last healthy.

make_entry, run_fingerprints, complete_kinds    one run as a history entry
history_path, load_entries, append_entry        the history file on this machine
changes_since_healthy, change_text              differences from the last healthy run
known_targets                                   the targets of earlier runs
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
