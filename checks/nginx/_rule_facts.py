"""What is told of a `return` that answers in the place of a page, and of its condition."""

from checks.nginx import Nginx, file_line
from checks.nginx._flag_rules import switch_of
from checks.nginx._referer_edits import names_the_unwanted
from checks.nginx._rule_edits import tested_path
from diagnose.model.nginx import Directive

#: What a condition compares, by the variable in it.
SUBJECTS = {
    "$http_origin": "origin",
    "$host": "host",
    "$http_host": "host",
    "$server_name": "host",
    "$request_method": "method",
    "$http_referer": "referer",
    "$invalid_referer": "referer",
    "$http_user_agent": "browser",
    "$server_protocol": "protocol",
    "-f": "file",
    "-e": "file",
    "-d": "file",
}

#: Facts of a response that was seen.
OF_RESPONSE = ("spares", "own", "address", "login", "socket")


def kind_of(condition: Directive | None) -> str:
    """Return what a condition compares, "" if it is none of the usual."""
    text = " ".join(condition.args) if condition else ""
    return next((kind for word, kind in SUBJECTS.items() if word in text), "")


def rule_facts(
    nginx: Nginx, directive: Directive, condition: Directive | None, is_seen: bool = False
) -> dict[str, object]:
    """Return the facts of a rule. `is_seen`: a response of this run was its."""
    text, kind = " ".join(condition.args) if condition else "", kind_of(condition)
    statement, path = directive.text, tested_path(nginx, condition)
    return {
        "rule": statement,
        "place": file_line(directive),
        "condition": f"if {text}" if text else "",
        "block": f"if {text} {{ {statement}; }}" if text else f"{statement};",
        "path": path if kind == "file" else "",
        "switch": "",
        "switch_place": "",
        "flag": "",
        "flag_panel": False,
        "wanted": "",
        "by_program": False,
        "told": False,
        "unwanted": kind == "referer" and names_the_unwanted(nginx, condition),
        "typed": False,
        "program": "",
        "user_agent": "",
        **{name: kind == name for name in dict.fromkeys(SUBJECTS.values())},
        **(_switch_facts(nginx, condition) if is_seen else {}),
    }


def _switch_facts(nginx: Nginx, condition: Directive | None) -> dict[str, object]:
    """Return what turned the rule on for the time of a maintenance: a file, or a line."""
    switch = switch_of(nginx, condition)
    if switch is None:
        return {}
    if switch.name == "if":
        return {"path": tested_path(nginx, switch), "file": True}
    written = switch.text
    return {"switch": f"{written};", "switch_place": file_line(switch)}
