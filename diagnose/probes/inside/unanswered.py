"""Records commands on the server that gave no answer, so that a report never looks complete because
a command was slow or not permitted."""

from diagnose.machine import CommandResult
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside import remote_curl

#: The reason in words, by the kind of the failure (`CommandResult.failure`).
_REASONS = {
    "timeout": "the command did not end in time",
    "denied": "the command is not permitted",
    "missing": "the program is not installed",
}


def reason_of(result: CommandResult) -> str:
    """Return why a command gave no usable answer, in words."""
    if "permission denied" in result.err.lower():
        return "the command is not permitted"
    if result.status == 127:
        return _REASONS["missing"]
    kind = result.failure.kind if result.failure else ""
    return _REASONS.get(kind, "the command failed")


def emit_unanswered(
    ctx: ProbeContext, subject: str, result: CommandResult, enable: str = ""
) -> None:
    """Emit that `subject` was not observed and why. `enable` is the command that would show it."""
    emit_not_observed(ctx, subject, reason_of(result), enable)


def emit_if_too_slow(
    ctx: ProbeContext, subject: str, result: CommandResult, enable: str = ""
) -> None:
    """Do so if the command did not end in time. Where a server cannot be entered, that is said
    once, of the server itself."""
    if result.failure is not None and result.failure.kind == "timeout":
        emit_unanswered(ctx, subject, result, enable)


async def curl_or_unseen(
    ctx: ProbeContext,
    url: str,
    fields: tuple[str, ...],
    options: tuple[str, ...] = (),
    patience: int = remote_curl.PATIENCE,
    version: str = "1.1",
) -> remote_curl.CurlResponse | None:
    """Send one request from the server (`remote_curl.curl`). If curl is not there or does not end,
    return None and emit that the answer is not known."""
    response = await remote_curl.curl(ctx.machine, url, fields, version, options, patience)
    if response is None:
        subject = f"the answer of {url.partition('?')[0]}"
        emit_not_observed(ctx, subject, "curl is not installed, or gave no answer")
    return response
