"""The arguments of a call, which an agent wrote: their JSON Schema, and their parser.

The SDK does not validate them. Each parser raises `UsageError`, whose text tells the agent what to
write instead.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

from diagnose.agent.settings import ServerSettings
from diagnose.i18n import LANGUAGES
from diagnose.model import Target
from diagnose.model.addresses import is_guarded
from diagnose.model.frozen import frozen
from diagnose.parsers.target import UsageError, parse_target, suggestion
from diagnose.probes import Options

Side = Literal["auto", "outside", "inside"]
Evidence = Literal["cited", "all"]

#: Limits of a call: characters of a text, WebSockets, seconds of a run.
MAX_TEXT, MAX_WEBSOCKETS, MAX_SECONDS = 2048, 8, 60.0

_LANG = {"type": "string", "enum": list(LANGUAGES), "description": "Language of the texts."}
_EVIDENCE = {
    "type": "string",
    "enum": list(get_args(Evidence)),
    "description": "cited (default): the observations that findings rest on, with the files that "
    "they name. all: every observation and file, and steps of consequences.",
}
#: JSON Schema (2020-12) of the properties of each tool's arguments; the first one is required.
PROPERTIES: Mapping[str, dict[str, dict[str, Any]]] = {
    "diagnose": {
        "target": {
            "type": "string",
            "maxLength": MAX_TEXT,
            "description": "name, name:port, URL (https, http, wss, ws) or address; or an error "
            "message that names the site. Where one page fails, its whole URL: a name alone asks "
            "for /.",
        },
        "ws": {
            "type": "array",
            "items": {"type": "string", "maxLength": MAX_TEXT},
            "maxItems": MAX_WEBSOCKETS,
            "description": "Paths of WebSockets to judge too, such as /ws.",
        },
        "side": {
            "type": "string",
            "enum": list(get_args(Side)),
            "description": "outside: what the network shows. inside: what the server shows. "
            "auto (default): both, if this machine is the server.",
        },
        "timeout": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": MAX_SECONDS,
            "description": "Seconds for the whole run (15).",
        },
        "evidence": _EVIDENCE,
        "lang": _LANG,
    },
    "explain": {
        "check": {
            "type": "string",
            "maxLength": MAX_TEXT,
            "description": "Id of a check, as in findings: layer.name, such as tcp.refused.",
        },
        "lang": _LANG,
    },
    "replay": {
        "path": {
            "type": "string",
            "maxLength": MAX_TEXT,
            "description": "File of `diagnose record` or `diagnose bundle` on this machine.",
        },
        "evidence": _EVIDENCE,
        "lang": _LANG,
    },
}


@frozen
class DiagnoseCall:
    target: Target
    options: Options
    evidence: Evidence
    lang: str


@frozen
class ExplainCall:
    check_id: str
    lang: str


@frozen
class ReplayCall:
    path: str
    evidence: Evidence
    lang: str


def input_schema(tool: str) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments."""
    properties = PROPERTIES[tool]
    return {
        "type": "object",
        "properties": properties,
        "required": [next(iter(properties))],
        "additionalProperties": False,
    }


def parse_diagnose(arguments: Mapping[str, Any], settings: ServerSettings) -> DiagnoseCall:
    _check_names("diagnose", arguments)
    lang = _lang(arguments, settings)
    target = parse_target(_text(arguments, "target"), _websockets(arguments), lang)
    if is_guarded(target.host):
        raise UsageError(f"{target.host} is a link-local or metadata address: it is never asked.")
    side: Side = _choice(arguments, "side", get_args(Side), "auto")
    options = replace(settings.options, timeout=_seconds(arguments))
    return DiagnoseCall(target, _with_side(options, side), _evidence(arguments), lang)


def parse_explain(arguments: Mapping[str, Any], settings: ServerSettings) -> ExplainCall:
    _check_names("explain", arguments)
    return ExplainCall(_text(arguments, "check"), _lang(arguments, settings))


def parse_replay(arguments: Mapping[str, Any], settings: ServerSettings) -> ReplayCall:
    _check_names("replay", arguments)
    path = _text(arguments, "path")
    return ReplayCall(path, _evidence(arguments), _lang(arguments, settings))


def _with_side(options: Options, side: Side) -> Options:
    if side == "outside":
        return replace(options, server=None, inside=False)
    return replace(options, outside=False, inside=True) if side == "inside" else options


def _check_names(tool: str, arguments: Mapping[str, Any]) -> None:
    property_names = tuple(PROPERTIES[tool])
    for name in arguments:
        if name not in property_names:
            hint = (
                suggestion(name[:MAX_TEXT], property_names)
                or f" There are {', '.join(property_names)}."
            )
            raise UsageError(f"{tool} has no argument {name[:60]!r}.{hint}")


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise UsageError(f"{name} takes a text of 1 to {MAX_TEXT} characters.")
    return value


def _websockets(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    value = arguments.get("ws", [])
    if not isinstance(value, list) or len(value) > MAX_WEBSOCKETS:
        raise UsageError(f'ws takes at most {MAX_WEBSOCKETS} paths, such as ["/ws"].')
    return tuple(_text({"ws": path}, "ws") for path in value)


def _seconds(arguments: Mapping[str, Any]) -> float:
    value = arguments.get("timeout", Options().timeout)
    if isinstance(value, bool) or not isinstance(value, int | float):
        value = 0.0
    if not 0 < value <= MAX_SECONDS:
        raise UsageError(f"timeout takes seconds, more than 0 and at most {MAX_SECONDS:g}.")
    return float(value)


def _choice(arguments: Mapping[str, Any], name: str, words: tuple[str, ...], default: str) -> Any:
    value = arguments.get(name, default)
    if value not in words:
        raise UsageError(f"{name} takes one of {', '.join(words)}.")
    return value


def _evidence(arguments: Mapping[str, Any]) -> Evidence:
    chosen: Evidence = _choice(arguments, "evidence", get_args(Evidence), "cited")
    return chosen


def _lang(arguments: Mapping[str, Any], settings: ServerSettings) -> str:
    chosen: str = _choice(arguments, "lang", tuple(LANGUAGES), settings.lang)
    return chosen
