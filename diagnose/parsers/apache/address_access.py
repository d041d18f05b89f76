"""What Apache's lines about access ask about the visitor's address: `Require ip` and its relatives
(mod_authz_host, mod_authz_core), `Order`, `Allow` and `Deny` (mod_access_compat). No I/O."""

from collections.abc import Iterable, Sequence

from diagnose.model.server_rules import AddressTest
from diagnose.parsers.address_tests import TRUE, UNKNOWN, Tests, joined, network_of
from diagnose.parsers.apache.access import Decision
from diagnose.parsers.apache.config import Directive

_COMPAT = {"order", "allow", "deny"}
_GROUPS = {"requireall": "all", "requireany": "any", "requirenone": "none"}
#: The addresses of the machine itself.
_LOCAL = ("127.0.0.0/8", "::1/128")
_FALSE = (AddressTest(0, "false"),)
_MAX_DEPTH = 8


def refused_addresses(decision: Decision) -> Tests:
    """Return what is true for the addresses that the deciding section keeps out; () if something
    other than the address decides."""
    if set(decision.questions) != {"address"}:
        return ()
    requires = [line for line in decision.lines if line.name not in _COMPAT]
    compat = [line for line in decision.lines if line.name in _COMPAT]
    parts = [joined("any", [_require(line, 0) for line in requires])] if requires else []
    parts += [_compat(compat)] if compat else []
    names = {line.name: "".join(line.args[:1]).lower() for line in decision.section.block or ()}
    admitted = joined("any" if names.get("satisfy") == "any" else "all", parts)
    return joined("none", [admitted])


def _require(line: Directive, depth: int) -> Tests:
    if line.name in _GROUPS:
        members = [
            _require(inner, depth + 1)
            for inner in line.block or ()
            if inner.name == "require" or inner.name in _GROUPS
        ]
        if depth > _MAX_DEPTH or not members:
            return UNKNOWN
        return joined(_GROUPS[line.name], members)  # type: ignore[arg-type]
    words = list(line.args)
    if [word.lower() for word in words[:1]] == ["not"]:
        return joined("none", [_leaf(words[1:], line)])
    return _leaf(words, line)


def _leaf(words: Sequence[str], line: Directive) -> Tests:
    kind = "".join(words[:1]).lower()
    if kind == "all":
        return TRUE if [word.lower() for word in words[1:2]] == ["granted"] else _FALSE
    # No address of another machine has the name "localhost" both ways (mod_authz_host).
    if kind == "local" or (
        kind == "host" and [word.lower() for word in words[1:]] == ["localhost"]
    ):
        return (AddressTest(0, "in", _LOCAL),)
    return _networks(words[1:], line) if kind == "ip" else UNKNOWN


def _networks(words: Iterable[str], line: Directive) -> Tests:
    # "10" is the beginning of addresses, as "10." is.
    networks = [network_of(f"{word}." if word.isdecimal() else word) for word in words]
    if not networks or None in networks:
        return UNKNOWN
    return (AddressTest(0, "in", tuple(map(str, networks)), line.file, line.line),)


def _compat(lines: Sequence[Directive]) -> Tests:
    """Return what Order, Allow and Deny admit. The default order is "deny,allow"."""
    order = [line.args for line in lines if line.name == "order" and line.args]
    allow, deny = (joined("any", [*_matches(lines, name), _FALSE]) for name in ("allow", "deny"))
    admitted = joined("none", [deny])
    if order and "".join(order[-1]).lower().replace(" ", "").startswith("allow,deny"):
        return joined("all", [allow, admitted])
    return joined("any", [allow, admitted])


def _matches(lines: Sequence[Directive], name: str) -> list[Tests]:
    own = [line for line in lines if line.name == name and line.args[1:]]
    return [
        TRUE
        if "all" in (word.lower() for word in line.args[1:])
        else _networks(line.args[1:], line)
        for line in own
    ]
