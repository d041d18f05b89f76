"""A certificate above the leaf has expired, and clients of today do without it, having a newer
way to a root. Old ones (OpenSSL before 1.1.0, Android before 7.1.1) follow what is sent and
fail."""

from collections.abc import Iterator

from checks.certificate import by_hand, claim, label
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served


@check(severity=Severity.NOTE, needs=[Handshake])
def expired_cross_sign(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: seen.verify_code == 0):
        over = [each for each in one.chain[1:] if each.is_expired(evidence.started_at)]
        if over:
            facts = {"extra": label(over[0]), "since": over[0].not_after}
            yield claim(evidence, one, facts, by_hand("leave-it-out"))
