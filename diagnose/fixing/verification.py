"""Whether a fix helped, by what stood before it and what stands now. Pure.

It did not where its cause still stands, or what followed from it; what is read in a file did not
follow from what is mended elsewhere, and has a remedy of its own. And something is broken where an
error is new and all that it rests on was looked at before, by the same commands, and answered well.

What else is new came to light. Nobody had seen what is behind a door that was shut; and of two
errors of one layer about the same thing the first may have hidden the second: who is led in circles
never meets the application. The site had not worked there before either, and what is in its way
next can be mended only when it shows. Taken back, the two would keep each other for ever.

A certificate is read whole, so that none of its faults hides another. Where a remedy has another
one served, with an error that the former one did not have, a fault was exchanged for a fault.
"""

from collections.abc import Iterator

from diagnose.checking.root_cause import layers
from diagnose.model import Edit, Finding, Observation, Report, Severity
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxTest
from diagnose.model.tls import Handshake

#: Where something is asked and answers; elsewhere a state is read.
_TRIED = {"tcp", "tls", "certificate", "http", "upstream", "websocket"}


def worse(cause: Finding, before: Report, after: Report) -> str | None:
    """Why a fix is not kept; None where it is."""
    for one in after.causes:
        if _is(one, cause) or _followed(one, cause, before):
            return f"{one.check.id} is still there"
    for one in after.findings:
        root = _root(one, after)
        if root is not one and not unseen(root, before):
            continue  # a consequence of what stood before
        if _is_new(one, before) and (_worked(one, before, after) or _exchanged(one, cause, before)):
            return f"{root.check.id} is there now"
    return None


def unseen(one: Finding, before: Report) -> bool:
    """Whether nothing was said of it before."""
    return not any(_alike(one, known) for known in before.findings)


def _is(one: Finding, cause: Finding) -> bool:
    """The same check about the same: of the rules in a packet's way, each is a cause of its own."""
    return one.check.id == cause.check.id and str(one.claim.about) == str(cause.claim.about)


def _followed(one: Finding, cause: Finding, before: Report) -> bool:
    if _is_read_elsewhere(one, cause):
        return False
    known = [past for past in before.findings if _alike(past, one) and _named_alike(past, one)]
    return any(past.explained_by == cause.id for past in known) and not any(
        past.is_cause for past in known
    )


def _is_read_elsewhere(one: Finding, cause: Finding) -> bool:
    place, fix = one.claim.location, cause.claim.fix
    edited = {step.path for step in (fix.steps if fix else ()) if isinstance(step, Edit)}
    return place is not None and place.file not in edited


def _named_alike(past: Finding, one: Finding) -> bool:
    """Not so where nginx's test names another fault than before."""
    then, now = ({seen.fatal.words for seen in _tests(each) if seen.fatal} for each in (past, one))
    return not then or not now or bool(then & now)


def _tests(one: Finding) -> Iterator[NginxTest]:
    return (seen for seen in one.claim.because if isinstance(seen, NginxTest))


def _is_new(one: Finding, before: Report) -> bool:
    known = (past for past in before.findings if past.severity is Severity.ERROR)
    return one.severity is Severity.ERROR and not any(_alike(one, past) for past in known)


def _root(one: Finding, report: Report) -> Finding:
    return next((other for other in report.findings if other.id == one.explained_by), one)


def _alike(one: Finding, other: Finding) -> bool:
    return one.check.id == other.check.id and _overlap(one, other)


def _overlap(one: Finding, other: Finding) -> bool:
    mine, theirs = (each.claim.covers or (each.claim.about,) for each in (one, other))
    return any(subject.covers(another) for subject in mine for another in theirs)


# What was seen to work


def _worked(one: Finding, before: Report, after: Report) -> bool:
    """Whether all that an error rests on was looked at before and answered, and no error that has
    gone since could have hidden it."""
    looks = list(_looks(one))
    if not looks:
        return dict(layers(before))[one.check.layer] == "ok"
    answered = {_asked(seen) for seen in before.evidence.observations if _is_well(seen)}
    return all(_asked(look) in answered for look in looks) and not any(
        past.severity is Severity.ERROR
        and past.check.layer == one.check.layer
        and _overlap(past, one)
        and not any(_alike(past, left) for left in after.findings)
        for past in before.findings
    )


def _is_well(seen: Observation) -> bool:
    """nginx's test names one fault, and says nothing of what else there may be; a handshake that
    was refused nothing of how it would have gone on."""
    if isinstance(seen, NginxTest):
        return seen.passed
    if isinstance(seen, Upgrade):
        return seen.accepted
    return seen.failure is None


def _looks(one: Finding) -> Iterator[Observation]:
    """What it rests on: the kinds without which its check would say nothing, and whatever was
    tried; else all that it names. A log's line may be there today and not tomorrow."""
    because = one.claim.because
    needed = [seen for seen in because if type(seen) in one.check.needs]
    tried = [seen for seen in because if type(seen).layer in _TRIED]
    yield from dict.fromkeys((*needed, *tried)) if needed else because


def _asked(seen: Observation) -> tuple[str, str]:
    """What was looked at, and from where. A line of a log is asked for by reading the log."""
    return seen.vantage, seen.equivalent or type(seen).__name__


def _exchanged(one: Finding, cause: Finding, before: Report) -> bool:
    """Whether a remedy about the certificate has another one served, with this error."""
    if not one.check.layer == cause.check.layer == "certificate":
        return False
    served = {_asked(seen): seen.chain[0] for seen in before.evidence.of(Handshake) if seen.chain}
    return any(
        look.chain[0].sha256 != served[_asked(look)].sha256
        for look in _looks(one)
        if isinstance(look, Handshake) and look.chain and _asked(look) in served
    )
