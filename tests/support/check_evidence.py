"""What tests of checks say: evidence from literals, a check put to it, its words filled."""

from collections.abc import Sequence
from datetime import UTC, datetime

from diagnose.checking.loaded_config import refused_patch
from diagnose.checking.registry import load_check
from diagnose.checking.texts import check_text, fill, with_web_servers
from diagnose.i18n import LANGUAGES
from diagnose.model import Claim, Evidence, Failure, Manual, Observation, Severity, Target
from diagnose.recording.redaction import mask_for
from tests.support.steps import all_commands, contradiction

#: When every piece of evidence in these tests was seen.
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

SHOP = Target("shop.example.com", "https", "shop.example.com", 443)
CHAT = Target("wss://shop.example.com/ws", "wss", "shop.example.com", 443, "/ws", ("/ws",))

REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")
TIMEOUT = Failure("timeout", "timed out")


def evidence(*seen: Observation, target: Target = SHOP, at: datetime = NOW) -> Evidence:
    return Evidence(target, at, seen)


def judge(
    check_id: str,
    *seen: Observation,
    target: Target = SHOP,
    at: datetime = NOW,
    masked: bool = True,
) -> list[Claim]:
    """Put one check to the evidence. It is silent without what it needs. Every claim it makes must
    fill its text in each language, steps included; an error must have a step; its commands must say
    what they do; and it must claim the same of the evidence `masked`. That is False where stand-ins
    lose what the check compares."""
    check, given = load_check(check_id), evidence(*seen, target=target, at=at)
    faulty_kinds = {type(observation) for observation in seen if observation.shows_fault}
    kinds = {type(observation) for observation in seen}
    if not check.runs_on(kinds, faulty_kinds, has_message=target.symptom is not None):
        return []
    claims = list(check.judge(given))
    for claim in claims:
        texts(check_id, claim)
        if (claim.severity or check.severity) is Severity.ERROR:
            assert claim.fix, "an error without a step"
            assert claim.fix.steps, "an error without a step"
        for command in all_commands(claim.fix.steps if claim.fix else ()):
            assert not contradiction(command), contradiction(command)
        assert not refused_patch(given, check, claim), refused_patch(given, check, claim)
    if masked:
        again = check.judge(mask_for(given).mask_value(given))
        assert sorted(map(_kind, again)) == sorted(map(_kind, claims)), "masked, it says otherwise"
    return claims


def _kind(claim: Claim) -> tuple[str, ...]:
    """What a claim must have in common with that on the same evidence, masked."""
    fix = claim.fix
    steps = (type(step).__name__ for step in (fix.steps if fix else ()))
    return (str(claim.confidence), str(fix and fix.applicability), *steps)


def texts(check_id: str, claim: Claim) -> Sequence[str]:
    """Every text of a claim, in every language; raises KeyError for a fact or a step not there."""
    filled, facts = [], with_web_servers(claim.facts)
    for lang in LANGUAGES:
        said = check_text(check_id, lang)
        parts = [said.title, said.summary, said.meaning, said.remedy, said.verify]
        steps = claim.fix.steps if claim.fix else ()
        parts += [said.steps[step.step] for step in steps if isinstance(step, Manual)]
        filled += [fill(part, facts, lang) for part in parts]
    return filled
