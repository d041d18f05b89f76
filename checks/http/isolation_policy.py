"""A policy that isolates the page keeps out what the page needs (Fetch standard, section 3.9; HTML
standard, 7.1.3 and 7.1.4):

- `Cross-Origin-Embedder-Policy: require-corp` wants a consent of each other origin, which most do
  not send, and of the pages in frames the same policy;
- `Cross-Origin-Opener-Policy: same-origin` takes a login's window from the page that opened it;
- `Cross-Origin-Resource-Policy` keeps other sites' pages from the site's files. That is judged
  after a pasted message: it is a protection.

What other origins send was not seen: this run asks the site alone.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange

_FIELDS = (
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
)


@check(severity=Severity.WARNING, needs=[Exchange])
def isolation_policy(evidence: Evidence) -> Iterator[Claim]:
    answers = evidence.good(Exchange)
    if any(answer.header(name) for answer in answers for name in _FIELDS):
        # Imported late: few sites send such a field.
        from checks.http import _isolation

        yield from _isolation.claims(evidence)
