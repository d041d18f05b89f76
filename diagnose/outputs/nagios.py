"""The output of a monitoring plugin: for Nagios, Icinga, Naemon, Checkmk and their like.

The first line is the state, a sentence and, after "|", the performance data. The lines after it
name the causes and the commands that mend them (Monitoring Plugins Development Guidelines, "Plugin
Output for Nagios"). The exit status is 0, 1, 2 or 3, never another. Thresholds can only make the
state worse than the verdict.
"""

from collections.abc import Iterator, Mapping, Sequence

from diagnose.checking.verdicts import exit_status, verdict
from diagnose.i18n.reports import translate
from diagnose.model import Report
from diagnose.model.threshold import Threshold
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.measurements import certificate_days, phase_durations, response_time
from diagnose.outputs.verdict_text import verdict_sentence

#: The states by exit status.
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
UNKNOWN = 3
_LEVEL_STATES = {"warning": 1, "critical": 2}
#: The states from good to bad: what is known to be broken is worse than what is not known.
_RANKS = (0, 1, UNKNOWN, 2)


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    """Return one output for all targets: its state is that of the target that is worst."""
    worst, view = max(report_views, key=lambda report_view: plugin_state(*report_view))
    state = STATES[plugin_state(worst, view)]
    # Nagios turns ";" into ":".
    sentence = " - ".join(_sentences(worst, view))
    target_count = f" ({len(report_views)} targets)" if len(report_views) > 1 else ""
    data = " ".join(
        value
        for number, (report, view) in enumerate(report_views)
        for value in _performance_data(report, view, f"{number}_" if number else "")
    )
    lines = [f"DIAGNOSE {state}{target_count} - {_plain(sentence)} | {data}"]
    if view.verbosity >= 0:
        lines += [line for report, view in report_views for line in _long_output(report, view)]
    return "\n".join(lines) + "\n"


def failure_text(message: str) -> str:
    """Return the output of a run that could not begin."""
    return f"DIAGNOSE UNKNOWN - {_plain(message)}\n"


def plugin_status(status: int) -> int:
    """Return a plugin's exit status for one of ours: what is not 0, 1 or 2 is unknown."""
    return status if 0 <= status < UNKNOWN else UNKNOWN


def plugin_state(report: Report, view: View) -> int:
    """Return the state of one target, with the thresholds. What should be measured and was not is
    unknown, unless the site is known to be worse."""
    states = [plugin_status(exit_status(report)), *(state for state, _ in _alerts(report, view))]
    return max(states, key=_RANKS.index)


def _sentences(report: Report, view: View) -> list[str]:
    """Return the verdict and the thresholds that are not kept. First comes what made the state: a
    notification and a list of services show the beginning."""
    alerts = [text for _, text in _alerts(report, view)]
    sentence = verdict_sentence(report, view.lang)
    is_of_verdict = plugin_status(exit_status(report)) == plugin_state(report, view)
    return [sentence, *alerts] if is_of_verdict else [*alerts, sentence]


def _alerts(report: Report, view: View) -> list[tuple[int, str]]:
    """Return the state and the sentence of each threshold that is not kept, the worst first; of two
    for one measurement the critical one."""
    measurements, lang = _measurements(report), view.lang
    alerts: dict[str, tuple[int, str]] = {}
    for threshold in sorted(view.thresholds, key=lambda threshold: _LEVEL_STATES[threshold.level]):
        label, value = threshold.label, measurements.get(threshold.label)
        if value is None:
            alerts[label] = UNKNOWN, translate("threshold.unmeasured", lang, name=label)
        elif threshold.range.alerts(value):
            alerts[label] = _LEVEL_STATES[threshold.level], _alert(threshold, value, lang)
    return sorted(alerts.values(), key=lambda alert: _RANKS.index(alert[0]), reverse=True)


def _alert(threshold: Threshold, value: float, lang: str) -> str:
    key = "threshold.inside" if threshold.range.alerts_inside else "threshold.outside"
    bounds = threshold.range.text.removeprefix("@")
    unit = "" if threshold.label == "certificate_days" else " s"
    number = f"{value:.3f}".rstrip("0").rstrip(".")
    return translate(key, lang, name=threshold.label, value=f"{number}{unit}", range=bounds)


def _long_output(report: Report, view: View) -> list[str]:
    lines = [f"{report.evidence.target.url}: {verdict(report).status}"]
    lines += [text for _, text in _alerts(report, view)]
    for finding in report.causes:
        title = finding_text.title(finding, view.lang)
        lines += [f"{finding.severity} {finding.check.id}: {title}"]
        lines += [f"$ {command}" for command in finding_text.commands(finding)]
    for finding in report.suppressed:
        title = finding_text.title(finding, view.lang)
        note = ignore_text.suppression(finding, view.lang)
        lines.append(f"{note}: {finding.check.id}: {title}")
    lines += ignore_text.expired_ignores(report, view.lang)
    return [_plain(line) for line in lines]


def _measurements(report: Report) -> Mapping[str, float]:
    """Return the values by label: seconds, and days of the certificate."""
    evidence = report.evidence
    values: dict[str, float | None] = {
        "time": report.duration,
        **phase_durations(evidence),
        "response_time": response_time(evidence),
        "certificate_days": certificate_days(evidence),
    }
    return {label: value for label, value in values.items() if value is not None}


def _performance_data(report: Report, view: View, prefix: str) -> Iterator[str]:
    """Yield 'label=value[UOM];warn;crit;min;max' for each value. The first threshold of a level is
    the one that is shown."""
    for label, value in _measurements(report).items():
        ranges = {
            threshold.level: threshold.range.text
            for threshold in reversed(view.thresholds)
            if threshold.label == label
        }
        bounds = f"{ranges.get('warning', '')};{ranges.get('critical', '')}"
        if label == "certificate_days":
            yield f"{prefix}{label}={value:.2f};{bounds};"
        else:
            yield f"{prefix}{label}={value:.6f}s;{bounds};0"


def _plain(text: str) -> str:
    """Return one harmless line: "|" would begin the performance data."""
    return document.single_line(text).replace("|", "¦")
