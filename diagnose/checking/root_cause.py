"""Turns claims into findings: root causes, and the symptoms that they explain. No clock, no
network, no files except the checks.

A root cause is a finding that no other finding explains. A cause declares what it explains, so a
new cause needs no change in the checks of its symptoms. What the very same edit mends is one cause.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from diagnose.model import (
    LAYERS,
    Check,
    Claim,
    Confidence,
    Crash,
    Edit,
    Evidence,
    Finding,
    Ignore,
    Manual,
    Severity,
    Subject,
    Symptom,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.events import report_crash

_SEVERITIES = tuple(Severity)
_CONFIDENCES = tuple(Confidence)


def claims(
    checks: Iterable[Check], evidence: Evidence, on_crash: Callable[[Crash], None]
) -> list[tuple[Check, Claim]]:
    """Run every check that has what it needs. If a check raises, the error is reported as a crash
    and the other checks still run."""
    kinds = {type(observation) for observation in evidence.observations}
    faulty_kinds = {
        type(observation) for observation in evidence.observations if observation.shows_fault
    }
    raised_claims = []
    is_local, has_message = is_local_host(evidence.target.host), evidence.target.symptom is not None
    for check in checks:
        has_needs = check.runs_on(kinds, faulty_kinds, has_message=has_message)
        if not has_needs or (is_local and check.judges_the_way_in):
            continue
        raised_claims += _judged(check, evidence, on_crash)
    if not raised_claims:
        return []
    from diagnose.checking.interruptions import reviewed
    from diagnose.checking.port_holder import program_facts

    program = program_facts(evidence)
    weighed = partial(_as_loaded, evidence)
    with_program = partial(_with_program, evidence, program)
    return [
        (
            check,
            reviewed(
                _in_container(
                    with_program(check.layer, weighed(check, claim)), check.layer, evidence
                )
            ),
        )
        for check, claim in raised_claims
    ]


def _judged(
    check: Check, evidence: Evidence, on_crash: Callable[[Crash], None]
) -> list[tuple[Check, Claim]]:
    """Return what a check claims; nothing if it raises, which is reported. The watchdog interrupts
    nothing but what this function does."""
    with report_crash(check.id, on_crash):
        return [(check, claim) for claim in check.judge(evidence)]
    return []


def _as_loaded(evidence: Evidence, check: Check, claim: Claim) -> Claim:
    """Weigh a claim that is read from nginx's files by what nginx has loaded of them."""
    is_note = (claim.severity or check.severity) is Severity.NOTE
    is_patch = claim.fix is not None and bool(claim.fix.edits)
    if not is_patch and (is_note or claim.location is None):
        return claim
    # Imported late: few runs need it.
    from diagnose.checking.loaded_config import as_loaded

    return as_loaded(evidence, check, claim)


def _in_container(claim: Claim, layer: str, evidence: Evidence) -> Claim:
    """Give a claim about an nginx in a container a remedy that works on the server."""
    if not any(
        type(observation).__name__ == "NginxContainer" for observation in evidence.observations
    ):
        return claim
    # Imported late: few runs need it.
    from diagnose.checking.container_fixes import in_container, nginx_container

    container = nginx_container(evidence)
    if container is None:
        return claim
    if claim.facts.get("panel") == "nginx-proxy" and claim.fix and claim.fix.edits:
        from diagnose.checking.vhost_files import with_vhost_files

        claim = with_vhost_files(evidence, claim, container)
    return in_container(claim, layer, container)


def _with_program(
    evidence: Evidence, program: Mapping[str, object], layer: str, claim: Claim
) -> Claim:
    """Give each text the facts about the program that has the port and is not nginx, and a step for
    a person the web server that answers."""
    from diagnose.checking.port_holder import answering_product, is_about_nginx

    is_nginx = is_about_nginx(claim.facts)
    program_facts = {} if is_nginx else dict(program)
    if any(isinstance(step, Manual) for step in (claim.fix.steps if claim.fix else ())):
        product = "nginx" if is_nginx else answering_product(evidence, layer)
        program_facts |= {"web_server": product} if product else {}
    return replace(claim, facts={**program_facts, **claim.facts}) if program_facts else claim


