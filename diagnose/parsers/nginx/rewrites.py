"""Where `rewrite` leads a request inside nginx (ngx_http_rewrite_module). No I/O.

The request is for a path that is no file: then `if (!-e $request_filename)` holds. Of another
condition nothing is known, and its rules may or may not change the path.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.variables import expand_variables

#: Tests of a file in `if`, and what each says of a path that is no file.
_FILE_TESTS = {"-f": False, "-d": False, "-e": False, "!-f": True, "!-d": True, "!-e": True}
_REDIRECTS = {"redirect", "permanent"}


@frozen
class Rewritten:
    """What the rules of a block do with a path. `path` is the new one, "" if they leave it as it
    is, and `keeps_query` is False if a replacement has a query of its own, or drops it by a "?".
    With `searches`, nginx looks for a location anew. `is_known` is False if a rule may change the
    path whose condition, expression or variables cannot be computed, and True also for a request
    that the rules end by a redirect or a `return` (`ends`); `may_end` is True if a `return` stands
    behind a condition that cannot be computed. `applied` are the rules that surely apply, in their
    order."""

    path: str = ""
    searches: bool = False
    is_known: bool = True
    ends: bool = False
    keeps_query: bool = True
    may_end: bool = False
    applied: tuple[Directive, ...] = ()


def rewritten(match: LocationMatch, path: str) -> Rewritten:
    """Return what the rules of the innermost block of a location, or of a server block, do with a
    path."""
    bare = path.partition("?")[0]
    current, result = bare, Rewritten()
    for rule, is_sure in _rules(match.block, is_file=bare == "/"):
        if rule.name == "break" and is_sure:
            break
        if rule.name == "return":
            if is_sure:
                return replace(result, ends=True, applied=(*result.applied, rule))
            result = replace(result, may_end=True)
            continue
        if rule.name != "rewrite" or len(rule.args) < 2:
            continue
        pattern, replacement, *flags = rule.args
        if not is_supported_pcre(pattern):
            result = replace(result, is_known=False)
            continue
        groups = pcre_search(pattern, current, False)
        if groups is None:
            continue
        if not is_sure:
            result = replace(result, is_known=False)
            continue
        result = replace(result, applied=(*result.applied, rule))
        if replacement.startswith(("http://", "https://", "$scheme")) or _REDIRECTS & set(flags):
            return replace(result, ends=True)
        values = {str(number): text or "" for number, text in enumerate(groups.groups(), 1)}
        values |= {"uri": current, "document_uri": current}
        target = expand_variables(match, replacement.partition("?")[0], values)
        if target is None or not target.startswith("/"):
            return replace(result, is_known=False)
        current = target
        result = replace(result, keeps_query=result.keeps_query and "?" not in replacement)
        if flags:
            return replace(result, path=current, searches="last" in flags)
    return result if current == bare else replace(result, path=current, searches=True)


def _rules(block: Directive, *, is_file: bool) -> Iterator[tuple[Directive, bool]]:
    """Yield the rules of a block in order, and whether the condition around each is known to
    hold."""
    for directive in block.block or ():
        if directive.name != "if":
            yield directive, True
            continue
        condition = " ".join(directive.args).strip("() ").split()
        test = _FILE_TESTS.get(condition[0]) if condition else None
        holds = None if test is None or is_file else test
        if holds is not False:
            for rule in directive.block or ():
                yield rule, holds is True
