"""What the edits of compose files have in common: the file is read again after each of them, and
nothing else in it may have changed. Pure."""

import copy
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diagnose.parsers.compose_files import entries, entry, last_line, root_of, service_body
from diagnose.parsers.nginx.edits import TextEdit, apply_edits

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

_SAFE = re.compile(r"[\w./:@~+=\[\]-]{1,400}")
#: A service, as the file is read.
Service = dict[str, Any]


def read_compose(text: str) -> dict[str, Any] | None:
    import yaml

    if root_of(text) is None:
        return None
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError, IndexError, TypeError):
        return None
    services = read.get("services") if isinstance(read, dict) else None
    return read if isinstance(services, dict) else None


def edited(
    edit: "Callable[[MappingNode], list[TextEdit]]",
    change: Callable[[Service], object],
    text: str,
    service: str,
) -> str:
    """Return the text with an edit if it changes exactly what `change` does; "" if not."""
    before, body = read_compose(text), service_body(root_of(text), service)
    if before is None or body is None or not isinstance(before["services"].get(service), dict):
        return ""
    edits = edit(body)
    if not edits:
        return ""
    after, wanted = apply_edits(text, *edits), copy.deepcopy(before)
    change(wanted["services"][service])
    return after if read_compose(after) == wanted else ""


def with_item(text: str, service: str, key: str, item: str) -> str:
    """Add an item to a list of a service, which may be new."""
    own = (read_compose(text) or {}).get("services", {}).get(service)
    if not isinstance(own, dict) or not _SAFE.fullmatch(item):
        return ""
    items = own.get(key)
    if isinstance(items, list) and item in map(str, items):
        return text
    if isinstance(items, dict):
        return _with_pair(text, service, key, item)
    if not isinstance(items, list | None) or (items is None and key in own):
        return ""

    def edit(body: "MappingNode") -> list[TextEdit]:
        node = entry(body, key)
        if node is None:
            return new_block(text, key, [item])(body)
        if getattr(node, "flow_style", False):
            at = node.end_mark.index - 1
            return [TextEdit(at, at, f'{", " if items else ""}"{item}"')]
        last = node.value[-1] if node.value else None
        return line_below(text, last, last, quoted(item)) if last is not None else []

    def change(own: Service) -> None:
        own[key] = [*(items or ()), item]

    return edited(edit, change, text, service)


def _with_pair(text: str, service: str, key: str, item: str) -> str:
    """Add "NAME:VALUE" to a mapping of a service."""
    name, _, value = item.partition(":")

    def edit(body: "MappingNode") -> list[TextEdit]:
        node = entry(body, key)
        last = list(entries(node))[-1:]
        if (
            not last
            or getattr(node, "flow_style", True)
            or any(each.value == name for each, _ in entries(node))
        ):
            return []
        return line_below(text, *last[0], f'{name}: "{value}"')

    return edited(edit, lambda own: own[key].update({name: value}), text, service)


def scalar_edit(text: str, node: "Node", value: str) -> TextEdit:
    """Replace a scalar, with the quotes that it has."""
    quote = text[node.start_mark.index]
    # A port without them may be a number to the base of sixty (YAML 1.1).
    around = quote if quote in "\"'" else '"' * (":" in value and value[0].isdigit())
    return TextEdit(node.start_mark.index, node.end_mark.index, f"{around}{value}{around}")


def quoted(item: str) -> str:
    return item if re.fullmatch(r"[A-Za-z][\w-]*", item) else f'"{item}"'


def line_below(text: str, first: "Node", last: "Node", line: str) -> list[TextEdit]:
    """Add a line like that on which a node begins behind its last one."""
    start = text.rfind("\n", 0, first.start_mark.index) + 1
    lead = text[start : first.start_mark.index]
    if not re.fullmatch(r"[ ]*(?:-[ ]+)?", lead):
        return []
    end = line_end(text, last_line(last))
    return [TextEdit(end, end, f"\n{lead}{line}")]


def line_end(text: str, number: int) -> int:
    at = -1
    for _ in range(number + 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at


def new_block(text: str, key: str, items: list[str]) -> "Callable[[MappingNode], list[TextEdit]]":
    """Add a list to a service, behind its first line: mostly the name of its image."""

    def edit(body: "MappingNode") -> list[TextEdit]:
        first = next(entries(body), None)
        if first is None:
            return []
        name, value = first
        start = text.rfind("\n", 0, name.start_mark.index) + 1
        lead = text[start : name.start_mark.index]
        if lead.strip(" ") or not lead:
            return []
        head = f"{key}:" if items else key
        lines = [head, *(f"  - {quoted(item)}" for item in items)]
        end = line_end(text, last_line(value))
        return [TextEdit(end, end, "".join(f"\n{lead}{line}" for line in lines))]

    return edit