def _without_queries_apart(ordered: list[tuple[Check, Claim]]) -> list[tuple[Check, Claim]]:
    """Make one claim of those of a check about one path whose queries differ, and which one remedy
    mends: Socket.IO's path is met with a query and without."""
    merged: list[tuple[Check, Claim]] = []
    places: dict[tuple[str, Subject, str | None], int] = {}
    for check, claim in ordered:
        path = claim.about.path
        subject = replace(claim.about, path=path and path.partition("?")[0], text="")
        place = places.setdefault((check.id, subject, claim.request), len(merged))
        first = merged[place][1] if place < len(merged) else claim
        if path and first.about.path != path and first.fix == claim.fix:
            covers = (*(first.covers or (first.about,)), *(claim.covers or (claim.about,)))
            merged[place] = check, replace(first, covers=tuple(dict.fromkeys(covers)))
        else:
            merged.append((check, claim))
    return merged


def findings(
    raised: Iterable[tuple[Check, Claim]],
    ignores: Iterable[Ignore] = (),
    reported: Symptom | None = None,
    port: int | None = None,
) -> tuple[Finding, ...]:
    """Sort claims by weight, link each symptom to its cause, and number them so that each cause is
    followed by its symptoms. The causes of what a person reported come first: it is the question.
    Of causes that weigh the same, those of the target's `port` come before those of another.
    What `ignores` name comes last, and what it explains is suppressed too: it becomes no root
    cause."""
    ignored = {ignore.check: ignore for ignore in ignores}
    ordered = sorted(
        raised, key=lambda raised_claim: (raised_claim[0].id in ignored, _weight(raised_claim))
    )
    ordered = _with_unexcused_last(_without_queries_apart(ordered))
    explained = {index: _explainer(index, ordered) for index in range(len(ordered))}
    explained = _joined_by_remedy(explained, ordered)
    causes = _in_order_of_visit(explained, ordered, ignored, port)
    sequence = _causes_and_symptoms(causes)
    if reported is not None:
        answers, possible = _reported_roots(ordered, causes, reported)
        answers = {root for root in answers if ordered[root][0].id not in ignored}
        roots = {index: index if cause is None else cause for index, cause in causes.items()}

        def rank(index: int) -> tuple[bool, bool, bool, int, bool]:
            root = roots[index]
            is_ignored, severity = ordered[root][0].id in ignored, _weight(ordered[root])[0]
            of_words = ordered[root][1].rests_on_words
            return of_words, root not in answers, is_ignored, severity, root not in possible

        sequence.sort(key=rank)
    ids: dict[int | None, str] = {index: f"f{number}" for number, index in enumerate(sequence, 1)}

    def suppressed_by(index: int) -> Ignore | None:
        cause = causes[index]
        own = ignored.get(ordered[index][0].id)
        return own if own or cause is None else ignored.get(ordered[cause][0].id)

    return tuple(
        Finding(ids[index], *ordered[index], ids.get(causes[index]), suppressed_by(index))
        for index in sequence
    )


def _joined_by_remedy(
    explained: Mapping[int, int | None], ordered: list[tuple[Check, Claim]]
) -> dict[int, int | None]:
    """Make one cause of root causes that the very same edit mends: the weightiest explains the
    others, if it is as certain. Carried out twice, the edit would fail."""
    joined: dict[int, int] = {}
    first: dict[tuple[object, ...], int] = {}
    for index in sorted(index for index, cause in explained.items() if cause is None):
        claim = ordered[index][1]
        if claim.fix is None or not any(isinstance(step, Edit) for step in claim.fix.steps):
            continue
        root = first.setdefault(claim.fix.steps, index)
        certainties = (_CONFIDENCES.index(ordered[each][1].confidence) for each in (root, index))
        if root != index and next(certainties) <= next(certainties):
            joined[index] = root
    return {
        index: joined.get(index, cause) if cause is None else joined.get(cause, cause)
        for index, cause in explained.items()
    }


