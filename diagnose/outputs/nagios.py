"""The output of a monitoring plugin: for Nagios, Icinga, Naemon, Checkmk and their like.

The first line is the state, a sentence and, after "|", the performance data. The lines after it
name the causes and the commands that mend them (Monitoring Plugins Development Guidelines, "Plugin
Output for Nagios"). The exit status is 0, 1, 2 or 3, never another.
"""

from collections.abc import Sequence

from diagnose.checking.root_cause import exit_status, verdict
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import document, finding_text
from diagnose.outputs.measurements import earliest_expiry, phase_durations

#: The states by exit status.
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
UNKNOWN = 3

_SECONDS_PER_DAY = 86400


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    """Return one output for all targets: its state is that of the target that is worst."""
    worst, view = max(report_views, key=lambda report_view: exit_status(report_view[0]))
    state = STATES[plugin_status(exit_status(worst))]
    sentence = finding_text.verdict_sentence(worst, view.lang)
    many = f" ({len(report_views)} targets)" if len(report_views) > 1 else ""
    data = " ".join(
        value
        for number, (report, _) in enumerate(report_views)
        for value in _performance_data(report, f"{number}_" if number else "")
    )
    lines = [f"DIAGNOSE {state}{many} - {_plain(sentence)} | {data}"]
    if view.verbosity >= 0:
        lines += [line for report, view in report_views for line in _long_output(report, view)]
    return "\n".join(lines) + "\n"


def failure_text(message: str) -> str:
    """Return the output of a run that could not begin."""
    return f"DIAGNOSE UNKNOWN - {_plain(message)}\n"


def plugin_status(status: int) -> int:
    """Return a plugin's exit status for one of ours: what is not 0, 1 or 2 is unknown."""
    return status if 0 <= status < UNKNOWN else UNKNOWN


def _long_output(report: Report, view: View) -> list[str]:
    lines = [f"{report.evidence.target.url}: {verdict(report).status}"]
    for finding in report.causes:
        title = finding_text.title(finding, view.lang)
        lines += [f"{finding.severity} {finding.check.id}: {title}"]
        lines += [f"$ {command}" for command in finding_text.commands(finding)]
    for finding in report.suppressed:
        title = finding_text.title(finding, view.lang)
        note = finding_text.suppression(finding, view.lang)
        lines.append(f"{note}: {finding.check.id}: {title}")
    lines += finding_text.expired_ignores(report, view.lang)
    return [_plain(line) for line in lines]


def _performance_data(report: Report, prefix: str) -> list[str]:
    """Return label=value pairs; values are in seconds and days."""
    evidence = report.evidence
    durations = {"time": report.duration, **phase_durations(evidence)}
    data = [f"{prefix}{label}={seconds:.6f}s;;;0" for label, seconds in durations.items()]
    if (expiry := earliest_expiry(evidence)) is not None:
        days = (expiry - evidence.started_at).total_seconds() / _SECONDS_PER_DAY
        data.append(f"{prefix}certificate_days={days:.2f};;;")
    return data


def _plain(text: str) -> str:
    """Return one harmless line: "|" would begin the performance data."""
    return document.single_line(text).replace("|", "¦")
