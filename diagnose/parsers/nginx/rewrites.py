"""Where `rewrite` leads a request inside nginx (ngx_http_rewrite_module). No I/O.

The request is for a path that is no file: then `if (!-e $request_filename)` holds. Of another
condition nothing is known, and its rules may or may not change the path.
"""

from collections.abc import Iterator

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
    is. With `searches`, nginx looks for a location anew. `is_known` is False if a rule may change
    the path whose condition, expression or variables cannot be computed, and True also for a
    request that the rules end by a redirect or a `return` (`ends`)."""

    path: str = ""
    searches: bool = False
    is_known: bool = True
    ends: bool = False


def rewritten(match: LocationMatch, path: str) -> Rewritten:
    """Return what the rules of the innermost block of a location, or of a server block, do with a
    path."""
    bare = path.partition("?")[0]
    current, is_known = bare, True
    for rule, is_sure in _rules(match.block, is_file=bare == "/"):
        if rule.name == "break" and is_sure:
            break
        if rule.name == "return":
            if is_sure:
                return Rewritten(is_known=is_known, ends=True)
            continue
        if rule.name != "rewrite" or len(rule.args) < 2:
            continue
        pattern, replacement, *flags = rule.args
        if not is_supported_pcre(pattern):
            is_known = False
            continue
        groups = pcre_search(pattern, current, False)
        if groups is None:
            continue
        if not is_sure:
            is_known = False
            continue
        if replacement.startswith(("http://", "https://", "$scheme")) or _REDIRECTS & set(flags):
            return Rewritten(is_known=is_known, ends=True)
        values = {str(number): text or "" for number, text in enumerate(groups.groups(), 1)}
        values |= {"uri": current, "document_uri": current}
        target = expand_variables(match, replacement.partition("?")[0], values)
        if target is None or not target.startswith("/"):
            return Rewritten(is_known=False)
        current = target
        if flags:
            return Rewritten(current, "last" in flags, is_known)
    if current == bare:
        return Rewritten(is_known=is_known)
    return Rewritten(current, True, is_known)


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
