"""What earlier runs said of targets, and what has changed since a target was last well.

entry, prints, looked    a run in one line (`told`)
place, load, append      the file of such lines on this machine's disk (`file`)
since_good, say          what is other than it was when all was well (`changes`)
targets                  the targets there were (`told`)
"""

from diagnose.history.changes import Change, say, since_good
from diagnose.history.entries import Entry, Known, entry, targets
from diagnose.history.fingerprints import looked, prints
from diagnose.history.store import append, load, place

__all__ = [
    "Change", "Entry", "Known", "append", "entry", "load", "looked", "place", "prints", "say",
    "since_good", "targets",
]  # fmt: skip
