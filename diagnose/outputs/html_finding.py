"""A root cause as HTML: description, fix, evidence and symptoms."""

from diagnose.i18n.html import translate
from diagnose.i18n.reports import translate as label
from diagnose.model import Edit, Finding, Location, Manual, Observation, Step
from diagnose.outputs import document, finding_text
from diagnose.outputs.digest import digest, evidence, evidence_commands
from diagnose.outputs.document import ReportContext
from diagnose.outputs.markup import Markup, inline, join, join_lines, pre, prose, tag
from diagnose.outputs.terminal import sanitize

#: The number of observations shown for a cause; further ones are folded.
_EVIDENCE = 3


def cause_section(context: ReportContext, finding: Finding) -> Markup:
    anchor = f"{context.prefix}{finding.id}"
    return tag(
        "section",
        join_lines(
            tag("h2", inline(finding_text.title(finding, context.lang)), id=anchor),
            finding_marks(finding, context.lang),
            prose(finding_text.summary(finding, context.lang)),
            _remedy(context, finding),
            _evidence(context, finding),
            _symptoms(context, finding),
            _meaning(finding, context.lang),
        ),
        class_=f"cause {finding.severity}",
        aria_labelledby=anchor,
    )


def finding_marks(finding: Finding, lang: str) -> Markup:
    """List severity, check, confidence and subject."""
    subject = str(finding.claim.about)
    return tag(
        "ul",
        tag("li", finding_text.severity_label(finding.severity, lang), class_="severity"),
        tag("li", tag("code", finding.check.id)),
        tag("li", f"{translate('confidence', lang)}: {label(str(finding.claim.confidence), lang)}"),
        tag("li", f"{translate('about', lang)}: ", tag("code", subject)) if subject else None,
        class_="marks",
    )


def _excerpt(location: Location, lang: str) -> Markup:
    rows = list(document.excerpt_lines(location))
    margin = len(str(rows[-1].number)) if rows else 0
    code_lines = []
    for row in rows:
        number = tag("span", f"{row.number:{margin}} ", class_="number")
        if row.marked:
            marked = tag("mark", sanitize(row.marked))
            code = join(sanitize(row.before), marked, sanitize(row.after))
            code_lines.append(tag("strong", number, code, class_="hit"))
        else:
            code_lines.append(join(number, sanitize(row.before)))
    caption = tag("figcaption", tag("code", document.location_text(location)))
    file = pre(Markup("\n".join(code_lines)), "file") if rows else None
    return tag("figure", caption, file, class_="excerpt", aria_label=translate("marked-line", lang))


def _evidence(context: ReportContext, finding: Finding) -> Markup | None:
    numbers = {
        id(observation): number
        for number, observation in enumerate(context.report.evidence.observations, 1)
    }
    items = [
        _evidence_item(context, observation, command, numbers.get(id(observation)))
        for observation, command in evidence_commands(evidence(finding, context.lang))
    ]
    visible, folded = items[:_EVIDENCE], items[_EVIDENCE:]
    ruled_out, location = ", ".join(finding.claim.ruled_out), finding.claim.location
    if not (items or ruled_out or location):
        return None
    summary = tag("summary", translate("more", context.lang, count=len(folded)))
    return join_lines(
        tag("h3", translate("evidence", context.lang)),
        _excerpt(location, context.lang) if location else None,
        tag("ul", join_lines(*visible), class_="evidence") if visible else None,
        tag("details", summary, tag("ul", join_lines(*folded), class_="evidence"))
        if folded
        else None,
        tag("p", f"{translate('excluded', context.lang)}: ", tag("code", ruled_out))
        if ruled_out
        else None,
    )


def _evidence_item(
    context: ReportContext, observation: Observation, command: str, number: int | None
) -> Markup:
    link = tag("a", f"o{number}", href=f"#{context.prefix}o{number}") if number else None
    vantage = document.vantage_name(observation, context.lang)
    return tag(
        "li",
        tag("span", digest(observation, context.lang), class_="digest"),
        tag("small", " ", vantage, " " if link else None, link),
        pre(command, "command") if command else None,
    )


def _symptoms(context: ReportContext, finding: Finding) -> Markup | None:
    lang = context.lang
    items = [
        tag("li", tag("code", symptom.check.id), " ", inline(finding_text.title(symptom, lang)),
            id=f"{context.prefix}{symptom.id}")
        for symptom in finding_text.symptoms(context.report, finding)
    ]  # fmt: skip
    return (
        join(tag("h3", translate("follows", lang)), tag("ul", join_lines(*items)))
        if items
        else None
    )


def _remedy(context: ReportContext, finding: Finding) -> Markup:
    lang = context.lang
    applicability = finding_text.applicability(finding)
    before, after = finding_text.remedy_parts(finding, lang)
    risk = f"{label('risk', lang)}: {finding_text.risk_text(finding, lang)}"
    step_lists = []
    for heading, steps in document.step_groups(finding, lang):
        items = [tag("li", _step(finding, step, lang)) for step in steps]
        step_lists.append(join(tag("p", heading, class_="where"), tag("ol", join_lines(*items))))
    mark = tag("span", label(applicability, lang), class_=f"how {applicability}")
    return tag(
        "div",
        join_lines(
            tag("h3", translate("fix", lang), " ", mark),
            tag("p", risk, class_="risk") if finding_text.has_known_risk(finding) else None,
            prose(before),
            *step_lists,
            prose(after),
            tag("h3", translate("verify", lang)),
            prose(document.verification(finding, lang)),
            pre(
                finding_text.verify_command(context.report, finding, context.view), "command whole"
            ),
        ),
        class_="remedy",
    )


def _step(finding: Finding, step: Step, lang: str) -> Markup:
    if isinstance(step, Manual):
        commands = [_step(finding, command, lang) for command in step.commands]
        return join(
            prose(finding_text.manual_text(finding, step, lang)), _link(step.url), *commands
        )
    if isinstance(step, Edit):
        return pre(_diff(finding_text.shell_command(step)), "command whole")
    undo = finding_text.undo_command(step) if step.undo else None
    undo_line = (
        tag("p", f"{label('undo', lang)}: ", tag("code", undo), class_="undo") if undo else None
    )
    return join(pre(finding_text.shell_command(step), "command whole"), undo_line)


def _link(url: str) -> Markup | None:
    if not url:
        return None
    href = document.safe_link(url)
    element = tag("a", url, href=href, rel="noreferrer noopener") if href else tag("code", url)
    return tag("p", element)


def _diff(shell: str) -> Markup:
    """Render an edit exactly as it is typed; added and removed lines are coloured."""
    command, *diff_lines = shell.split("\n")
    colours = {"+": "added", "-": "removed", "@": "dim"}
    rows = [
        tag("span", row, class_=colours[row[:1]]) if row[:1] in colours else join(row)
        for row in diff_lines
    ]
    return Markup("\n".join([join(command), *rows]))


def _meaning(finding: Finding, lang: str) -> Markup:
    return tag(
        "details",
        tag("summary", tag("h3", translate("meaning", lang))),
        prose(finding_text.meaning(finding, lang)),
        pre(finding_text.explain_command(finding), "command"),
    )
