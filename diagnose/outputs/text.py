"""The report for a person: the verdict first, then each cause with what proves it, what mends
it and what it explains, then what else is worth knowing. A healthy site takes three lines."""

from collections.abc import Iterable
from itertools import groupby

from diagnose.checking.root_cause import verdict
from diagnose.i18n.reports import counted, known, say
from diagnose.model import (
    Command,
    Edit,
    Finding,
    Location,
    Manual,
    Observation,
    Report,
    Severity,
    Step,
    Vantage,
)
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.digest import digest
from diagnose.outputs.layers import Layer, states
from diagnose.outputs.terminal import Page, cells, wrap

#: So many pieces of evidence are shown of a cause unless asked for more.
_EVIDENCE = 3


def render(report: Report, view: View) -> str:
    page = Page(min(view.width, 100), view.color, view.ascii)
    head(page, report, view)
    if view.verbosity >= 0:
        strip(page, report, view)
        _body(page, report, view)
    if view.verbosity >= 2:
        timeline(page, report, view)
    return page.text()


def head(page: Page, report: Report, view: View) -> None:
    """Sign, word and sentence; the time it took at the right end of the first line."""
    status = verdict(report).status
    mark = f"{page.sign(status)} {say(status, view.lang)}"
    took = _time(report.duration)
    indent = cells(mark) + 2
    sentence = finding_text.sentence(report, view.lang)
    if status == "ok":
        space = "" if view.lang == "zh" else " "
        sentence = space.join(filter(None, (sentence, finding_text.validity(report, view.lang))))
    first, *others = wrap(sentence, max(page.width - indent - len(took) - 2, 20))
    gap = max(page.width - indent - cells(first) - len(took), 2)
    page.add((status, mark), "  ", ("bold", first), " " * gap, ("dim", took))
    for line in others:
        page.add(" " * indent, ("bold", line))


def strip(page: Page, report: Report, view: View) -> None:
    """The layers, and how the target was read where that is not what was typed."""
    layers(page, report, view)
    target = report.evidence.target
    if target.read_as and target.input.rstrip("/") != target.url.rstrip("/"):
        page.prose(say("read-as", view.lang, read_as=target.read_as), "", 2, "dim")
    if address := finding_text.visitor(report):
        page.prose(say("judged-for", view.lang, address=address), "", 2, "dim")
    if report.interrupted:
        page.prose(say("interrupted", view.lang), "", 2, "warning")


def layers(page: Page, report: Report, view: View, times: bool = True) -> None:
    """Every layer that was looked at, and those that should have been reached."""
    target = report.evidence.target
    expected = {"dns", "tcp", "tls", "certificate", "http"}
    if target.scheme in {"http", "ws"}:
        expected -= {"tls", "certificate"}
    if target.websockets:
        expected.add("websocket")
    line, used = "  ", 2
    for layer in states(report, view.lang):
        if layer.name == "host" and layer.status == "ok":
            continue
        if layer.status != "skipped" or layer.name in expected:
            text, width = _layer(page, layer, view.lang, times)
            if used + width > page.width and line.strip():
                page.lines.append(line.rstrip())
                line, used = "  ", 2
            line, used = line + text, used + width
    page.lines.append(line.rstrip())


def _layer(page: Page, layer: Layer, lang: str, times: bool) -> tuple[str, int]:
    name = say(f"layer.{layer.name}", lang)
    took = f" {_time(layer.took)}" if times and layer.status == "ok" and layer.took else ""
    sign = page.sign(layer.status)
    painted = f"{name} {page.paint(layer.status, sign)}{page.paint('dim', took)}  "
    return painted, cells(name) + 1 + len(sign) + len(took) + 2


def _body(page: Page, report: Report, view: View) -> None:
    for found in report.findings:
        if found.explained_by is None and found.severity is not Severity.NOTE:
            page.blank()
            cause(page, report, found, view)
    notes = [one for one in report.findings if one.severity is Severity.NOTE]
    for found in notes:
        if found.explained_by is None:
            page.blank()
            _note(page, report, found, view)
    unseen(page, report, view)
    _closing(page, report, view)