def _causes_and_symptoms(causes: Mapping[int, int | None]) -> list[int]:
    """Return the keys so that each root cause is followed by its symptoms."""
    sequence: list[int] = []
    for root, cause in causes.items():
        if cause is None:
            sequence += [root, *(index for index in causes if causes[index] == root)]
    return sequence


def _in_order_of_visit(
    causes: Mapping[int, int | None],
    ordered: list[tuple[Check, Claim]],
    ignored: Iterable[str],
    port: int | None,
) -> Mapping[int, int | None]:
    """Return the same in an order in which, of causes that weigh the same, the one that stops
    visitors first comes first."""
    if sum(cause is None for cause in causes.values()) < 2:
        return causes
    # Imported late: few runs find several causes.
    from diagnose.checking.visit_order import sorted_roots, with_grave_first

    weights = {
        index: (ordered[index][0].id in ignored, *_weight(ordered[index])[:4]) for index in causes
    }
    layers = {index: ordered[index][0].layer for index in causes}
    ports = {index: ordered[index][1].about.port for index in causes}
    elsewhere = {index for index in causes if port and ports[index] not in {None, port}}
    in_order = list(sorted_roots(causes, weights, layers, elsewhere))
    roots = [index for index in in_order if causes[index] is None]
    severities = {index: weights[index][:2] for index in roots}
    roots = list(with_grave_first(roots, causes, severities, layers, elsewhere))
    return {index: causes[index] for index in (*roots, *in_order)}


def _reported_roots(
    ordered: list[tuple[Check, Claim]], causes: Mapping[int, int | None], reported: Symptom
) -> tuple[set[int], set[int]]:
    """Return the root causes that are, or lead to, the symptom that a person reported; and those
    that may lead to it, which come before others of their severity."""
    # Imported late: few runs have a pasted message.
    from diagnose.checking.symptom_match import may_produce, produces

    groups: dict[int, list[Finding]] = {}
    for index, cause in sorted(causes.items(), key=lambda item: item[1] is not None):
        groups.setdefault(index if cause is None else cause, []).append(
            Finding("", *ordered[index])
        )
    return (
        {root for root, group in groups.items() if produces(tuple(group), reported)},
        {root for root, group in groups.items() if may_produce(tuple(group), reported)},
    )


def explains(check: Check, symptom: Check) -> bool:
    """Return True if a check declares that another check's findings are symptoms of it. A whole
    layer ("tcp.*") excludes findings that are read from nginx's own files, if the cause is in a
    layer before nginx: those files are the same whichever way a visitor takes."""
    explains_layer = f"{symptom.layer}.*" in check.explains
    is_read_from_nginx = {need.layer for need in symptom.needs} == {"nginx"}
    is_before_nginx = LAYERS.index(check.layer) < LAYERS.index("nginx")
    return check.id != symptom.id and (
        symptom.id in check.explains
        or (explains_layer and not (is_read_from_nginx and is_before_nginx))
    )


def _leads_to(check: Check, symptom: Check, consequence: Claim) -> bool:
    """Return whether a check explains this claim of another: by what it declares itself, or by what
    the claim says that it follows from."""
    return explains(check, symptom) or any(
        check.id == cause
        or cause in check.explains
        or f"{cause.partition('.')[0]}.*" in check.explains
        for cause in consequence.consequence_of
    )


def _weight(raised_claim: tuple[Check, Claim]) -> tuple[int, bool, bool, int, int, str, str]:
    check, claim = raised_claim
    severity = claim.severity or check.severity
    return (
        _SEVERITIES.index(severity),
        # What a visitor got comes before what may be of interest.
        severity is Severity.NOTE and claim.request is None,
        check.comes_later,
        _CONFIDENCES.index(claim.confidence),
        LAYERS.index(check.layer),
        check.id,
        str(claim.about),
    )


