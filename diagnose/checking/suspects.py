"""Which notes may be what a person means, where no finding answers the message.

A person says in his own words what he meets, and few of all languages' words are known. A ban, a
time limit or a limit of size is a note as long as nobody complains of it. Somebody does here."""

from diagnose.checking.symptom_answer import symptom_answer
from diagnose.checking.symptom_table import symptom_row, symptom_table
from diagnose.model import Finding, Report


def suspects(report: Report) -> tuple[Finding, ...]:
    """Return the notes about what some visitors meet although the page answers, in the order of the
    table; () without a message, or if a finding answers it, or if the run shows that what it says
    does not occur."""
    answer = symptom_answer(report)
    if answer is None or answer.finding is not None or answer.kind not in {"unknown", "unsent"}:
        return ()
    impossible = symptom_row(answer.symptom).impossible
    notes = {
        finding.check.id: finding
        for finding in reversed(report.findings)
        if finding.is_note and finding.suppressed_by is None and finding.explained_by is None
    }
    ranked = (check for check in symptom_table()["other"].suspects if check not in impossible)
    return tuple(notes[check] for check in ranked if check in notes)