def cause(page: Page, report: Report, found: Finding, view: View) -> None:
    why(page, report, found, view)
    remedy(page, report, found, view)


def why(page: Page, report: Report, found: Finding, view: View) -> None:
    """What is wrong, where, and what proves it."""
    _title(page, found, view)
    if found.claim.location:
        _place(page, found.claim.location, view)
    page.markdown(finding_text.summary(found, view.lang), 2)
    evidence(page, found, view)
    _symptoms(page, report, found, view)


def _title(page: Page, found: Finding, view: View) -> None:
    severity = str(found.severity)
    word = say("warn" if severity == "warning" else severity, view.lang)
    sure = str(found.claim.confidence)
    doubt = "" if sure == "certain" else f" ({say(sure, view.lang)})"
    mark = f"{word}[{found.check.id}]{doubt}: "
    title = finding_text.title(found, view.lang)
    room = page.width - cells(mark)
    if room < 30:
        page.add((severity, mark.rstrip()))
        page.prose(title, "", 2, "bold")
        return
    first, *others = wrap(title, room)
    page.add((severity, mark), ("bold", first))
    for line in wrap(" ".join(others), page.width - 2) if others else ():
        page.add("  ", ("bold", line))


def _place(page: Page, place: Location, view: View) -> None:
    """The lines of the file around the fault, and a caret under it."""
    page.add("  ", ("place", f"--> {place.file}:{place.line}:{place.column}"))
    margin = len(str(place.first + max(len(place.excerpt) - 1, 0)))
    if place.excerpt:
        page.add(("place", f"{' ' * margin} |"))
    for number, line in enumerate(place.excerpt, place.first):
        page.add(("place", f"{number:{margin}} | "), line.expandtabs(4))
        if number == place.line:
            before = cells(line[: place.column - 1].expandtabs(4))
            marked = line[place.column - 1 : max(place.end_column - 1, place.column)]
            caret = " " * before + "^" * max(cells(marked), 1)
            page.add(("place", f"{' ' * margin} | "), ("error", caret))
    if place.excerpt:
        page.add(("place", f"{' ' * margin} |"))


def evidence(page: Page, found: Finding, view: View) -> None:
    because = found.claim.because
    shown = because if view.verbosity >= 1 else because[:_EVIDENCE]
    for seen in shown:
        inside = seen.vantage is Vantage.SERVER
        head = f"= {say('why-inside' if inside else 'why', view.lang)}: "
        page.prose(digest(seen), head, 2, "dim")
        if seen.equivalent:
            page.code(f"$ {seen.equivalent}", 6, "dim")
    if len(because) > len(shown):
        page.prose(say("more-evidence", view.lang, count=len(because) - len(shown)), "= ", 2, "dim")
    if found.claim.ruled_out:
        out = ", ".join(found.claim.ruled_out)
        page.prose(out, f"= {say('ruled-out', view.lang)}: ", 2, "dim")


def _symptoms(page: Page, report: Report, found: Finding, view: View) -> None:
    """What follows from it: there, and never counted as problems of their own."""
    symptoms = finding_text.symptoms(report, found)
    if symptoms:
        page.prose(say("symptoms", view.lang), "= ", 2, "dim")
    for symptom in symptoms:
        page.prose(finding_text.title(symptom, view.lang), f"- {symptom.check.id}: ", 4, "dim")


def remedy(page: Page, report: Report, found: Finding, view: View) -> None:
    lang = view.lang
    page.add(
        ("bold", say("fix", lang)),
        say("how", lang, how=say(finding_text.applicability(found), lang)),
    )
    page.prose(finding_text.risk(found, lang), f"= {say('risk', lang)}: ", 2, "dim")
    page.markdown(finding_text.remedy(found, lang), 2)
    steps(page, found, view)
    page.add(
        ("bold", say("verify", lang)), ": ", ("command", finding_text.verify(report, found, view))
    )


