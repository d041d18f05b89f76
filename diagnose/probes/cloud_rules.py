"""Asks which cloud a server is in, and reads the rules in front of it.

Imported only where there is a question (`inside.cloud`, `outside.cloud`). Each refusal becomes an
`Unseen` with the way out: what was not read is unknown, and nothing is concluded from it.
"""

import contextlib
import os
import shlex
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

from diagnose.cloud.evaluation import INTERNET4, INTERNET6, Flow, Verdict, evaluate
from diagnose.cloud.firmware import Cloud, Dmi, cloud_of
from diagnose.cloud.provider import ApiError, Client, Credentials, Profile, Provider
from diagnose.cloud.registry import Complaint, installed, own_providers, provider
from diagnose.machine import Machine
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.cloud import (
    CloudInstance,
    CloudMachine,
    CloudRules,
    Metadata,
    RuleSet,
    SecurityGroup,
)
from diagnose.model.tcp import Connection
from diagnose.net.deadline import LateError, deadline
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, diagnose_command
from diagnose.probes.cloud_failures import explanation, no_credentials
from diagnose.probes.firmware import DMI_FOLDER

#: Seconds for all questions to the metadata service. Over SSH each takes a round trip more, and
#: they wait until the capture of packets has ended (`inside.kernel`).
METADATA_TIMEOUT, REMOTE_METADATA_TIMEOUT = 0.25, 8.0

#: What was not read, in the list of what is unknown.
SUBJECT = "the cloud's rules in front of the server"

_MAX_FILE = 1 << 20
_MAX_UNREAD = 4


async def look_on_server(ctx: ProbeContext, dmi: Dmi) -> None:
    """Emit the cloud of the server and its instance; with `--cloud` also the rules."""
    cloud, providers, instance = await identify_server(ctx, dmi)
    if ctx.options.cloud:
        await _read_rules(ctx, providers, instance, _silent_address(ctx), cloud)
    elif cloud or providers:
        _emit_unasked(ctx, cloud, providers)


async def identify_server(
    ctx: ProbeContext, dmi: Dmi
) -> tuple[Cloud | None, tuple[Provider, ...], CloudInstance | None]:
    """Emit the cloud of the server and its instance, without its rules, and return them."""
    at = ctx.elapsed()
    cloud = cloud_of(dmi)
    names = cloud.providers if cloud else ()
    providers = tuple(filter(None, (provider(name, _complaint(ctx)) for name in names)))
    if cloud is None and ctx.options.cloud:
        providers = tuple(
            candidate for candidate in installed(_complaint(ctx)) if candidate.is_on(dmi)
        )
    if not cloud and not providers:
        return None, (), None
    return cloud, providers, await _emit_machine(ctx, at, cloud, providers)


async def look_by_address(ctx: ProbeContext, address: str) -> None:
    """Find the instance by its public address, with the credentials of this machine."""
    await _read_rules(ctx, (), None, address, None)


async def _emit_machine(
    ctx: ProbeContext, at: float, cloud: Cloud | None, providers: tuple[Provider, ...]
) -> CloudInstance | None:
    instance, metadata = await identify(ctx.machine, providers)
    title = cloud.title if cloud else providers[0].title
    console = cloud.console if cloud else ""
    if instance is not None and providers:
        console = providers[0].console_url(instance)
    ctx.emit(
        CloudMachine(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"cat {DMI_FOLDER}/sys_vendor {DMI_FOLDER}/product_name",
            title=title,
            metadata=metadata,
            instance=instance,
            console=console,
        )
    )
    return instance


async def identify(
    machine: Machine, providers: tuple[Provider, ...]
) -> tuple[CloudInstance | None, Metadata]:
    """Ask the metadata service of a machine once: the first provider knows how. Return the
    instance, None if it is not known, and what the service did."""
    if not providers:
        return None, "unasked"
    is_local = machine.via == "local"
    limit = METADATA_TIMEOUT if is_local else REMOTE_METADATA_TIMEOUT
    try:
        async with metadata_door(machine) as client, deadline(limit):
            instance = await providers[0].detect(client)
    except ApiError as error:
        return None, "off" if error.kind in {"forbidden", "rejected"} else "silent"
    except TimeoutError:
        return None, "silent"
    except LateError:
        return None, "late"
    return instance, "answered" if instance else "off"


