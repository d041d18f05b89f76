"""The reference that is made from the code: the command line, JSON, metrics, exit status."""

import json
from collections.abc import Iterator
from typing import Any

from diagnose.cli.help_text import DESCRIPTION, EXIT_STATUSES
from diagnose.cli.schemas import REPORT_BUNDLE, lines_schema
from diagnose.i18n.command_line import translate_help
from diagnose.i18n.symptoms import symptom_name
from diagnose.model.symptom import Symptom
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.outputs.prometheus import METRICS
from diagnose.parsers.applications import application_ids, application_of
from docs.generator.check_pages import link
from docs.generator.exporter_metrics import exporter_metrics
from docs.generator.look_alikes import causes_behind, pairs
from docs.generator.replay import printed, replayed
from docs.generator.words import word
from tests.support.error_messages import MESSAGES


def command_line(lang: str) -> str:
    """Return the page of every command and option."""
    spec = json.loads(printed("--spec"))
    lines = [f"# {word('cli', lang)}", "", word("cli-about", lang)]
    for command in spec["commands"]:
        lines += ["", f"## `{command['name']}`", "", _purpose(command, lang), ""]
        lines += ["```text", command["usage"], "```", ""]
        lines += [f"| {word('option', lang)} | {word('meaning', lang)} |", "|---|---|"]
        lines += [_operand(operand, lang) for operand in command["operands"]]
        lines += [_option(option, lang) for option in command["options"]]
    return "\n".join(lines) + "\n"


def _purpose(command: dict[str, Any], lang: str) -> str:
    """Return what a command is for. That of `diagnose` itself is the first line of its help."""
    if command["purpose"] == DESCRIPTION.partition("\n")[0]:
        return translate_help(DESCRIPTION, lang).partition("\n")[0]
    return translate_help(command["purpose"], lang)


def _operand(operand: dict[str, Any], lang: str) -> str:
    return f"| `{operand['name']}` | {_cell(translate_help(operand['help'], lang))} |"


def _option(option: dict[str, Any], lang: str) -> str:
    value = f" {option['value']}" if option["value"] else ""
    flags = ", ".join(f"`{flag}{value}`" for flag in option["flags"])
    notes = [_cell(translate_help(option["help"], lang))]
    if option["choices"]:
        values = ", ".join(f"`{choice}`" for choice in option["choices"])
        notes.append(f"{word('values', lang)}: {values}")
    if option["repeatable"]:
        notes.append(word("repeatable", lang))
    return f"| {flags} | {'<br>'.join(notes)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def exit_status(lang: str) -> str:
    """Return the page of the exit status."""
    lines = [f"# {word('exit', lang)}", "", word("exit-about", lang), ""]
    lines += [f"| {word('status', lang)} | {word('meaning', lang)} |", "|---|---|"]
    lines += [f"| {code} | {word(f'exit-{code}', lang)} |" for code in EXIT_STATUSES]
    return "\n".join(lines) + "\n"


def json_document(lang: str) -> str:
    """Return the page of the JSON document, by the schema."""
    schema = json.loads(printed("--schema"))
    lines = [f"# {word('json', lang)}", "", word("json-about", lang, version=SCHEMA_VERSION)]
    for name, definition in schema["$defs"].items():
        lines += ["", f"## `{name}`", ""]
        lines += [f"{definition['description']}\n"] if "description" in definition else []
        for form in definition.get("oneOf", definition.get("anyOf", [definition])):
            lines += ["", *_form(form, lang)]
    return "\n".join(lines) + "\n"


def json_lines(lang: str) -> str:
    """Return the page of the lines of a fleet and of `watch --jsonl`, by their schema."""
    definitions = json.loads(lines_schema())["$defs"]
    lines = [f"# {word('json-lines', lang)}", "", word("json-lines-about", lang)]
    for name, definition in definitions.items():
        if name == REPORT_BUNDLE:
            continue
        lines += ["", f"## `{name}`", ""]
        lines += [f"{definition['description']}\n"] if "description" in definition else []
        for form in definition.get("allOf", [definition]):
            lines += ["", *_form(form, lang)]
    return "\n".join(lines) + "\n"


def _form(form: dict[str, Any], lang: str) -> list[str]:
    """Return the fields of an object, or the name of what stands in its place."""
    if "properties" not in form:
        return [_type(form)]
    head = (word(key, lang) for key in ("field", "type", "meaning"))
    return [f"| {' | '.join(head)} |", "|---|---|---|", *_fields(form, lang)]


