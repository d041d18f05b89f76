"""The value of a CAA record "issue" or "issuewild" (RFC 8659 section 4.2). No I/O."""

import re

from diagnose.model.frozen import frozen

#: Flags, tag and value, as dig prints them (RFC 8659 section 4.1.1).
_RECORD = re.compile(r"(\d{1,3})\s{1,20}([A-Za-z0-9]{1,60})\s{1,20}\"(.{0,1000})\"")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,30}}")
_PARAMETER = re.compile(r"[A-Za-z0-9]{1,60}[ \t]{0,20}=[ \t]{0,20}[\x21-\x3a\x3c-\x7e]{0,500}")
#: What people write around the domain: a scheme, quotes, a path, the final dot of a zone file.
_AROUND = re.compile(r"(?i)^(?:https?://|[\"'\\<]){1,4}|(?:[/\"'\\>.,]){1,4}$")


@frozen
class IssueProperty:
    """A property that lets an authority issue. `domain` is "" if it lets nobody. `is_valid` is
    False if the value breaks the grammar; then no authority may issue by it, and `domain` is the
    one that seems to be meant, "" if none does. `methods` are the only ways by which the authority
    may validate (RFC 8657 section 4), () if all are allowed."""

    tag: str
    value: str
    domain: str
    is_valid: bool = True
    methods: tuple[str, ...] = ()


def issue_property(record: str) -> IssueProperty | None:
    """Return the property of a record as dig prints it; None for another one ("iodef")."""
    match = _RECORD.fullmatch(record.strip())
    tag = match[2].lower() if match else ""
    if match is None or tag not in {"issue", "issuewild"}:
        return None
    value = match[3]
    domain, _, parameters = value.partition(";")
    domain = domain.strip(" \t")
    words = [word.strip(" \t") for word in parameters.split(";")]
    # A last ";" without a parameter behind it is common, and authorities take it.
    is_valid = (not domain or _DOMAIN.fullmatch(domain) is not None) and all(
        _PARAMETER.fullmatch(word) for word in words if word
    )
    if not is_valid and _DOMAIN.fullmatch(domain) is None:
        first = re.split(r"[\s,;]", domain, maxsplit=1)[0]
        bare = _AROUND.sub("", first).partition("/")[0]
        domain = bare if _DOMAIN.fullmatch(bare) and "." in bare else ""
    pairs = (word.partition("=") for word in words)
    named = (text for name, _, text in pairs if name.strip(" \t").lower() == "validationmethods")
    methods = tuple(each.strip(" \t") for each in next(named, "").split(",") if each.strip(" \t"))
    return IssueProperty(tag, value, domain.lower(), is_valid, methods)