@contextlib.asynccontextmanager
async def metadata_door(machine: Machine) -> AsyncIterator[Client]:
    """Open the way to the metadata service of the server: from here, or through SSH."""
    if machine.via == "local":
        from diagnose.net.api_client import metadata_client

        async with metadata_client() as client:
            yield client
    else:
        from diagnose.probes.remote_metadata import RemoteMetadata

        yield RemoteMetadata(machine)


def _silent_address(ctx: ProbeContext) -> str:
    """Return the target's address: the one that does not answer, if there is one."""
    attempts = [
        connection
        for connection in ctx.observed(Connection)
        if connection.purpose == "target" and connection.vantage is Vantage.HERE
    ]
    attempts.sort(key=lambda attempt: attempt.failure is None)
    return attempts[0].address if attempts else ""


def _emit_unasked(ctx: ProbeContext, cloud: Cloud | None, providers: tuple[Provider, ...]) -> None:
    title = cloud.title if cloud else providers[0].title
    if not providers:
        _emit_unread(ctx, f"diagnose does not read the rules of {title}")
        return
    words = (*ctx.options.rerun_args, *ctx.options.filter_args, "--cloud")
    _emit_unread(
        ctx,
        f"{title} has rules of its own, and its API was not asked",
        diagnose_command(ctx.target, *words),
    )


def _emit_unread(ctx: ProbeContext, reason: str, enable: str = "", subject: str = SUBJECT) -> None:
    ctx.emit(Unseen(at=ctx.elapsed(), what=subject, why=reason, enable=enable))


def _complaint(ctx: ProbeContext) -> Complaint:
    """Return what reports a provider that cannot be imported."""

    def complain(name: str, reason: str) -> None:
        _emit_unread(ctx, clean(reason, 200), subject=f"the provider {clean(name, 60)}")

    return complain


async def _read_rules(
    ctx: ProbeContext,
    providers: tuple[Provider, ...],
    instance: CloudInstance | None,
    address: str,
    cloud: Cloud | None,
) -> None:
    """Read the rules with the first provider that knows the instance, or the address."""
    if cloud is not None and not providers:
        _emit_unread(ctx, f"diagnose does not read the rules of {cloud.title}")
        return
    from diagnose.net.api_client import api_client

    candidates = providers or (*own_providers(_complaint(ctx)), *installed(_complaint(ctx)))
    failures: list[tuple[Provider, ApiError]] = []
    try:
        async with api_client() as client:
            for candidate in candidates:
                try:
                    await _read_from(ctx, candidate, client, instance, address)
                    return
                except ApiError as error:
                    failures.append((candidate, error))
    except ApiError as error:
        _emit_unread(ctx, f"the APIs of clouds cannot be reached: {error.message}")
        return
    _emit_failures(ctx, candidates, failures, address)


def _emit_failures(
    ctx: ProbeContext,
    candidates: Iterable[Provider],
    failures: list[tuple[Provider, ApiError]],
    address: str,
) -> None:
    """Emit why no rules were read: the most telling of all reasons, once.

    A service that does not know the instance says little where another one refused to answer.
    """
    api_failures = [failure for failure in failures if failure[1].code != "no-credentials"]
    api_failures = [
        failure for failure in api_failures if failure[1].kind != "missing"
    ] or api_failures
    if not api_failures:
        titles = ", ".join(candidate.title for candidate in candidates)
        text = no_credentials(titles, tuple(candidates))
        _emit_unread(ctx, text.reason, text.enable)
        return
    for asked_provider, error in {
        _key(error): (asked_provider, error) for asked_provider, error in api_failures
    }.values():
        text = explanation(asked_provider, error, address)
        _emit_unread(ctx, text.reason, text.enable)


def _key(error: ApiError) -> tuple[str, ...]:
    action = error.action if error.kind == "forbidden" else ""
    return error.kind, error.code, error.message, action


async def _read_from(
    ctx: ProbeContext,
    candidate: Provider,
    client: Client,
    instance: CloudInstance | None,
    address: str,
) -> None:
    """Read the rules from one provider and emit them."""
    at = ctx.elapsed()
    credentials = await _credentials(ctx, candidate)
    if credentials is None:
        raise ApiError("credentials", code="no-credentials")
    instance, rules = await _fetched(candidate, client, credentials, instance, address)
    verdict = evaluate(rules, _visitors(ctx, instance, address))
    failure = None
    if verdict.status == "unknown":
        failure = Failure("denied", f"not read: {_emit_unread_parts(ctx, candidate, verdict)}")
    other_groups: tuple[SecurityGroup, ...] = ()
    if _admits_nobody(verdict):
        with contextlib.suppress(ApiError):
            other_groups = await candidate.other_groups(instance, credentials, client)
    ctx.emit(
        CloudRules(
            vantage=Vantage.HERE,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(candidate.shown_command(instance)),
            failure=failure,
            title=candidate.title,
            instance=instance,
            rules=rules,
            others=other_groups,
            credentials=credentials.source,
        )
    )


