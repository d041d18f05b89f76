"""firewalld's files: zones, policies, services, sets of addresses and direct rules
(firewalld.zone(5), firewalld.policy(5), firewalld.service(5), firewalld.ipset(5),
firewalld.direct(5)). Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from diagnose.model.firewall import PortRange
from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import (
    MOST,
    MOST_OF_SET,
    PolicyText,
    ServiceText,
    ZoneText,
    forward,
    number,
    ranges,
    whole,
)
from diagnose.parsers.sanitize import clean


@frozen
class _Element:
    name: str
    attributes: dict[str, str]
    children: "list[_Element]"


def _xml(text: str) -> _Element:
    """The elements of a small XML file, without its text. ValueError where it is none."""
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
        # The text is Unicode already: what the declaration says of its encoding is past.
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
    """A zone's file. ValueError where it is none, as for firewalld."""
    root = _root("zone", text)
    every = root.children[:MOST]
    return ZoneText(
        name=clean(name, 64),
        target=clean(root.attributes.get("target", "default"), 20),
        priority=number(root.attributes.get("ingress-priority"), 0),
        interfaces=_all(every, "interface", "name"),
        sources=tuple(_source(one) for one in every if one.name == "source"),
        **_common(every),
    )


def policy_file(name: str, text: str) -> PolicyText:
    """A policy's file. ValueError where it is none."""
    root = _root("policy", text)
    every = root.children[:MOST]
    return PolicyText(
        name=clean(name, 64),
        target=clean(root.attributes.get("target", "CONTINUE"), 20),
        priority=number(root.attributes.get("priority"), -1),
        ingress=_all(every, "ingress-zone", "name"),
        egress=_all(every, "egress-zone", "name"),
        **_common(every),
    )


def service_file(text: str) -> ServiceText:
    """A service's file. ValueError where it is none."""
    every = _root("service", text).children[:MOST]
    return ServiceText(_opening(every), _all(every, "include", "service"))


def _without_comments(text: str) -> str:
    """A comment that never ends is none."""
    kept, at = [], 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        kept.append(text[at:begin])
        at = end + 3
    return "".join((*kept, text[at:]))


def ipset_entries(text: str) -> tuple[str, ...]:
    """What a set's file holds, line for line: it may be long. "" where it is no set."""
    found = re.findall(r"<entry>([^<]{1,128})</entry>", _without_comments(text))
    return tuple(clean(entry, 128) for entry in found[: MOST_OF_SET + 1])


def direct_rules(text: str) -> tuple[str, ...]:
    """The rules of direct.xml for what comes in, each as firewall-cmd takes it: "ipv4 filter
    INPUT 0 -p tcp --dport 443 …", and a "passthrough ipv4 -I INPUT …"."""
    text = _without_comments(text)
    found = []
    for kind, written, words in re.findall(r"<(rule|passthrough)\b([^>]*)>([^<]{1,500})</", text):
        said = dict(re.findall(r"(\w+)=[\"']([^\"']*)[\"']", written))
        if kind == "rule" and (said.get("table"), said.get("chain")) == ("filter", "INPUT"):
            head = (said.get("ipv", "ipv4"), "filter", "INPUT", said.get("priority", "0"))
            found.append(" ".join((*head, words)))
        elif kind == "passthrough" and re.search(r"\bINPUT\b", words):
            found.append(" ".join((kind, said.get("ipv", "ipv4"), words)))
    return tuple(clean(rule, 500) for rule in found[:MOST])


def _common(every: list[_Element]) -> dict[str, Any]:
    return {
        "services": _all(every, "service", "name"),
        "ports": _opening(every),
        "rich_rules": tuple(_rule(one) for one in every if one.name == "rule"),
        "forward_ports": tuple(_forwarding(one) for one in every if one.name == "forward-port"),
    }


def _opening(elements: list[_Element]) -> tuple[PortRange, ...]:
    ports = (_port(one) for one in elements if one.name == "port")
    return ranges(ports) + whole(_all(elements, "protocol", "value"))


def _all(elements: Iterable[_Element], kind: str, attribute: str) -> tuple[str, ...]:
    return tuple(
        clean(one.attributes.get(attribute, ""), 128) for one in elements if one.name == kind
    )


def _port(element: _Element) -> tuple[str, str]:
    return element.attributes.get("port", ""), element.attributes.get("protocol", "")


def _forwarding(element: _Element) -> str:
    known = element.attributes
    return forward(*_port(element), known.get("to-port", ""), known.get("to-addr", ""))


def _source(element: _Element) -> str:
    known = element.attributes
    if "ipset" in known:
        return clean(f"ipset:{known['ipset']}", 128)
    return clean(known.get("address") or known.get("mac") or "", 128)


def _rule(rule: _Element) -> str:
    """A rich rule as firewall-cmd writes it (firewalld.richlanguage(5))."""
    words = ["rule", *_attributes(rule, ("priority", "family"))]
    for child in sorted(rule.children, key=_place):
        inverted = child.attributes.get("invert", "").lower() in {"true", "yes"}
        words += [child.name, *["NOT"] * inverted]
        words += _attributes(child, tuple(name for name in child.attributes if name != "invert"))
        for limit in child.children:
            told = ("value", "burst") if limit.attributes.get("burst", "0") != "0" else ("value",)
            words += [limit.name, *_attributes(limit, told)]
    return clean(" ".join(words), 500)


def _place(element: _Element) -> int:
    """Where it stands in the rich language, whatever its place in the file."""
    order = {"source": 0, "destination": 1, "log": 3, "nflog": 3, "audit": 4}
    actions = dict.fromkeys(("accept", "reject", "drop", "mark"), 5)
    return (order | actions).get(element.name, 2)


def _attributes(element: _Element, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in element.attributes:
            yield f'{name}="{element.attributes[name]}"'
