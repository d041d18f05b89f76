"""Lines of Apache, Caddy and HAProxy that compare the field `Accept`, or one value of its list,
with a type as a whole, and the lines that look for the type inside it. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

_TYPE = r"(?:application|text|image|audio|video)(?:/|\\/)[A-Za-z0-9.+\\-]{1,80}"

#: mod_rewrite: `=TYPE`, or an expression between ^ and $ (RewriteCond).
_APACHE_CONDITION = lazy_pattern(
    r"(?i)^(?P<head>\s*RewriteCond\s+\"?%\{HTTP(?:_ACCEPT|:Accept)\}\"?\s+\"?!?)"
    rf"(?:=(?P<equal>{_TYPE})|\^(?P<whole>{_TYPE})\$)(?P<tail>\"?(?:\s.{{0,200}})?)$"
)
#: <If>: `%{HTTP_ACCEPT} == 'TYPE'`.
_APACHE_IF = lazy_pattern(
    r"(?i)^(?P<head>\s*<(?:Else)?If\s.{0,300}?%\{HTTP(?:_ACCEPT|:Accept)\}\s*)"
    rf"(?P<sign>==|=|!=)\s*'(?P<equal>{_TYPE})'(?P<tail>.{{0,300}})$"
)
#: A matcher of Caddy: a value without `*` is the whole one ("header" of Request Matchers).
_CADDY = lazy_pattern(
    rf"(?i)^(?P<head>\s*(?:@\S{{1,80}}\s+)?header\s+Accept\s+)\"?(?P<equal>{_TYPE})\"?(?P<tail>\s*)$"
)
#: HAProxy: hdr() is one value of the list, fhdr() the whole field (Configuration Manual, 7.3.6).
_HAPROXY = lazy_pattern(
    r"(?i)^(?P<head>.{0,300}?)(?:req\.)?(?P<fetch>f?hdr)\(accept\)(?: -m str)?"
    rf"(?P<flags>(?: -i)?(?: --)?) (?P<equal>{_TYPE})(?P<tail>(?: .{{0,300}})?)$"
)
_MATCHER = re.compile(r"^\s*@\S{1,80}\s")


@frozen
class AcceptComparison:
    """A line that compares with `type`, and the line in its place. `by_item` is True if each value
    of the list is compared for itself."""

    type: str
    corrected: str
    by_item: bool = False


def accept_comparison(
    product: str, line: str, *, in_matcher: bool = False
) -> AcceptComparison | None:
    """Return what a line of a server's configuration compares; None for another line.
    `in_matcher` is whether a line of Caddy stands in the block of a named matcher: elsewhere
    `header` sets a field of the response."""
    if len(line) > 1000 or "accept" not in line.lower():
        return None
    if product == "apache":
        return _of_apache(line)
    if product == "caddy" and (in_matcher or _MATCHER.match(line)):
        match = _CADDY.match(line)
        return match and AcceptComparison(
            match["equal"].lower(), f"{match['head']}*{match['equal']}*{match['tail']}"
        )
    match = _HAPROXY.match(line) if product == "haproxy" else None
    return match and AcceptComparison(
        match["equal"].lower(),
        f"{match['head']}req.fhdr(accept) -m sub{match['flags']} {match['equal']}{match['tail']}",
        by_item=match["fetch"].lower() == "hdr",
    )


def _of_apache(line: str) -> AcceptComparison | None:
    if match := _APACHE_CONDITION.match(line):
        name = (match["equal"] or match["whole"]).replace("\\", "")
        corrected = f"{match['head']}{_pattern(name)}{match['tail']}"
        return AcceptComparison(name.lower(), corrected)
    if match := _APACHE_IF.match(line):
        sign = "!~" if match["sign"] == "!=" else "=~"
        corrected = f"{match['head']}{sign} m#{_pattern(match['equal'])}#{match['tail']}"
        return AcceptComparison(match["equal"].lower(), corrected)
    return None


def _pattern(name: str) -> str:
    return re.sub(r"([.+])", r"\\\1", name)


def items_of(value: str) -> tuple[str, ...]:
    """Return the values in the list of a field, with their parameters, in small letters."""
    items = re.findall(r"(?:\"[^\"]*\"|[^,\"])+", value.lower())
    return tuple(item.strip() for item in items if item.strip())