async def _fetched(
    candidate: Provider,
    client: Client,
    credentials: Credentials,
    instance: CloudInstance | None,
    address: str,
) -> tuple[CloudInstance, RuleSet]:
    """Return an instance and its rules, by the id that the metadata service names. Another service
    of the same cloud may know the instance under another id: then by its address."""
    if instance is None:
        return await _fetched_by_address(candidate, client, credentials, address)
    region = instance.region or credentials.region
    try:
        located_instance = replace(instance, provider=candidate.name, region=region)
        return await candidate.fetch(located_instance, credentials, client)
    except ApiError as error:
        if error.kind != "missing" or candidate.name == instance.provider:
            raise
    address = next(iter(instance.public_addresses), address)
    return await _fetched_by_address(candidate, client, credentials.in_region(region), address)


async def _fetched_by_address(
    candidate: Provider, client: Client, credentials: Credentials, address: str
) -> tuple[CloudInstance, RuleSet]:
    if not address:
        raise ApiError("missing", "the address of the server is not known")
    instance = await candidate.locate(address, credentials, client)
    if instance is None:
        raise ApiError("missing", credentials.region)
    return await candidate.fetch(instance, credentials, client)


def _visitors(ctx: ProbeContext, instance: CloudInstance, address: str) -> Flow:
    """Return the packets of all visitors to the target's port, or of the one of `--from`."""
    visitor, is_ipv6 = ctx.options.visitor or "", ":" in address
    source = INTERNET6 if is_ipv6 else INTERNET4
    if visitor and (":" in visitor) == is_ipv6:
        source = visitor
    destination = "" if is_ipv6 else instance.private_address
    return Flow(ctx.target.port, source, destination=destination)


def _emit_unread_parts(ctx: ProbeContext, candidate: Provider, verdict: Verdict) -> str:
    """Emit what of the rules could not be read, where it decides whether the port is open. Return
    the names of these parts."""
    rules = [rule for layer in verdict.layers for rule in layer.layer.rules if rule.id in layer.by]
    parts = [part.layer.unread for part in verdict.layers] + [rule.unread for rule in rules]
    actions = ", ".join(candidate.actions)
    unread = [clean(part, 200) for part in dict.fromkeys(filter(None, parts))][:_MAX_UNREAD]
    for part in unread:
        reason = f"{candidate.title} did not let it be read; these actions are needed: {actions}"
        _emit_unread(ctx, reason, subject=f"{part} in front of the server")
    return ", ".join(unread)


def _admits_nobody(verdict: Verdict) -> bool:
    """Whether no rule of a group matches: another group might have one."""
    denying = verdict.denying
    return denying is not None and denying.layer.kind == "group" and denying.by == ("default",)


async def _credentials(ctx: ProbeContext, candidate: Provider) -> Credentials | None:
    """Return the credentials of this machine's user, or of the instance's role if it was asked
    for."""
    profile = Profile(os.environ, _read_home_file)
    try:
        credentials = await candidate.credentials(profile)
    except ApiError:
        if not ctx.options.cloud_role:
            raise
        credentials = None
    if credentials is None and ctx.options.cloud_role:
        credentials = await _role_credentials(ctx, candidate)
    return credentials


async def _role_credentials(ctx: ProbeContext, candidate: Provider) -> Credentials | None:
    """Return those of this machine's own role: those of a server over SSH stay on it."""
    from diagnose.net.api_client import metadata_client

    if ctx.options.server:
        return None
    try:
        async with metadata_client() as client, deadline(4 * METADATA_TIMEOUT):
            return await candidate.role_credentials(client)
    except TimeoutError:
        raise ApiError("timeout", action="metadata") from None


async def _read_home_file(path: str) -> str:
    """Return a file of the home folder, "" if it cannot be read."""
    from diagnose.machine.local import LocalMachine

    file = await LocalMachine().read(_expanded(path), _MAX_FILE)
    return "" if file.failure else file.text


def _expanded(path: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:  # no home folder
        return path
