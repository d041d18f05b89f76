"""Parse firewalld's files: zones, policies, services, sets of addresses and direct rules
(firewalld.zone(5), firewalld.policy(5), firewalld.service(5), firewalld.ipset(5),
firewalld.direct(5)). No I/O."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from diagnose.model.firewall import PortRange
from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import (
    MAX_ITEMS,
    MAX_SET_ENTRIES,
    PolicyText,
    ServiceText,
    ZoneText,
    forward_port_text,
    parse_priority,
    port_ranges,
    protocol_ranges,
)
from diagnose.parsers.sanitize import clean


@frozen
class _Element:
    name: str
    attributes: dict[str, str]
    children: "list[_Element]"


def _xml(text: str) -> _Element:
    """Return the elements of a small XML file, without text. Raises ValueError for other input."""
    from xml.parsers import expat

    root = _Element("", {}, [])
    open_elements = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = _Element(name, attributes, [])
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def no_entities(*_: Any) -> None:
        raise ValueError("a file of firewalld declares no entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_elements.pop()
    parser.EntityDeclHandler = no_entities
    try:
        # The text is already decoded, so the encoding in the XML declaration no longer applies.
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode(errors="replace"), True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return root.children[0]


def _root(kind: str, text: str) -> _Element:
    root = _xml(text)
    if root.name != kind:
        raise ValueError(f"not a {kind}")
    return root


def zone_file(name: str, text: str) -> ZoneText:
    """Parse a zone's file. Raises ValueError where firewalld would reject it too."""
    root = _root("zone", text)
    children = root.children[:MAX_ITEMS]
    return ZoneText(
        name=clean(name, 64),
        target=clean(root.attributes.get("target", "default"), 20),
        priority=parse_priority(root.attributes.get("ingress-priority"), 0),
        interfaces=_attribute_values(children, "interface", "name"),
        sources=tuple(_source(child) for child in children if child.name == "source"),
        **_common_settings(children),
    )


def policy_file(name: str, text: str) -> PolicyText:
    """Parse a policy's file. Raises ValueError if it is not one."""
    root = _root("policy", text)
    children = root.children[:MAX_ITEMS]
    return PolicyText(
        name=clean(name, 64),
        target=clean(root.attributes.get("target", "CONTINUE"), 20),
        priority=parse_priority(root.attributes.get("priority"), -1),
        ingress=_attribute_values(children, "ingress-zone", "name"),
        egress=_attribute_values(children, "egress-zone", "name"),
        **_common_settings(children),
    )


def service_file(text: str) -> ServiceText:
    """Parse a service's file. Raises ValueError if it is not one."""
    children = _root("service", text).children[:MAX_ITEMS]
    return ServiceText(_opened_ports(children), _attribute_values(children, "include", "service"))


def _without_comments(text: str) -> str:
    """Remove comments; an unterminated comment is kept as text."""
    parts, offset = [], 0
    while (begin := text.find("<!--", offset)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        parts.append(text[offset:begin])
        offset = end + 3
    return "".join((*parts, text[offset:]))


def ipset_entries(text: str) -> tuple[str, ...]:
    """Return the entries of a set's file, or () if it has none. Uses a regular expression, because
    the file may be long."""
    entries = re.findall(r"<entry>([^<]{1,128})</entry>", _without_comments(text))
    return tuple(clean(entry, 128) for entry in entries[: MAX_SET_ENTRIES + 1])


def direct_rules(text: str) -> tuple[str, ...]:
    """Return the rules of direct.xml for incoming packets as firewall-cmd takes them: "ipv4 filter
    INPUT 0 -p tcp --dport 443 …", or "passthrough ipv4 -I INPUT …"."""
    text = _without_comments(text)
    rules = []
    for kind, attributes, arguments in re.findall(
        r"<(rule|passthrough)\b([^>]*)>([^<]{1,500})</", text
    ):
        values = dict(re.findall(r"(\w+)=[\"']([^\"']*)[\"']", attributes))
        if kind == "rule" and (values.get("table"), values.get("chain")) == ("filter", "INPUT"):
            head = (values.get("ipv", "ipv4"), "filter", "INPUT", values.get("priority", "0"))
            rules.append(" ".join((*head, arguments)))
        elif kind == "passthrough" and re.search(r"\bINPUT\b", arguments):
            rules.append(" ".join((kind, values.get("ipv", "ipv4"), arguments)))
    return tuple(clean(rule, 500) for rule in rules[:MAX_ITEMS])


def _common_settings(children: list[_Element]) -> dict[str, Any]:
    return {
        "services": _attribute_values(children, "service", "name"),
        "ports": _opened_ports(children),
        "rich_rules": tuple(_rule(child) for child in children if child.name == "rule"),
        "forward_ports": tuple(
            _forward_port(child) for child in children if child.name == "forward-port"
        ),
    }


def _opened_ports(elements: list[_Element]) -> tuple[PortRange, ...]:
    ports = (_port(element) for element in elements if element.name == "port")
    return port_ranges(ports) + protocol_ranges(_attribute_values(elements, "protocol", "value"))


def _attribute_values(elements: Iterable[_Element], kind: str, attribute: str) -> tuple[str, ...]:
    return tuple(
        clean(element.attributes.get(attribute, ""), 128)
        for element in elements
        if element.name == kind
    )


def _port(element: _Element) -> tuple[str, str]:
    return element.attributes.get("port", ""), element.attributes.get("protocol", "")


def _forward_port(element: _Element) -> str:
    attributes = element.attributes
    return forward_port_text(
        *_port(element), attributes.get("to-port", ""), attributes.get("to-addr", "")
    )


def _source(element: _Element) -> str:
    attributes = element.attributes
    if "ipset" in attributes:
        return clean(f"ipset:{attributes['ipset']}", 128)
    return clean(attributes.get("address") or attributes.get("mac") or "", 128)


def _rule(rule: _Element) -> str:
    """Return a rich rule as firewall-cmd writes it (firewalld.richlanguage(5))."""
    parts = ["rule", *_attributes(rule, ("priority", "family"))]
    for child in sorted(rule.children, key=_sort_position):
        inverted = child.attributes.get("invert", "").lower() in {"true", "yes"}
        parts += [child.name, *["NOT"] * inverted]
        parts += _attributes(child, tuple(name for name in child.attributes if name != "invert"))
        for limit in child.children:
            limit_names = (
                ("value", "burst") if limit.attributes.get("burst", "0") != "0" else ("value",)
            )
            parts += [limit.name, *_attributes(limit, limit_names)]
    return clean(" ".join(parts), 500)


def _sort_position(element: _Element) -> int:
    """Return an element's position in the rich language, whatever its position in the file."""
    order = {"source": 0, "destination": 1, "log": 3, "nflog": 3, "audit": 4}
    actions = dict.fromkeys(("accept", "reject", "drop", "mark"), 5)
    return (order | actions).get(element.name, 2)


def _attributes(element: _Element, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in element.attributes:
            yield f'{name}="{element.attributes[name]}"'
