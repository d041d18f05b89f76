"""Applies a fix: saves files, changes, tests, diagnoses again, and rolls back if it did not help.

`plans` decides what is done about which cause and why others are skipped. `apply_plan`, `resume`
and `roll_back` do the work through a `Machine` and keep a journal on the server.
"""

from diagnose.fixing.apply import Outcome, apply_plan, resume
from diagnose.fixing.journal import FixInProgress, JournalEntry, latest_entry, unreported_entries
from diagnose.fixing.journal import discard as forget
from diagnose.fixing.plan import Plan, SkippedCause, irreversible_steps, is_reversible, plans
from diagnose.fixing.remote_files import FixError
from diagnose.fixing.rollback import Residue, UndoStep, roll_back, undo_plan

__all__ = [
    "FixError",
    "FixInProgress",
    "JournalEntry",
    "Outcome",
    "Plan",
    "Residue",
    "SkippedCause",
    "UndoStep",
    "apply_plan",
    "forget",
    "irreversible_steps",
    "is_reversible",
    "latest_entry",
    "plans",
    "resume",
    "roll_back",
    "undo_plan",
    "unreported_entries",
]  # fmt: skip