def _explainer(symptom: int, ordered: list[tuple[Check, Claim]]) -> int | None:
    """Return the root of the chain of explanations for a finding; the weightiest if there are
    several."""
    pending, visited = [symptom], {symptom}
    roots = set()
    while pending:
        index = pending.pop()
        explainers = [
            candidate
            for candidate in _causes_of(index, ordered)
            if not _is_void_excuse(candidate, index, ordered)
        ]
        if not explainers:
            roots.add(index)
        pending += [candidate for candidate in explainers if candidate not in visited]
        visited.update(explainers)
    roots.discard(symptom)
    return min(roots, default=None)


def _with_unexcused_last(ordered: list[tuple[Check, Claim]]) -> list[tuple[Check, Claim]]:
    """Move each finding whose excuse is void behind the roots of that excuse: a program must listen
    before its port is opened, and the kernel that refuses a connection has let it in."""
    places = {index: (index, 0) for index in range(len(ordered))}
    for index, (check, _) in enumerate(ordered):
        excusers = [
            cause
            for cause in range(len(ordered))
            if check.id in ordered[cause][0].excuses and _is_void_excuse(cause, index, ordered)
        ]
        roots = [root for cause in excusers if (root := _explainer(cause, ordered)) is not None]
        if roots:
            places[index] = max((index, 0), (max(roots), 1))
    return [ordered[index] for index in sorted(places, key=places.__getitem__)]


def _causes_of(symptom: int, ordered: list[tuple[Check, Claim]]) -> list[int]:
    return [
        candidate
        for candidate in range(len(ordered))
        if _is_cause_of(ordered[candidate], ordered[symptom])
    ]


def _is_void_excuse(cause: int, symptom: int, ordered: list[tuple[Check, Claim]]) -> bool:
    """Whether a finding would be right with this cause alone, and the cause has one of its own: a
    closed port stays closed when the program that was to listen on it has started."""
    is_excuse = ordered[symptom][0].id in ordered[cause][0].excuses
    return is_excuse and bool(_causes_of(cause, ordered))


def _is_cause_of(cause: tuple[Check, Claim], symptom: tuple[Check, Claim]) -> bool:
    (check, claim), (symptom_check, consequence) = cause, symptom
    is_note = (claim.severity or check.severity) is Severity.NOTE
    # What may be intended causes no fault; it may be why something else is noted.
    if is_note and (consequence.severity or symptom_check.severity) is not Severity.NOTE:
        return False
    if symptom_check.stands_back and _is_proved_beside(cause, symptom):
        return True
    # What the log tells of another page may explain what that page's own run shows.
    is_logged = claim.request is None and bool(claim.about.path)
    is_same_page = is_logged and claim.about.path == consequence.request
    if claim.request != consequence.request and not is_same_page:
        if _leads_to(check, symptom_check, consequence) and _is_of_file(claim, consequence):
            return True
        is_same = claim.request in {consequence.about.path, consequence.facts.get("path")}
        return is_same and symptom_check.names_requests
    return _leads_to(check, symptom_check, consequence) and any(
        subject.covers(consequence.about) for subject in (claim.covers or (claim.about,))
    )


def _is_proved_beside(cause: tuple[Check, Claim], symptom: tuple[Check, Claim]) -> bool:
    """Whether a control proves a line of the configuration, and so explains the very answer on
    which an uncertain claim rests."""
    (check, claim), (symptom_check, guess) = cause, symptom
    is_proved = claim.confidence is Confidence.CERTAIN and claim.fix and claim.fix.edits
    if not is_proved or guess.confidence is Confidence.CERTAIN or explains(symptom_check, check):
        return False
    answers = [each for each in guess.because if each.shows_fault]
    return any(each is answer for each in claim.because for answer in answers)


def _is_of_file(claim: Claim, consequence: Claim) -> bool:
    """Whether a claim is about a file of a page, and the consequence rests on that file."""
    path = claim.request or claim.about.path or ""
    files = (each for each in consequence.because if type(each).__name__ == "PageFileResponse")
    urls = (str(getattr(file, "url", "")).partition("?")[0] for file in files)
    return any(f"/{url.partition('://')[2].partition('/')[2]}" == path for url in urls)
