"""A fix was cut off, and the server undid it by itself. The note says so, so that nobody takes the
site as it is now for the result of the fix."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.fixes import UndoneFix


@check(severity=Severity.NOTE, needs=[UndoneFix])
def fix_undone(evidence: Evidence) -> Iterator[Claim]:
    for fix in evidence.of(UndoneFix):
        yield Claim(
            about=Subject(text=fix.folder),
            because=(fix,),
            facts={
                "check": fix.check,
                "target": fix.target,
                "begun": fix.begun_at,
                "folder": fix.folder,
            },
        )