def _fields(definition: dict[str, Any], lang: str) -> Iterator[str]:
    required = definition.get("required", ())
    for name, field in definition["properties"].items():
        absent = "" if name in required else f" *({word('may-be-absent', lang)})*"
        about = _cell(field.get("description", ""))
        yield f"| `{name}` | {_type(field)}{absent} | {about} |"


def _type(field: dict[str, Any]) -> str:
    """Return a JSON Schema's type in words; a definition of the page is a link."""
    if "$ref" in field:
        place, _, name = field["$ref"].rpartition("/")
        page = "json.md" if REPORT_BUNDLE in place else ""
        return f"[{name}]({page}#{name.lower()})"
    if "enum" in field or "const" in field:
        values = field.get("enum", [field.get("const")])
        return ", ".join(f"`{json.dumps(value)}`" for value in values)
    if forms := field.get("anyOf") or field.get("oneOf"):
        return " / ".join(map(_type, forms))
    if field.get("type") == "array":
        return f"array: {_type(field.get('items', {}))}"
    kind = field.get("type", "any")
    return " / ".join(kind) if isinstance(kind, list) else str(kind)


def metrics(lang: str) -> str:
    """Return the page of the metrics."""
    known = {name: (labels, about) for name, (about, labels, _) in METRICS.items()}
    known["diagnose_build_info"] = (("version",), "The version")
    lines = [f"# {word('metrics', lang)}", "", word("metrics-about", lang), ""]
    lines += _metric_table(known, lang)
    lines += ["", f"## {word('exporter-metrics', lang)}", ""]
    lines += [word("exporter-metrics-about", lang), "", *_metric_table(exporter_metrics(), lang)]
    return "\n".join(lines) + "\n"


def _metric_table(known: dict[str, tuple[tuple[str, ...], str]], lang: str) -> Iterator[str]:
    head = (word(key, lang) for key in ("metric", "labels", "meaning"))
    yield f"| {' | '.join(head)} |"
    yield "|---|---|---|"
    for name, (labels, about) in known.items():
        listed = ", ".join(f"`{label}`" for label in labels)
        yield f"| `{name}` | {listed} | {_cell(about)} |"


def look_alikes(lang: str) -> str:
    """Return the lists of causes behind what is seen from outside, the longest first."""
    seen = {outside: causes_behind(outside) for outside, _ in pairs()}
    lines: list[str] = []
    for outside in sorted(seen, key=lambda check_id: (-len(seen[check_id]), check_id)):
        if len(seen[outside]) > 1:
            lines += ["", f"### `{outside}` {{ #{outside.replace('.', '-')} }}", ""]
            lines += [link(outside, lang, "../checks/"), ""]
            lines += [f"{word('look-alike-causes', lang)}:", ""]
            lines += [link(check_id, lang, "../checks/") for check_id in seen[outside]]
    return "\n".join(lines)


def messages(lang: str) -> str:
    """Return the table of the messages that may be pasted."""
    lines: list[str] = []
    for program, examples in MESSAGES.items():
        lines += ["", f"## {program}", ""]
        lines += [f"| {word('message', lang)} | {word('read-as', lang)} |", "|---|---|"]
        for example in examples:
            name = symptom_name(Symptom(example.kind, "", example.number), lang)
            lines.append(f"| `{' '.join(example.message.split()).replace('`', '')}` | {name} |")
    return "\n".join(lines)


def applications(lang: str) -> str:
    """Return the table of the known applications and what is known of each."""
    lines = [f"| {word('application', lang)} | {word('known-of', lang)} |", "|---|---|"]
    known = filter(None, map(application_of, application_ids()))
    for application in sorted(known, key=lambda each: each.name.lower()):
        topics = (
            *("WebSocket" for _ in application.websockets[:1]),
            *(f"`client_max_body_size {upload.size}`" for upload in application.uploads[:1]),
            *("`proxy_buffering off`" for _ in application.streams[:1]),
            *(f"`proxy_read_timeout {each.seconds}s`" for each in application.timeouts[:1]),
            *(f"`{each.name}`" for each in application.fields),
            *(f"`{each.path}`" for each in application.well_known),
        )
        lines.append(f"| {application.name} | {', '.join(topics)} |")
    return "\n".join(lines)


def example_of_consequences(lang: str) -> str:
    """Return a recorded run that has four consequences."""
    output = replayed("key", lang, "--format", "plain").rstrip("\n")
    rows = (line.split("\t") for line in output.splitlines())
    lines = [f"{columns[2]:24}{columns[3]:12}{columns[6]}" for columns in rows]
    return "\n".join(["```text", *lines, "```"])
