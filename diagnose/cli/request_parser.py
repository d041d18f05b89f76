"""The requests of `diagnose.cli.request`, made from the words of the command line.

Only this module, `diagnose.cli.parser` and what belongs to it, `diagnose.cli.description` and those
of the configuration know argparse. Each function raises UsageError.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from diagnose.cli import option_values as values
from diagnose.cli.configured import parse_configured, server_for
from diagnose.cli.operands import parse_targets
from diagnose.cli.request import (
    AboutRequest,
    DemoRequest,
    ExplainRequest,
    FixAction,
    FixRequest,
    FleetRequest,
    ListRequest,
    McpRequest,
    OutputOptions,
    RecordRequest,
    ReplayRequest,
    RunRequest,
    ServeRequest,
    WatchRequest,
    WebRequest,
    WorkerRequest,
)
from diagnose.parsers.target import NamelessMessageError, UsageError

if TYPE_CHECKING:
    from diagnose.probes import Options

#: Options without a value that ask about the program itself.
ABOUT_TOPICS: tuple[Literal["version", "schema", "spec"], ...] = ("version", "schema", "spec")

#: Seconds between two pulses, at least: nobody's server is to notice them.
MIN_INTERVAL = 1.0

#: Where `diagnose serve` listens: blackbox_exporter's port, on loopback.
DEFAULT_LISTEN = "127.0.0.1:9115"


def parse_run(words: Sequence[str]) -> RunRequest | AboutRequest:
    """Parse `diagnose [TARGET …]`, or one of its options that ask about the program itself."""
    namespace = parse_configured(None, words)
    for topic in ABOUT_TOPICS:
        if getattr(namespace, topic):
            return AboutRequest(topic)
    if namespace.probes:
        return AboutRequest("probes", output=output_options(namespace))
    if namespace.completion is not None:
        return AboutRequest("completion", namespace.completion)
    if namespace.wait is not None:
        _check_no_publication(namespace, "--wait")
    _check_plan_and_baseline(namespace)
    request = replace(
        _run_request(namespace),
        wait_s=namespace.wait,
        is_plan=namespace.plan,
        baseline=namespace.baseline,
    )
    return _for_a_person(request)


def _check_plan_and_baseline(namespace: Namespace) -> None:
    """Raise UsageError if what --plan or --baseline prints has no such form."""
    if namespace.plan and (namespace.format not in {None, "text"} or namespace.output):
        raise UsageError("--plan prints text: leave --format and -o out.")
    if namespace.baseline is None:
        return
    if namespace.format not in {None, "text", "json"} or namespace.redact:
        raise UsageError("--baseline compares in text or --json, and without --redact.")
    if len(namespace.words) > 1:
        raise UsageError("--baseline compares one target.")


def parse_explain(words: Sequence[str]) -> ExplainRequest:
    namespace = parse_configured("explain", words)
    if not namespace.words:
        raise UsageError("Which check? diagnose list names them all.")
    # A person types DNS.NXDOMAIN too.
    names = tuple(word.strip().lower() for word in namespace.words)
    return ExplainRequest(names, output_options(namespace))


def parse_list(words: Sequence[str]) -> ListRequest:
    namespace = parse_configured("list", words)
    layers = values.layers(",".join(namespace.words)) if namespace.words else ()
    return ListRequest(layers, output_options(namespace))


def parse_fix(words: Sequence[str]) -> FixRequest:
    namespace = parse_configured("fix", words)
    if namespace.outside or namespace.only or namespace.skip:
        raise UsageError("A fix has to see everything: leave --outside, --only and --skip out.")
    _check_no_publication(namespace, "fix")
    action: FixAction = "undo" if namespace.undo else "resume" if namespace.resume else "fix"
    run = _for_a_person(_run_request(namespace)) if namespace.words or action != "fix" else None
    # A site and a message about it are one target.
    if run is None or (action == "fix" and len(run.targets) != 1):
        raise UsageError("Fix one target: diagnose fix TARGET.")
    return FixRequest(run, action, namespace.dry, namespace.yes)


def parse_record(words: Sequence[str]) -> RecordRequest:
    return _record_request("record", "FILE", words)


def parse_bundle(words: Sequence[str]) -> RecordRequest:
    return _record_request("bundle", "FILE.zip", words)


def parse_fleet(words: Sequence[str]) -> FleetRequest | None:
    """Return None if only the schema of the lines is asked for."""
    from diagnose.cli.queue_options import queue_access, queue_vantages

    namespace = parse_configured("fleet", words)
    if namespace.schema:
        return None
    if len(namespace.words) != 1:
        raise UsageError("Name one list of targets: diagnose fleet FILE (- is standard input).")
    _check_outside_only(namespace, "A fleet")
    path, namespace.words, namespace.outside = namespace.words[0], [], True
    return FleetRequest(
        _run_request(namespace),
        path,
        journal=namespace.journal,
        resume=namespace.resume,
        summary=namespace.summary,
        rate=namespace.rate,
        concurrency=namespace.concurrency,
        queue=queue_access(namespace),
        vantages=queue_vantages(namespace),
    )


def parse_worker(words: Sequence[str]) -> WorkerRequest:
    from diagnose.cli.queue_options import queue_access
    from diagnose.exporter.target_policy import parse_policy
    from diagnose.probes import Options

    namespace = parse_configured("worker", words)
    queue = queue_access(namespace)
    if queue is None:
        raise UsageError("Where are the targets? diagnose worker --nats tls://HOST:PORT.")
    try:
        policy = parse_policy(namespace.allow)
    except ValueError as error:
        raise UsageError(f"--allow: {error}.") from None
    options = Options(inside=False, resolver=namespace.resolver, cafile=namespace.cafile)
    output = output_options(namespace)
    return WorkerRequest(
        queue, namespace.vantage_name, policy, options, output, namespace.concurrency
    )


def parse_watch(words: Sequence[str]) -> WatchRequest:
    namespace = parse_configured("watch", words)
    if not namespace.words:
        raise UsageError("Watch what? diagnose watch TARGET.")
    _check_outside_only(namespace, "diagnose watch")
    if namespace.idle:
        raise UsageError("A pulse holds no WebSocket in silence: leave --idle out.")
    if namespace.interval < MIN_INTERVAL:
        raise UsageError(f"--interval takes at least {MIN_INTERVAL:g}s.")
    namespace.outside = True
    return WatchRequest(
        _run_request(namespace), namespace.interval, namespace.full_interval, namespace.count
    )


def _check_outside_only(namespace: Namespace, subject: str) -> None:
    """Raise UsageError if an option asks for more than what this machine sees of the network."""
    for option in ("server", "inside", "visitor"):
        if getattr(namespace, option):
            name = "from" if option == "visitor" else option
            raise UsageError(f"{subject} looks from outside only: leave --{name} out.")
    if namespace.vantage:
        raise UsageError(f"{subject} looks from this machine only: leave --vantage out.")


def parse_replay(words: Sequence[str]) -> ReplayRequest:
    namespace = parse_configured("replay", words)
    if len(namespace.words) != 1:
        raise UsageError("Replay one recording: diagnose replay FILE.")
    return ReplayRequest(namespace.words[0], output_options(namespace), tuple(namespace.ignore))


def parse_web(words: Sequence[str]) -> WebRequest:
    namespace = parse_configured("web", words)
    _check_no_publication(namespace, "web")
    request = _for_a_person(_run_request(namespace))
    words = tuple(_displayable(word, request) for word in namespace.words)
    return WebRequest(request, words, namespace.port)


def parse_demo(words: Sequence[str]) -> DemoRequest:
    namespace = parse_configured("demo", words)
    if len(namespace.words) > 1:
        raise UsageError("Show one fault: diagnose demo FAULT. diagnose demo --list names them.")
    return DemoRequest("".join(namespace.words), namespace.lists, output_options(namespace))


def parse_mcp(words: Sequence[str]) -> McpRequest:
    from diagnose.probes import Options

    namespace = parse_configured("mcp", words)
    options = Options(server=namespace.server, inside=True if namespace.server else None)
    return McpRequest(options, namespace.masks, output_options(namespace))


def parse_serve(words: Sequence[str]) -> ServeRequest:
    from diagnose.exporter import settings, target_policy

    namespace = parse_configured("serve", words)
    try:
        serve_settings = settings.Settings(
            config_file=namespace.config_file,
            listen=tuple(map(settings.parse_listen_address, namespace.listen or [DEFAULT_LISTEN])),
            web_config_file=namespace.web_config_file,
            timeout_offset=namespace.timeout_offset,
            history_limit=namespace.history_limit,
            max_probes=namespace.max_probes,
            diagnosis_interval=namespace.diagnosis_interval,
            policy=target_policy.parse_policy(namespace.allow),
            log_prober=namespace.log_prober,
            host_names=tuple(map(settings.external_host, filter(None, [namespace.external_url]))),
        )
    except ValueError as error:
        raise UsageError(f"diagnose serve: {error}.") from None
    return ServeRequest(serve_settings, namespace.config_check, namespace.resident)


def _displayable(word: str, request: RunRequest) -> str:
    """Return a target without user name and password: a page's title and the command line of a
    process can be seen by others. A pasted message stays as it is, for its symptom."""
    try:
        target = request.parse_target(word)
    except NamelessMessageError:
        return word
    return word if target.symptom else target.input


def parse_output(command: str, words: Sequence[str]) -> OutputOptions:
    """Parse a command that has no other options."""
    return output_options(parse_configured(command, words))


def output_options(namespace: Namespace) -> OutputOptions:
    """Return the options of output in a parsed command line."""
    thresholds = (*namespace.warning, *namespace.critical)
    if thresholds and namespace.format != "nagios":
        raise UsageError("-w and -c are thresholds of a plugin: add --nagios.")
    if namespace.also_lang and namespace.format != "markdown":
        raise UsageError("--also-lang is for --format markdown.")
    return OutputOptions(
        format=namespace.format,
        verbosity=-1 if namespace.quiet else namespace.verbose,
        redact=namespace.redact,
        lang=namespace.lang,
        also_lang=namespace.also_lang,
        color=namespace.color,
        glyphs=namespace.glyphs,
        mouse=namespace.mouse,
        inline=namespace.inline,
        path=_report_path(namespace),
        thresholds=thresholds,
        keys=getattr(namespace, "keys", ()),
    )


def _report_path(namespace: Namespace) -> str | None:
    """Return the file for reports. A recording has its own, which is no report."""
    path = namespace.output if namespace.writes_reports else None
    return None if path == "-" else path


def _record_request(command: str, file: str, words: Sequence[str]) -> RecordRequest:
    namespace, usage = parse_configured(command, words), f"diagnose {command} TARGET -o {file}"
    if len(namespace.words) != 1:
        raise UsageError(f"{command.capitalize()} one target: {usage}.")
    if not namespace.output:
        raise UsageError(f"Where to? {usage} (- is standard output).")
    return RecordRequest(_for_a_person(_run_request(namespace)), namespace.output)


def _run_request(namespace: Namespace) -> RunRequest:
    websockets, output = tuple(namespace.ws), output_options(namespace)
    targets = parse_targets(namespace.words, websockets, output.language)
    _check_contradictions(namespace)
    if namespace.server is None and not namespace.outside:
        namespace.server = server_for(targets, namespace.servers)
    options = _probe_options(namespace)
    if len(targets) == 1 and targets[0].symptom:
        from diagnose.parsers.cors_messages import with_message

        text = " ".join(namespace.words)
        request = with_message(options.request, targets[0].symptom, text, targets[0].path)
        options = replace(options, request=request)
    return RunRequest(targets, options, output, websockets)


#: The formats of monitoring systems. What they watch stays the same address, whatever is set up.
_MONITORING = frozenset({"nagios", "prometheus", "junit", "zabbix-lld"})


def _for_a_person(request: RunRequest) -> RunRequest:
    """Return the request of somebody who reads the report: a bare name may stand for another
    address than that of https, and one with http for that to which it redirects."""
    is_watched = request.output.format in _MONITORING or request.wait_s is not None
    if is_watched or request.baseline is not None or request.is_plan:
        return request
    from diagnose.i18n.reports import translate

    lang = request.output.language
    served, redirected = (
        translate("join.remark", lang, remark=translate(message, lang))
        for message in ("read-as.served", "read-as.redirected")
    )
    options = replace(request.options, bare_name_remark=served, redirect_remark=redirected)
    return replace(request, options=options)


def _check_contradictions(namespace: Namespace) -> None:
    """Raise UsageError if two options contradict each other."""
    if namespace.idle and namespace.inside:
        raise UsageError("--idle holds the visitor's WebSocket, and --inside leaves it out.")
    if namespace.server and namespace.outside:
        raise UsageError("--server looks inside and --outside does not: leave one of them out.")
    for option, value in (
        ("--vantage looks", namespace.vantage),
        ("--origin-address looks", namespace.origin_address),
    ):
        if value and namespace.inside:
            raise UsageError(f"{option} from outside, and --inside leaves that out.")
    family = namespace.family
    for option, address in (("--from", namespace.visitor), ("--address", namespace.address)):
        if address and family and (":" in address) != (family == 6):
            raise UsageError(f"{option} {address} is not of the family that -{family} asks for.")


def _check_no_publication(namespace: Namespace, command: str) -> None:
    """Raise UsageError if a command that looks more than once would publish each look."""
    if "globalping" in namespace.vantage:
        raise UsageError(
            f"diagnose {command} looks more than once, and each look of globalping is public:"
            " take --vantage ssh://…, or a run of its own."
        )


def _probe_options(namespace: Namespace) -> "Options":
    from diagnose.parsers.request_fields import RequestFields
    from diagnose.probes import Options

    looks_inside = True if namespace.inside or namespace.server else None
    return Options(
        outside=not namespace.inside,
        inside=False if namespace.outside else looks_inside,
        timeout=namespace.timeout,
        family=namespace.family,
        address=namespace.address,
        resolver=namespace.resolver,
        cafile=namespace.cafile,
        server=namespace.server,
        proxy=namespace.proxy,
        only=namespace.only,
        skip=namespace.skip,
        visitor=namespace.visitor,
        idle=namespace.idle,
        cloud=namespace.cloud or namespace.cloud_role,
        cloud_role=namespace.cloud_role,
        vantages=tuple(dict.fromkeys(namespace.vantage)),
        origin_address=namespace.origin_address,
        ignores=tuple(namespace.ignore),
        request=RequestFields(
            headers=tuple(namespace.header),
            cookie="; ".join(namespace.cookie),
            origin=namespace.origin,
            subprotocols=tuple(dict.fromkeys(namespace.subprotocol)),
            method=namespace.method or "GET",
        ),
    )
