"""Edits of the environment and of the labels of a service in a compose file. Pure.

A file with anchors or with another form than that of most is not edited: what a line of it is in
force for cannot be said."""

import re
from typing import Literal

from diagnose.parsers.compose_files import HIDDEN, entry, root_of, service_body, tree_of
from diagnose.parsers.nginx.edits import TextEdit, apply_edits

_PLAIN = re.compile(r"[\w.:/\[\]*,;-]{1,300}")
#: A label may be a rule of Traefik besides: "Host(`a.example`) && !Path(`/b`)".
_RULE = re.compile(r"[\w(][\w.:/\[\]*,;()`&|!@ -]{0,299}")
#: What holds "NAME=VALUE" or "NAME: VALUE".
Block = Literal["environment", "labels"]


def with_variable(text: str, service: str, name: str, value: str) -> str:
    """Return a compose file with this variable of a service; "" if that cannot be done."""
    return _with_pair(text, service, "environment", name, value) if _PLAIN.fullmatch(value) else ""


def with_label(text: str, service: str, name: str, value: str) -> str:
    """Return a compose file with this label of a service; "" if that cannot be done."""
    return _with_pair(text, service, "labels", name, value) if _RULE.fullmatch(value) else ""


def _with_pair(text: str, service: str, block: Block, name: str, value: str) -> str:
    body = service_body(root_of(text), service)
    if body is None:
        return ""
    edit = _edit(text, body, block, name, value)
    if edit is None:
        return ""
    edited = apply_edits(text, edit)
    return edited if variable_of(edited, service, name, block) == value else ""


def variable_of(text: str, service: str, name: str, block: Block = "environment") -> str | None:
    """Return the value of a variable, or label, that a compose file sets for a service, None if it
    does not, or if it takes it from elsewhere."""
    import yaml

    node = entry(entry(entry(tree_of(text), "services"), service), block)
    if isinstance(node, yaml.SequenceNode):
        lines = (item.value for item in node.value if isinstance(item, yaml.ScalarNode))
        values = [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]
        return values[-1] if values else None
    value = entry(node, name)
    return str(value.value) if isinstance(value, yaml.ScalarNode) else None


def _edit(text: str, body: object, block: Block, name: str, value: str) -> TextEdit | None:
    import yaml

    environment = entry(body, block)
    if environment is None:
        return _new_block(text, body, block, name, value)
    if isinstance(environment, yaml.SequenceNode) and not environment.flow_style:
        items = [item for item in environment.value if isinstance(item, yaml.ScalarNode)]
        for item in items:
            if item.value.startswith(f"{name}="):
                quote = text[item.start_mark.index]
                around = quote if quote in "\"'" else ""
                line = f"{around}{name}={value}{around}"
                return TextEdit(item.start_mark.index, item.end_mark.index, line)
        return _line_behind(text, items[-1] if items else None, f"{name}={value}")
    if isinstance(environment, yaml.MappingNode) and not environment.flow_style:
        for key, item in environment.value:
            if key.value == name and isinstance(item, yaml.ScalarNode) and item.value:
                return TextEdit(item.start_mark.index, item.end_mark.index, f'"{value}"')
        keys = [key for key, item in environment.value if isinstance(item, yaml.ScalarNode)]
        is_plain = keys and len(keys) == len(environment.value)
        return _line_behind(text, keys[-1], f'{name}: "{value}"') if is_plain else None
    return _line_before_hidden(text, environment, f'{name}: "{value}"')


def _line_before_hidden(text: str, node: object, entry: str) -> TextEdit | None:
    """Add a line before the first of a mapping whose lines are all hidden."""
    mark = getattr(node, "start_mark", None)
    start = text.find("\n", mark.index) + 1 if mark is not None else 0
    while start and text.startswith(f"{HIDDEN}\n", start):
        start += len(HIDDEN) + 1
    lead = re.match(rf"( +){HIDDEN}\n", text[start : start + 200]) if start else None
    return TextEdit(start, start, f"{lead[1]}{entry}\n") if lead else None


def _line_behind(text: str, node: object, entry: str) -> TextEdit | None:
    """Add a line like the one of the last entry behind it."""
    mark = getattr(node, "start_mark", None)
    if mark is None:
        return None
    start = text.rfind("\n", 0, mark.index) + 1
    lead, end = text[start : mark.index], text.find("\n", mark.index)
    if not re.fullmatch(r"[ ]*(?:-[ ]*)?", lead) or end < 0:
        return None
    # The mark of a hidden entry of a list is at its dash.
    return TextEdit(end, end, f"\n{lead}{' ' * lead.endswith('-')}{entry}")


def _new_block(text: str, body: object, block: Block, name: str, value: str) -> TextEdit | None:
    """Add the environment, or the labels, before the first line of the service."""
    mark = getattr(body, "start_mark", None)
    if mark is None:
        return None
    start = text.rfind("\n", 0, mark.index) + 1
    lead = text[start : mark.index]
    if lead.strip(" ") or not lead:
        return None
    lines = f'{lead}{block}:\n{lead}  {name}: "{value}"\n'
    return TextEdit(start, start, lines)