def steps(page: Page, found: Finding, view: View) -> None:
    """A remedy's steps as they are typed, and where."""
    lang = view.lang
    every = finding_text.steps(found)
    for (where, root), group in groupby(
        every, lambda step: (str(step.where), finding_text.root(step))
    ):
        page.add("  ", ("bold", say(where, lang) + say("as-root" if root else "as-anyone", lang)))
        for step in group:
            _step(page, found, step, view)


def _step(page: Page, found: Finding, step: Step, view: View) -> None:
    if isinstance(step, Manual):
        page.markdown(finding_text.manual(found, step, view.lang), 4)
        if step.url:
            page.code(step.url, 4, "place")
        for command in step.commands:
            _step(page, found, command, view)
        return
    if isinstance(step, Edit):
        _edit(page, finding_text.shell(step))
        return
    page.code(f"$ {finding_text.shell(step)}", 4)
    if view.verbosity >= 1 and step.undo:
        page.code(f"  {say('undo', view.lang)}: {finding_text.shell(Command(step.undo))}", 4, "dim")


def _edit(page: Page, shell: str) -> None:
    """Not indented below its first line: so it can be pasted."""
    first, *lines = shell.split("\n")
    page.add("    ", ("command", f"$ {first}"))
    diff(page, lines)


def diff(page: Page, lines: Iterable[str]) -> None:
    """Lines of a diff, in colour."""
    roles = {"+": "added", "-": "removed", "@": "dim"}
    for line in lines:
        # Blanks at a line's end are part of a diff.
        page.lines.append(page.paint(roles.get(line[:1], ""), line))


def _note(page: Page, report: Report, found: Finding, view: View) -> None:
    _title(page, found, view)
    if view.verbosity >= 1:
        page.markdown(finding_text.summary(found, view.lang), 2)
        evidence(page, found, view)
    _symptoms(page, report, found, view)


def unseen(page: Page, report: Report, view: View) -> None:
    things = [
        thing
        for thing in finding_text.unseen(report, view)
        if not finding_text.is_crash(thing, report)
    ]
    if things or report.crashes:
        page.blank()
    shown = ""
    for thing in things:
        text = f"{known(thing.what, view.lang)}: {known(thing.why, view.lang)}"
        page.prose(text, f"{page.sign('unknown')} {say('not-seen', view.lang)}: ")
        if thing.enable and thing.enable != shown:
            page.code(f"$ {thing.enable}", 4)
        shown = thing.enable
    for crash in report.crashes:
        head = f"{page.sign('unknown')} {say('our-fault', view.lang)}: "
        page.prose(f"{crash.where}: {crash.message}", head)


def _closing(page: Page, report: Report, view: View) -> None:
    """How many of what, and the most useful next commands, the best at the end."""
    lang, causes = view.lang, report.causes
    symptoms = sum(1 for one in report.findings if one.explained_by is not None)
    notes = sum(
        1 for one in report.findings if one.severity is Severity.NOTE and one.explained_by is None
    )
    if not causes:
        return
    counts = [counted("count.causes", len(causes), lang)]
    counts += [counted("count.symptoms", symptoms, lang)] if symptoms else []
    counts += [counted("count.notes", notes, lang)] if notes else []
    page.blank()
    page.add(("，" if lang == "zh" else ", ").join(counts) + ("。" if lang == "zh" else "."))
    page.add(("bold", say("next", lang)), ": ", ("command", finding_text.explain(causes[0])))


def timeline(page: Page, report: Report, view: View) -> None:
    page.blank()
    page.add(("bold", say("timeline", view.lang)))
    for seen in sorted(report.evidence.observations, key=_moment):
        head = f"{seen.at * 1000:8.0f} ms {_time(seen.took):>6}  "
        page.prose(digest(seen), head, 0, "dim")


def _moment(seen: Observation) -> float:
    return seen.at


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"
