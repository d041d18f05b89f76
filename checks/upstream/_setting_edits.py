"""The edit of one setting of a program, as a probe found its line."""

from diagnose.model.applications import ReadSetting
from diagnose.model.program_logs import ToldReason


def setting_diff(read: ReadSetting | ToldReason) -> str:
    """Return the change without the lines around it: they may hold passwords."""
    old = [] if read.added else read.line.split("\n")
    new, at = read.new.split("\n"), read.number
    while old and new and old[0] == new[0]:
        old, new, at = old[1:], new[1:], at + 1
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    # A hunk without lines of one side names the line before it.
    removed = f"{at - (not old and not read.added)},{len(old)}"
    added = f"{at + bool(read.added) - (not new)},{len(new)}"
    lines = (*(f"-{line}\n" for line in old), *(f"+{line}\n" for line in new))
    head = f"--- {read.file}\n+++ {read.file}\n@@ -{removed} +{added} @@\n"
    return head + "".join(lines)
