"""The rules of a virtual host that answer a request with an error: RewriteRule [F] and [G],
RedirectMatch 403, Require and its relatives, AllowEncodedSlashes. No I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.model.server_rules import AddressTest, AnsweringRule, Question
from diagnose.parsers.apache.access import Decision, decision_of, words_of
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.rewrite_conditions import condition_question, conditions_hold
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.server_request import ServerRequest, Truth, negated
from diagnose.parsers.web_sites import takes

#: Maximum number of RewriteRules that are looked at.
MAX_RULES = 300

_WORDS = {"gone": 410}
_SECTIONS = {
    "directory", "directorymatch", "files", "filesmatch", "location", "locationmatch", "if",
    "proxy", "proxymatch",
}  # fmt: skip


@frozen
class HostRules:
    """The directives about a request: those of the virtual host, of the main server, and of the
    .htaccess of the site's folder, which comes last and only where Apache reads it. `file` is the
    requested file, "" if an application answers the path; `url` is the address at the application,
    "" if that is not known, and `scripts` are the files that answer the path where the requested
    one is a folder, or none."""

    inner: tuple[Directive, ...]
    main: tuple[Directive, ...] = ()
    htaccess: tuple[Directive, ...] = ()
    root: str = ""
    file: str = ""
    url: str = ""
    scripts: tuple[str, ...] = ()


def refusing_rules(rules: HostRules, request: ServerRequest) -> tuple[AnsweringRule, ...]:
    """Return the rules that answer the request with an error, or may, up to the first that does so
    in any case."""
    answering: list[AnsweringRule] = []
    for rule in _rules(rules, request):
        answering.append(rule)
        if rule.is_certain:
            break
    return tuple(answering)


def _rules(rules: HostRules, request: ServerRequest) -> Iterator[AnsweringRule]:
    yield from _encoded_slash(rules, request)
    # In a virtual host no variable has the file yet (mod_rewrite, "REQUEST_FILENAME").
    yield from _rewritten(rules.inner, replace(request, is_file=False), request.path)
    if not rules.file:
        yield from _access(rules, request)
        return
    yield from _redirected(rules.inner, request)
    yield from _access(rules, request)
    own = request.path.removeprefix("/")
    if not any(line.name == "rewriteengine" for line in rules.htaccess):
        # Rules of an .htaccess come in the place of those of a <Directory> (mod_rewrite,
        # "RewriteOptions": nothing is inherited).
        yield from _rewritten_in_folder(rules, request)
    yield from _rewritten(rules.htaccess, request, own)
    yield from _redirected(rules.htaccess, request)


def _encoded_slash(rules: HostRules, request: ServerRequest) -> Iterator[AnsweringRule]:
    """An encoded slash in a path is answered by 404, unless AllowEncodedSlashes says otherwise."""
    if "%2f" not in request.path.lower():
        return
    own = [
        directive
        for directive in rules.inner
        if directive.name == "allowencodedslashes" and directive.args
    ]
    shared = [
        directive
        for directive in rules.main
        if directive.name == "allowencodedslashes" and directive.args
    ]
    value = own[-1].args[0].lower() if own else "off"
    if value in {"on", "nodecode"}:
        return
    place = own[-1] if own else None
    # Whether a virtual host takes the value of the main server depends on the version.
    yield AnsweringRule(
        request.path,
        404,
        "AllowEncodedSlashes Off",
        "%2F",
        ("other",) if shared and not own else (),
        request.websocket,
        place.file if place else "",
        place.line if place else 0,
    )


def _rewritten(
    directives: Sequence[Directive], request: ServerRequest, path: str
) -> Iterator[AnsweringRule]:
    """Return the RewriteRules that refuse. `path` is what their patterns are compared with."""
    engine, is_known = False, True
    conditions: list[Directive] = []
    for directive in directives[: MAX_RULES * 4]:
        if directive.name == "rewriteengine":
            engine = "".join(directive.args[:1]).lower() == "on"
        elif directive.name == "rewritecond":
            conditions.append(directive)
        elif directive.name == "rewriterule":
            truth, own = _takes_rule(directive, conditions, request, path), tuple(conditions)
            conditions = []
            if not engine or len(directive.args) < 2 or truth is False:
                continue
            flags = rewrite_flags(directive)
            status = _status_of_flags(flags)
            if status:
                yield _rewrite_rule(directive, own, request, status, truth, is_known)
            elif directive.args[1] != "-" or "S" in flags or _ends(flags):
                if truth and _ends(flags):
                    return
                is_known = False


def _rewritten_in_folder(rules: HostRules, request: ServerRequest) -> Iterator[AnsweringRule]:
    """Return the RewriteRules of the deepest <Directory> of the file that refuse: their patterns
    are compared with the path in that folder."""
    chosen: tuple[str, Directive] | None = None
    for section in (*rules.main, *rules.inner):
        folder = "".join(section.args[:1]).rstrip("/")
        is_plain = section.name == "directory" and len(section.args) == 1
        if not is_plain or not rules.file.startswith(f"{folder}/") or set(folder) & set("*?["):
            continue
        has_rules = any(line.name == "rewriteengine" for line in section.block or ())
        if has_rules and (chosen is None or len(folder) >= len(chosen[0])):
            chosen = folder, section
    if chosen is not None:
        folder, section = chosen
        yield from _rewritten(section.block or (), request, rules.file[len(folder) + 1 :])


def _takes_rule(
    rule: Directive, conditions: Sequence[Directive], request: ServerRequest, path: str
) -> Truth:
    pattern = "".join(rule.args[:1])
    own = pattern.removeprefix("!")
    ignores_case = "NC" in rewrite_flags(rule)
    if len(own) > 500 or not is_supported_pcre(own):
        return None
    match: Truth = pcre_search(own, path, ignores_case) is not None
    if pattern.startswith("!"):
        match = negated(match)
    return conditions_hold(conditions, request) if match else False


def _status_of_flags(flags: dict[str, str]) -> int:
    """Return the status of a rule that refuses, 0 if it does something else."""
    if "F" in flags:
        return 403
    if "G" in flags:
        return 410
    value = flags.get("R", "")
    return int(value) if value.isascii() and value.isdigit() and "400" <= value <= "599" else 0


def _ends(flags: dict[str, str]) -> bool:
    return bool({"L", "END", "P", "R"} & set(flags))


def _rewrite_rule(
    rule: Directive,
    conditions: Sequence[Directive],
    request: ServerRequest,
    status: int,
    truth: Truth,
    is_known: bool,
) -> AnsweringRule:
    questions = tuple(
        dict.fromkeys(
            q for condition in conditions if (q := condition_question(condition, request))
        )
    )
    if truth is None and not questions:
        questions = ("other",)
    if not is_known:
        questions = (*questions, "other")
    if truth and is_known:
        questions = ()
    return AnsweringRule(
        request.path,
        status,
        words_of(rule),
        "; ".join(words_of(condition) for condition in conditions[:5]),
        questions,
        request.websocket,
        rule.file,
        rule.line,
    )


def _redirected(directives: Sequence[Directive], request: ServerRequest) -> Iterator[AnsweringRule]:
    """Return the Redirect and RedirectMatch lines with the status of an error (mod_alias)."""
    for line in directives:
        if line.name not in {"redirect", "redirectmatch"} or len(line.args) < 2:
            continue
        word, own = line.args[0].lower(), line.args[1]
        status = _WORDS.get(word, int(word) if word.isascii() and word.isdigit() else 0)
        if not 400 <= status <= 599:
            continue
        truth: Truth = takes(own, request.path)
        if line.name == "redirectmatch":
            is_known = len(own) <= 500 and is_supported_pcre(own)
            truth = pcre_search(own, request.path, False) is not None if is_known else None
        if truth is not False:
            questions: tuple[Question, ...] = () if truth else ("other",)
            yield AnsweringRule(
                request.path, status, words_of(line), "", questions, request.websocket,
                line.file, line.line,
            )  # fmt: skip


def _access(rules: HostRules, request: ServerRequest) -> Iterator[AnsweringRule]:
    sections = [
        directive for directive in (*rules.main, *rules.inner) if directive.name in _SECTIONS
    ]
    if rules.htaccess and rules.root:
        own = Directive("directory", (rules.root,), rules.htaccess[0].file, 0, rules.htaccess)
        sections.append(own)
    sections += _inner_files(sections, rules.file)
    decision = decision_of(sections, request, rules.file, rules.url)
    if decision is not None and decision.allowed is True and rules.file:
        decision = _script_decision(rules, sections, request) or decision
    if decision is None or decision.allowed is True or _is_default(decision.section):
        return
    yield _access_rule(decision, request)


def _inner_files(sections: Sequence[Directive], file: str) -> list[Directive]:
    """Return the sections about names of files in the folders of a file."""
    return [
        inner
        for section in sections
        if section.name == "directory" and file and section.args
        if takes(section.args[0].rstrip("/"), file)
        for inner in section.block or ()
        if inner.name in {"files", "filesmatch"}
    ]


def _script_decision(
    rules: HostRules, sections: Sequence[Directive], request: ServerRequest
) -> Decision | None:
    """Return what refuses the script that answers a folder, or a path that is no file, by the name
    of its file; None if nothing does."""
    for script in rules.scripts:
        inner = replace(request, path=f"/{script.rpartition('/')[2]}")
        decision = decision_of(sections, inner, script)
        if decision and decision.allowed is False and decision.section.name.startswith("files"):
            return decision
    return None


def _is_default(section: Directive) -> bool:
    """Return whether it is the section of the whole file system: no section says who may see this
    site then, which is a fault of its own."""
    return section.name == "directory" and section.args[:1] == ("/",)


def _access_rule(decision: Decision, request: ServerRequest) -> AnsweringRule:
    is_login = "login" in decision.questions
    first = next((line for line in decision.lines if line.name != "order"), decision.lines[0])
    refused: tuple[AddressTest, ...] = ()
    if decision.allowed is None and decision.questions == ("address",):
        # Imported late: few sites ask for the visitor's address.
        from diagnose.parsers.apache.address_access import refused_addresses

        refused = refused_addresses(decision)
    return AnsweringRule(
        request.path,
        401 if is_login else 403,
        "; ".join(words_of(line) for line in decision.lines[:4]),
        words_of(decision.section),
        decision.questions if decision.allowed is None or is_login else (),
        request.websocket,
        first.file,
        first.line,
        refuses=refused,
    )
