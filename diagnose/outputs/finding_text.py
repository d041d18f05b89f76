"""The texts and steps of a finding, for all writers."""

import shlex
from collections.abc import Iterable, Iterator, Mapping

from diagnose.checking.texts import CheckText, check_text, fill, with_web_servers
from diagnose.i18n import SOURCE_LANGUAGE, failures
from diagnose.i18n.reports import translate
from diagnose.model import (
    Command,
    Edit,
    Finding,
    Manual,
    Report,
    Risk,
    Severity,
    Step,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.risk import risks
from diagnose.model.view import View
from diagnose.outputs.program_note import names_lines, program_note, with_own_commands
from diagnose.probes import diagnose_command

#: The layers whose pages write for nginx what any web server can be told.
_LAYERS_OF_ANY_SERVER = {"certificate", "dns", "http", "tls", "websocket"}


class Facts(dict[str, object]):
    """Facts in which a missing fact is marked instead of raising an error."""

    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


def facts(finding: Finding) -> Facts:
    """Return the facts for a finding's texts. If the fact `place` is in the file of the finding's
    location, it gets the location's line: a directive and the block around it are one fault."""
    filling = Facts(with_web_servers(finding.claim.facts))
    location = finding.claim.location
    place = filling.get("place")
    file, _, line = place.rpartition(":") if isinstance(place, str) else ("", "", "")
    if location and file == location.file and line.isdecimal():
        filling["place"] = f"{file}:{location.line}"
    return filling


def severity_label(severity: Severity, lang: str) -> str:
    """Return the word for a severity, as it stands before a check's id."""
    return translate("warn" if severity is Severity.WARNING else str(severity), lang)


def facts_in(finding: Finding, lang: str) -> Facts:
    """Return the facts for a finding's texts in a language: a fact that quotes the message of a
    failure is translated as in the evidence."""
    filling = facts(finding)
    if lang == SOURCE_LANGUAGE:
        return filling
    quotes = _quotes(finding, lang)
    for name, fact in filling.items():
        if isinstance(fact, str):
            filling[name] = quotes.get(fact, fact)
        elif isinstance(fact, tuple):
            filling[name] = tuple(
                quotes.get(part, part) if isinstance(part, str) else part for part in fact
            )
    return filling


def _quotes(finding: Finding, lang: str) -> dict[str, str]:
    """Return the messages of the failures in a finding's evidence, as checks quote them, and what
    they are in a language."""
    quotes: dict[str, str] = {}
    for observation in finding.claim.because:
        if (failure := observation.failure) is not None:
            text = failures.text(failure.message, lang)
            quotes[failure.message] = text
            quotes[f"{failure.message} ({failure.name})"] = f"{text} ({failure.name})"
    return quotes


def _fill(finding: Finding, text: str, lang: str) -> str:
    return fill(text, facts_in(finding, lang), lang).strip()


def told_facts(finding: Finding, lang: str) -> Facts:
    """Return the facts for the texts that tell of the evidence: the values of secrets in what they
    quote are hidden. What a remedy says is carried out to the letter."""
    # Imported late: few sites have a finding.
    from diagnose.parsers.quoted_secrets import hide_in

    return Facts({name: hide_in(fact) for name, fact in facts_in(finding, lang).items()})


def _tell(finding: Finding, text: str, lang: str) -> str:
    return fill(text, told_facts(finding, lang), lang).strip()


def _check_texts(finding: Finding, lang: str) -> CheckText:
    return check_text(finding.check.id, lang)


def title(finding: Finding, lang: str) -> str:
    return _tell(finding, _check_texts(finding, lang).title, lang)


def summary(finding: Finding, lang: str) -> str:
    return _with_own_commands(finding, _tell(finding, _check_texts(finding, lang).summary, lang))


def meaning(finding: Finding, lang: str) -> str:
    """Return what it means: for whom it matters, and what a remedy does not keep."""
    return _with_own_commands(finding, _tell(finding, _check_texts(finding, lang).meaning, lang))


def remedy(finding: Finding, lang: str) -> str:
    """Return the remedy as prose, without the steps."""
    return "\n".join(filter(None, remedy_parts(finding, lang)))


def remedy_parts(finding: Finding, lang: str) -> tuple[str, str]:
    """Return the prose of the remedy before its steps, and that after them: another way, and what
    to do if the steps do not help."""
    filled = _fill(finding, _check_texts(finding, lang).remedy, lang)
    before, _, after = (part.strip() for part in filled.partition("{{fix}}"))
    text = _with_own_commands(finding, before)
    text = join_sentences(text, _container_note(finding, lang), lang)
    text = join_sentences(text, _program_note(finding, lang), lang)
    for note in _edited_file_notes(finding, lang):
        text = join_sentences(text, note, lang)
    note = _remark("fix.made-anew", lang) if _makes_anew(finding) else ""
    return join_sentences(text, note, lang), _with_own_commands(finding, after)


def asks_again(finding: Finding) -> bool:
    """Return whether the remedy is another run of `diagnose`, which sees more."""
    manual_steps = [step for step in steps(finding) if isinstance(step, Manual)]
    texts = [manual_text(finding, step, SOURCE_LANGUAGE) for step in manual_steps]
    return any("`diagnose " in text for text in (remedy(finding, SOURCE_LANGUAGE), *texts))


def _makes_anew(finding: Finding) -> bool:
    """Return whether the remedy makes a container anew: its compose file is another then."""
    is_edited = any(isinstance(step, Edit) and step.outside for step in steps(finding))
    for step in steps(finding):
        words = step.argv if isinstance(step, Command) else ()
        is_compose = words[:1] == ("docker-compose",) or words[1:2] == ("compose",)
        if is_compose and "up" in words and (is_edited or "--force-recreate" in words):
            return True
    return False


def _program_note(finding: Finding, lang: str) -> str:
    """Return which program has the port, where the words of the remedy are nginx's and that program
    is another; "" elsewhere."""
    program = finding.claim.facts.get("other_program", "")
    if not program or finding.check.layer not in _LAYERS_OF_ANY_SERVER:
        return ""
    texts = _check_texts(finding, lang)
    manual = (step.step for step in steps(finding) if isinstance(step, Manual))
    words = " ".join((texts.remedy, *(texts.steps.get(step, "") for step in manual)))
    # A page that has words for other programs, or for this one, needs none of ours.
    if "nginx" not in words or "{{#other_program}}" in words or str(program) in words:
        return ""
    filled = _fill(finding, words, lang)
    own = _with_own_commands(finding, filled)
    if "nginx" not in own and not names_lines(finding.claim.facts, filled):
        return ""
    return program_note(finding.claim.facts, str(program), filled, lang)


def _with_own_commands(finding: Finding, text: str) -> str:
    """Return a text with the commands of the web server that answers, in place of nginx's."""
    is_general = finding.check.layer in _LAYERS_OF_ANY_SERVER and "nginx" in text
    return with_own_commands(finding.claim.facts, text) if is_general else text


def _container_note(finding: Finding, lang: str) -> str:
    """Return which container the paths and commands of the remedy are about; "" for none."""
    container = finding.claim.facts.get("nginx_container", "")
    if not container:
        return ""
    claim_facts = finding.claim.facts
    note = _remark("fix.in-container", lang, container=container)
    if source := claim_facts.get("server_file", ""):
        place = _remark("fix.mounted", lang, file=claim_facts["inner_file"], source=source)
        note = join_sentences(note, place, lang)
    file = claim_facts.get("image_file", "")
    lasting = _remark("fix.in-image", lang, file=file) if file else ""
    return join_sentences(note, lasting, lang)


def _edited_file_notes(finding: Finding, lang: str) -> Iterator[str]:
    """Yield what is to be known of the file that the remedy edits: who else reads it, and who
    writes it."""
    claim_facts = finding.claim.facts
    if file := claim_facts.get("shared_file"):
        sites = claim_facts.get("shared_sites")
        names = join_texts(sites if isinstance(sites, tuple) else (), lang)
        yield _remark("fix.shared-file", lang, file=file, sites=names)
    file, words = claim_facts.get("generated_file"), claim_facts.get("generated_words")
    if file and words:
        yield _remark("fix.generated-file", lang, file=file, words=words)
    if panel := claim_facts.get("panel"):
        yield _remark(f"fix.panel-{panel}", lang, file=file)


def _remark(key: str, lang: str, **facts: object) -> str:
    # Imported late: few remedies have one.
    from diagnose.i18n.fix_remarks import translate

    return translate(key, lang, **facts)


def manual_text(finding: Finding, step: Manual, lang: str) -> str:
    """Return the text of a manual step."""
    texts = _check_texts(finding, lang).steps
    return _with_own_commands(finding, _fill(finding, texts.get(step.step, step.step), lang))


def shell_command(step: Command | Edit) -> str:
    """Return a step as a shell command. `patch` needs the file as an argument: it refuses absolute
    paths in a diff."""
    if isinstance(step, Command):
        return shlex.join(step.argv)
    diff = step.diff if step.diff.endswith("\n") else f"{step.diff}\n"
    end = "DIAGNOSE"
    while end in diff.split("\n"):  # a line of the diff must not end the here-document
        end += "_"
    return f"{shlex.join(('patch', step.path))} <<'{end}'\n{diff}{end}"


def commands(finding: Finding) -> list[str]:
    """Return the commands of a fix, without its edits, as a person types them."""
    return [shell_command(step) for step in steps(finding) if isinstance(step, Command)]


def undo_command(step: Command) -> str:
    """Return the undo of a command as a shell command; "" if there is none."""
    return shlex.join(step.undo)


def steps(finding: Finding) -> tuple[Step, ...]:
    return finding.claim.fix.steps if finding.claim.fix else ()


def applicability(finding: Finding) -> str:
    return str(finding.claim.fix.applicability if finding.claim.fix else "manual")


def finding_risks(finding: Finding) -> tuple[Risk, ...]:
    return risks(steps(finding)) if steps(finding) else (Risk.BY_HAND,)


def risk_text(finding: Finding, lang: str) -> str:
    """Return the risks of the fix in a few words."""
    labels = [translate(f"risk.{kind}", lang) for kind in finding_risks(finding)]
    return translate("join.clauses", lang).join(labels or [translate("risk.none", lang)])


def has_known_risk(finding: Finding) -> bool:
    """Return whether more is known of the risk than that a person does it in his own way, which
    "by hand" says already."""
    return finding_risks(finding) != (Risk.BY_HAND,)


def needs_root(step: Step) -> bool:
    """Return True if the step needs root. Manual steps without commands do not."""
    if isinstance(step, Manual):
        return any(command.root for command in step.commands)
    return step.root


def verify_command(report: Report, finding: Finding, view: View) -> str:
    """Return the command that checks the layer in which the fault had its effect, at the page that
    it is about."""
    return rerun_command(
        report, view, "--only", affected_layer(report, finding), path=finding.claim.request
    )


def affected_layer(report: Report, finding: Finding) -> str:
    """Return the layer in which a fault had its effect: that of its first symptom that is more than
    a note and not the same fault elsewhere, or its own."""
    failures = (
        symptom
        for symptom in symptoms(report, finding)
        if symptom.severity is not Severity.NOTE and symptom.check.id != finding.check.id
    )
    return next(failures, finding).check.layer


def rerun_command(report: Report, view: View, *options: str, path: str | None = None) -> str:
    """Return the command that repeats this run, or does the same for another page of the site."""
    target = report.evidence.target
    if path is not None and path.startswith("/"):  # Else the page that needs it shows it.
        from diagnose.model.other_requests import other_target

        target = other_target(target, path)
    address = visitor_address(report)
    from_option = ("--from", address) if address and "--from" not in view.again else ()
    return diagnose_command(target, *view.again, *from_option, *options)


def explain_command(finding: Finding) -> str:
    return f"diagnose explain {finding.check.id}"


def idle_sentences(report: Report, lang: str) -> list[str]:
    """Return what the silence of `--idle` showed of each WebSocket, one sentence each."""
    scope = report.evidence.scope
    held_upgrades = [
        upgrade for upgrade in report.evidence.of(Upgrade) if upgrade.quiet_s is not None
    ]
    if scope.idle_s is not None and not held_upgrades:
        return [translate("idle.not", lang, seconds=round(scope.idle_s))]
    return [_idle_sentence(upgrade, lang) for upgrade in held_upgrades]


def _idle_sentence(upgrade: Upgrade, lang: str) -> str:
    facts = {
        "path": upgrade.path,
        "way": translate(f"idle.{upgrade.through}", lang),
        "seconds": round(upgrade.quiet_s or 0.0),
    }
    if upgrade.idle_s is not None:
        return translate("idle.cut", lang, **{**facts, "seconds": f"{upgrade.idle_s:.1f}"})
    if upgrade.own_frames_s is not None:
        return translate("idle.busy", lang, **facts, rhythm=f"{upgrade.own_frames_s:.1f}")
    return translate("idle.held", lang, **facts)


def page_method(report: Report) -> str:
    """Return the method by which the page was requested (--method)."""
    pages = (page for page in report.evidence.of(Exchange) if page.purpose == "target")
    return next((page.method for page in pages if page.redirected_from is None), "GET")


def visitor_address(report: Report) -> str:
    """Return the address of the visitor whom the run is for (`--from`), "" for any visitor."""
    visitors = (
        observation
        for observation in report.evidence.observations
        if type(observation).__name__ == "Visitor" and observation.vantage == "here"
    )
    return next((getattr(observation, "address", "") for observation in visitors), "")


def join_texts(texts: Iterable[str], lang: str) -> str:
    """Join as "a, b"."""
    return translate("join.list", lang).join(texts)


def join_sentences(first: str, second: str, lang: str) -> str:
    """Join two sentences; the second may be empty."""
    return translate("join.sentences", lang, first=first, second=second) if second else first


def counts_sentence(numbers: Mapping[str, int], lang: str) -> str:
    """Return the numbers of "causes", "symptoms" and "notes" as a sentence, without those of
    which there are none."""
    counts = [
        translate(f"count.{kind}", lang, count=count) for kind, count in numbers.items() if count
    ]
    return translate("counts", lang, counts=translate("join.phrases", lang).join(counts))


def symptoms(report: Report, finding: Finding) -> tuple[Finding, ...]:
    return tuple(symptom for symptom in report.findings if symptom.explained_by == finding.id)
