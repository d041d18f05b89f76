"""The test of a service's health in a compose file, and edits of what it asks. Pure."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagnose.model.frozen import frozen
from diagnose.parsers.compose_files import entry, root_of, scalars, service_body
from diagnose.parsers.compose_lines import Service, edited, new_block
from diagnose.parsers.nginx.edits import TextEdit

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, ScalarNode

#: An address of the container itself: "http://localhost:3000", "127.0.0.1 3000" (nc). One with a
#: variable in it is none.
_ASKED = re.compile(
    r"(?<![\w./-])(https?://)?(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
    r"(?:([: ])([0-9]{1,5}))?(?![\w.:$-])"
)


@frozen
class AskedAddress:
    """What a test asks, as it is written: "http://localhost:3000" of a scheme ("http://", or ""), a
    host, what is between it and the port, and the port."""

    written: str
    scheme: str
    host: str
    mark: str
    port: int

    def at(self, host: str, port: int) -> str:
        """Return how another address is written in its place."""
        return f"{self.scheme}{host}{self.mark}{port}"


def asked_address(text: str, service: str) -> AskedAddress | None:
    """Return the only address that the test of a service's health asks; None if there is none, or
    it may be another."""
    body = service_body(root_of(text), service)
    addresses = [match for node in _words(body) for match in _ASKED.finditer(node.value)]
    if len(addresses) != 1:
        return None
    scheme, host, mark, port = addresses[0].groups()
    if not scheme and not port:
        return None
    usual = 443 if scheme == "https://" else 80
    return AskedAddress(addresses[0][0], scheme or "", host, mark or ":", int(port or usual))


def with_asked_address(text: str, service: str, old: str, new: str) -> str:
    """Let the test of a service's health ask another address. Return the text, "" if that cannot be
    done."""

    def edit(body: "MappingNode") -> list[TextEdit]:
        edits = []
        for node in _words(body):
            start, source = node.start_mark.index, text[node.start_mark.index : node.end_mark.index]
            if source.count(old) == 1 and old in node.value:
                at = start + source.index(old)
                edits.append(TextEdit(at, at + len(old), new))
        return edits if len(edits) == 1 else []

    def change(own: Service) -> None:
        test = own["healthcheck"]["test"]
        is_list = isinstance(test, list)
        words = [str(word).replace(old, new) for word in (test if is_list else [test])]
        own["healthcheck"]["test"] = words if is_list else words[0]

    return edited(edit, change, text, service)


def without_test(text: str, service: str) -> str:
    """Switch the test of a service's health off, also that which its image has (Compose
    specification, "healthcheck", "disable"). Return the text, "" if that cannot be done."""
    import yaml

    check = entry(service_body(root_of(text), service), "healthcheck")
    if check is None:
        return edited(
            new_block(text, "healthcheck: {disable: true}", []),
            lambda own: own.update({"healthcheck": {"disable": True}}),
            text,
            service,
        )
    if not isinstance(check, yaml.MappingNode) or check.flow_style or not check.value:
        return ""
    name = check.value[0][0]
    start = text.rfind("\n", 0, name.start_mark.index) + 1
    lead = text[start : name.start_mark.index]
    if lead.strip(" "):
        return ""
    line = TextEdit(start, start, f"{lead}disable: true\n")
    return edited(
        lambda body: [line],
        lambda own: own["healthcheck"].update({"disable": True}),
        text,
        service,
    )


def _words(body: object) -> "Iterator[ScalarNode]":
    """Yield the words of a test: a line for the shell, or a list."""
    import yaml

    test = entry(entry(body, "healthcheck"), "test")
    if isinstance(test, yaml.ScalarNode):
        yield test
    yield from scalars(test)
