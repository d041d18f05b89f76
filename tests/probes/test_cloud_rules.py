"""The cloud of a server, and its rules, as the probes see them: with mocks in place of the
metadata service and of the API."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from diagnose.cloud import registry
from diagnose.cloud.aliyun import api
from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse
from diagnose.model import Evidence, Host, Observation, Scope, Target, Unseen, Vantage
from diagnose.model.cloud import CloudInstance, CloudMachine, CloudRules
from diagnose.model.tcp import Connection
from diagnose.net import api_client
from diagnose.probes import Options, Probe, cloud_rules
from diagnose.probes.cloud_rules import SUBJECT
from diagnose.probes.firmware import DMI_FOLDER
from diagnose.probes.inside import cloud as inside
from diagnose.probes.outside import cloud as outside
from diagnose.recording.codec import Recording, decode, encode
from tests.support.aliyun_mock import KEY_ID, SECRET, TOKEN
from tests.support.aliyun_state import (
    CONSOLE_DEFAULT,
    INSTANCE,
    PRIVATE,
    PUBLIC,
    REGION,
    MetadataClient,
    MockClient,
    rule,
    state,
)
from tests.support.check_evidence import NOW, TIMEOUT
from tests.support.event_loops import ClockLoop
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.tcp_evidence import attempt

ALIYUN = {f"{DMI_FOLDER}/product_name": "Alibaba Cloud ECS\n"}
ITEMS = {"instance-id": INSTANCE, "region-id": REGION, "private-ipv4": PRIVATE, "eipv4": PUBLIC}
KEYS = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
    "ALIBABA_CLOUD_REGION_ID": REGION,
}
TARGET = Target("shop.example.com", "https", "shop.example.com", 443)
SILENT = attempt(failure=TIMEOUT, took=4.0)
ASKED = Options(cloud=True)


class Doors:
    """Mocks in the place of the two clients, and what went through them."""

    def __init__(self, answers: Mapping[str, Any], items: Mapping[str, str] | None = None) -> None:
        self.api = MockClient(answers)
        self.metadata = MetadataClient(items=ITEMS if items is None else items)

    def install(self, patch: pytest.MonkeyPatch) -> "Doors":
        patch.setattr(api_client, "api_client", lambda: self._open(self.api))
        patch.setattr(api_client, "metadata_client", lambda: self._open(self.metadata))
        patch.setattr(api, "RETRY_WAIT", 0)
        for name in [*KEYS, "ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_SECURITY_TOKEN"]:
            patch.delenv(name, raising=False)
        patch.setenv("HOME", "/nonexistent")
        return self

    @contextlib.asynccontextmanager
    async def _open(self, client: Any) -> AsyncIterator[Any]:
        yield client


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    answers = state(*CONSOLE_DEFAULT)
    answers["groups"]["sg-https"] = {"name": "https", "Permissions": [rule("ok", "443/443")]}
    return Doors(answers).install(monkeypatch)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, doors: Doors) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def context(
    *observations: Any,
    files: Mapping[str, str] = ALIYUN,
    options: Options = Options(),
    machine: RecordedMachine | None = None,
) -> Looking:
    looking = Looking(machine or RecordedMachine(files=files))
    looking.options = options
    looking.observations += observations
    return looking


def run(looking: Looking, probe: Probe, observation: Observation) -> Looking:
    async def work() -> None:
        await probe.work(looking, observation)

    asyncio.run(work())
    return looking


def run_inside(looking: Looking, connection: Connection = SILENT) -> Looking:
    looking.observations.append(connection)
    return run(looking, inside.unanswered, connection)


def run_outside(looking: Looking, connection: Connection = SILENT) -> Looking:
    looking.observations.append(connection)
    return run(looking, outside.unanswered, connection)


def reasons(looking: Looking) -> list[str]:
    return [unseen.why for unseen in looking.observed(Unseen)]


# Which cloud


def test_a_silent_port_on_a_cloud_server_names_the_instance_and_asks_no_api(doors: Doors) -> None:
    looking = run_inside(context())
    (machine,) = looking.observed(CloudMachine)
    assert (machine.title, machine.metadata) == ("Alibaba Cloud", "answered")
    assert machine.instance is not None
    assert machine.instance.id == INSTANCE
    assert machine.console.endswith("/securityGroup/region/cn-hangzhou")
    (unseen,) = looking.observed(Unseen)
    assert unseen.what == SUBJECT
    assert unseen.enable == "diagnose https://shop.example.com/ --cloud"
    assert doors.api.mock.actions == []


def test_a_port_that_answers_costs_nothing(doors: Doors) -> None:
    looking = run_inside(context(), attempt())
    assert looking.observations == [looking.observations[0]]
    assert doors.metadata.mock.paths == []


def test_a_port_that_refuses_is_no_question_for_the_cloud(doors: Doors) -> None:
    refused = replace(SILENT, failure=replace(TIMEOUT, kind="refused"))
    assert run_inside(context(), refused).observed(CloudMachine) == ()


def test_it_is_asked_once_for_all_addresses(doors: Doors) -> None:
    looking = run_inside(context())
    run_inside(looking, attempt("203.0.113.11", failure=TIMEOUT))
    assert len(looking.observed(CloudMachine)) == 1


def test_a_layer_that_is_left_out_is_not_asked(doors: Doors) -> None:
    looking = run_inside(context(options=Options(skip=("cloud",), cloud=True)))
    assert looking.observed(CloudMachine, CloudRules) == ()


def test_a_machine_of_no_cloud_imports_no_provider_and_sends_nothing() -> None:
    """In a process of its own, because this one has imported everything."""
    program = """
import asyncio, sys
from tests.support.recorded_machine import RecordedMachine
from diagnose.model import Failure
from diagnose.model.tcp import Connection
from diagnose.probes.inside import cloud
from tests.support.fake_context import Looking
files = {"/sys/class/dmi/id/sys_vendor": "QEMU", "/sys/class/dmi/id/product_name": "Standard PC"}
looking = Looking(RecordedMachine(files=files))
failure = Failure("timeout", "timed out")
silent = Connection(address="203.0.113.10", port=443, family=4, failure=failure)
looking.observations.append(silent)
assert "diagnose.cloud.firmware" not in sys.modules
asyncio.run(cloud.unanswered.work(looking, silent))
assert looking.observations == [silent], looking.observations
assert "diagnose.cloud.firmware" in sys.modules
loaded = [name for name in sys.modules if name.startswith(
    ("diagnose.cloud.aliyun", "diagnose.cloud.evaluation", "diagnose.probes.cloud_rules",
     "diagnose.model.cloud", "diagnose.net.api_client", "httpx", "importlib.metadata"))]
assert not loaded, loaded
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [
        ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Microsoft Azure"),
        ("product_name", "Google Compute Engine", "Google Cloud"),
        ("chassis_asset_tag", "HUAWEICLOUD", "Huawei Cloud"),
    ],
)
def test_a_cloud_whose_rules_are_not_read_has_its_console(
    doors: Doors, name: str, value: str, title: str
) -> None:
    looking = run_inside(context(files={f"{DMI_FOLDER}/{name}": value}, options=ASKED))
    (machine,) = looking.observed(CloudMachine)
    assert (machine.title, machine.metadata) == (title, "unasked")
    assert machine.console.startswith("https://")
    assert reasons(looking) == [f"diagnose does not read the rules of {title}"]


def test_hyper_v_of_ones_own_is_not_azure(doors: Doors) -> None:
    files = {f"{DMI_FOLDER}/sys_vendor": "Microsoft Corporation"}
    assert run_inside(context(files=files)).observed(CloudMachine) == ()


def test_metadata_that_is_switched_off_is_not_another_cloud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doors = Doors({}).install(monkeypatch)
    doors.metadata.mock.state = {"mode": "off", "items": {}}
    (machine,) = run_inside(context()).observed(CloudMachine)
    assert (machine.title, machine.metadata, machine.instance) == ("Alibaba Cloud", "off", None)


def test_metadata_without_an_answer_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    doors = Doors({}).install(monkeypatch)

    class Silent:
        async def send(self, request: ApiRequest) -> ApiResponse:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(api_client, "metadata_client", lambda: doors._open(Silent()))
    (machine,) = run_inside(context()).observed(CloudMachine)
    assert machine.metadata == "silent"


async def _late_by(seconds: float) -> None:
    """Let time pass in which this program does nothing else."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ClockLoop)
    loop.be_late(seconds)
    await asyncio.sleep(0)


@pytest.mark.parametrize(("wait", "metadata"), [(_late_by, "answered"), (asyncio.sleep, "silent")])
def test_our_own_lateness_is_not_the_silence_of_metadata(
    monkeypatch: pytest.MonkeyPatch, wait: Callable[[float], Awaitable[None]], metadata: str
) -> None:
    doors = Doors({}).install(monkeypatch)

    class Slow:
        async def send(self, request: ApiRequest) -> ApiResponse:
            await wait(0.4)
            return await doors.metadata.send(request)

    monkeypatch.setattr(api_client, "metadata_client", lambda: doors._open(Slow()))
    assert _identified()[1] == metadata


def test_a_loop_that_is_always_late_says_nothing_of_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doors = Doors({}).install(monkeypatch)

    class Unread:
        async def send(self, request: ApiRequest) -> ApiResponse:
            while True:
                await _late_by(0.5)

    monkeypatch.setattr(api_client, "metadata_client", lambda: doors._open(Unread()))
    assert _identified() == (None, "late")


def _identified() -> tuple[CloudInstance | None, str]:
    ecs = registry.provider("aliyun-ecs")
    assert ecs is not None
    with asyncio.Runner(loop_factory=ClockLoop) as runner:
        return runner.run(cloud_rules.identify(RecordedMachine(), (ecs,)))


def test_over_ssh_the_metadata_is_asked_on_the_server_without_a_proxy(doors: Doors) -> None:
    class Server(RecordedMachine):
        async def run(self, *argv: str, timeout: float = 8.0) -> Any:
            self.commands_run.append(" ".join(argv))
            result = await super().run("true")
            if argv[0] == "grep":
                out = f"{DMI_FOLDER}/product_name:Alibaba Cloud ECS\n"
                return replace(result, out=out, failure=None, status=2)
            method = argv[argv.index("-X") + 1]
            headers = dict(word.split(": ", 1) for flag, word in pairwise(argv) if flag == "-H")
            path = argv[-1].removeprefix("http://100.100.100.200")
            status, text = doors.metadata.mock.answer(method, path, headers)
            return replace(result, out=f"{text}\n{status}", failure=None, status=0)

    server = Server(via="ssh://web")
    (machine,) = run_inside(context(machine=server)).observed(CloudMachine)
    assert machine.instance is not None
    assert machine.instance.id == INSTANCE
    asked = [command for command in server.commands_run if command.startswith("curl")]
    assert asked
    assert all("-q -s --noproxy *" in command for command in asked)
    assert server.commands_run[0].startswith("grep")


# The rules


@pytest.mark.usefixtures("keys")
def test_with_cloud_the_rules_of_the_instance_are_read(doors: Doors) -> None:
    looking = run_inside(context(options=ASKED))
    (rules,) = looking.observed(CloudRules)
    assert rules.instance.id == INSTANCE
    assert rules.credentials == "ALIBABA_CLOUD_ACCESS_KEY_ID"
    assert [group.id for group in rules.others] == ["sg-https"]
    assert rules.equivalent.startswith("aliyun ecs DescribeSecurityGroupAttribute")
    assert "DescribeInstances" not in doors.api.mock.actions
    assert not looking.observed(Unseen)


@pytest.mark.usefixtures("keys")
def test_on_the_server_itself_they_are_read_although_its_port_answers(doors: Doors) -> None:
    (rules,) = run_inside(context(options=ASKED), attempt()).observed(CloudRules)
    assert rules.instance.id == INSTANCE


@pytest.mark.usefixtures("keys")
def test_where_only_the_server_is_examined_they_are_read_at_once(doors: Doors) -> None:
    looking = context(options=Options(outside=False, cloud=True))
    host = Host(vantage=Vantage.SERVER, hostname="web", role="server")
    run(looking, inside.server_alone, host)
    assert looking.observed(CloudRules)


@pytest.mark.usefixtures("keys")
def test_from_the_laptop_the_instance_is_found_by_its_address(doors: Doors) -> None:
    (rules,) = run_outside(context(options=ASKED)).observed(CloudRules)
    assert (rules.instance.id, rules.instance.source) == (INSTANCE, "api")
    assert doors.metadata.mock.paths == []


@pytest.mark.usefixtures("keys")
def test_without_the_users_word_no_api_is_asked(doors: Doors) -> None:
    assert run_outside(context()).observed(CloudRules, Unseen) == ()
    assert doors.api.mock.actions == []


@pytest.mark.usefixtures("keys")
def test_a_look_into_the_server_does_it_instead(doors: Doors) -> None:
    host = Host(vantage=Vantage.SERVER, hostname="web", role="server")
    assert run_outside(context(host, options=ASKED)).observed(CloudRules) == ()


@pytest.mark.usefixtures("keys")
def test_a_simple_application_server_is_found_where_ecs_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = {"id": "swas-1", "public": PUBLIC, "rules": []}
    Doors({"swas": [server]}).install(monkeypatch)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    (rules,) = run_outside(context(options=ASKED)).observed(CloudRules)
    assert (rules.instance.provider, rules.instance.id) == ("aliyun-swas", "swas-1")


@pytest.mark.usefixtures("keys")
def test_a_list_that_may_not_be_read_is_said_where_it_decides(doors: Doors) -> None:
    listed = rule("pl", "443/443", SourceCidrIp="", SourcePrefixListId="pl-1")
    doors.api.mock.state["groups"] = {"sg-web": {"Permissions": [listed]}}
    looking = run_inside(context(options=ASKED))
    (rules,) = looking.observed(CloudRules)
    assert rules.failure is not None
    assert rules.failure.message == "not read: prefix list pl-1"
    (unseen,) = looking.observed(Unseen)
    assert unseen.what == "prefix list pl-1 in front of the server"
    assert "ecs:DescribePrefixListAttributes" in unseen.why


@pytest.mark.usefixtures("keys")
def test_an_acl_that_may_not_be_read_is_said_where_it_decides(doors: Doors) -> None:
    doors.api.mock.state["groups"] = {"sg-web": {"Permissions": [rule("ok", "443/443")]}}
    doors.api.mock.state["switches"] = {"vsw-1": "nacl-1"}
    (unseen,) = run_inside(context(options=ASKED)).observed(Unseen)
    assert unseen.what == "network ACL nacl-1 in front of the server"


@pytest.mark.usefixtures("keys")
def test_what_does_not_decide_is_not_said(doors: Doors) -> None:
    listed = rule("pl", "443/443", Priority="9", SourceCidrIp="", SourcePrefixListId="pl-1")
    permissions = [rule("ok", "443/443"), listed]
    doors.api.mock.state["groups"] = {"sg-web": {"Permissions": permissions}}
    assert not run_inside(context(options=ASKED)).observed(Unseen)


@pytest.mark.usefixtures("keys")
def test_a_service_that_knows_the_instance_by_another_id_is_asked_for_its_address(
    doors: Doors,
) -> None:
    server = {"id": "swas-1", "public": PUBLIC, "rules": []}
    doors.api.mock.state = {"swas": [server]}
    (rules,) = run_inside(context(options=ASKED)).observed(CloudRules)
    assert (rules.instance.provider, rules.instance.id) == ("aliyun-swas", "swas-1")


def test_no_credentials_say_where_they_were_looked_for(doors: Doors) -> None:
    looking = run_outside(context(options=ASKED))
    (unseen,) = looking.observed(Unseen)
    assert "~/.aliyun/config.json" in unseen.why
    assert unseen.enable == "aliyun configure"


@pytest.mark.usefixtures("keys")
def test_an_address_of_another_region_says_how_to_look_there(doors: Doors) -> None:
    looking = run_outside(context(options=ASKED), attempt("203.0.113.99", failure=TIMEOUT))
    assert any("ALIBABA_CLOUD_REGION_ID" in reason for reason in reasons(looking))
    assert not looking.observed(CloudRules)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "Forbidden.RAM", "allow these actions, which only read: ecs:DescribeInstances"),
        (400, "Throttling", "wait a minute"),
        (400, "InvalidTimeStamp.Expired", "correct the clock"),
        (404, "InvalidAccessKeyId.NotFound", "does not accept the credentials"),
    ],
)
@pytest.mark.usefixtures("keys")
def test_each_refusal_is_unknown_with_a_way_out(
    doors: Doors, status: int, code: str, words: str
) -> None:
    doors.api.mock.state["errors"] = {"DescribeNetworkInterfaces": [status, code, 9]}
    doors.api.mock._left = {"DescribeNetworkInterfaces": 9}
    looking = run_inside(context(options=ASKED))
    assert not looking.observed(CloudRules)
    (reason,) = reasons(looking)
    assert words in reason


@pytest.mark.usefixtures("keys")
def test_an_api_that_cannot_be_reached_is_unknown(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unreachable:
        async def send(self, request: ApiRequest) -> ApiResponse:
            raise ApiError("unreachable", "no route")

    monkeypatch.setattr(api_client, "api_client", lambda: doors._open(Unreachable()))
    assert any("cannot be reached" in reason for reason in reasons(
        run_inside(context(options=ASKED))
    ))  # fmt: skip


def test_the_role_of_the_instance_is_read_only_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = {"AccessKeyId": KEY_ID, "AccessKeySecret": SECRET, "SecurityToken": "sts-canary"}
    items = ITEMS | {
        "ram/security-credentials/": "web",
        "ram/security-credentials/web": json.dumps(document),
    }
    doors = Doors(state(*CONSOLE_DEFAULT), items).install(monkeypatch)
    assert not run_inside(context(options=ASKED)).observed(CloudRules)
    assert not any("ram/" in path for path in doors.metadata.mock.paths)
    options = Options(cloud=True, cloud_role=True)
    (rules,) = run_inside(context(options=options)).observed(CloudRules)
    assert rules.credentials == "the instance's role web"


@pytest.mark.usefixtures("keys")
def test_no_secret_is_in_the_evidence(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where the rules are read, nor where the API repeats what was signed."""
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "session-canary")
    looking = run_inside(context(options=ASKED))
    doors.api.mock._left = {"DescribeNetworkInterfaces": 9}
    doors.api.mock.state["errors"] = {"DescribeNetworkInterfaces": [400, "Odd", 9]}
    looking.observations += run_inside(context(options=ASKED)).observations
    evidence = Evidence(TARGET, NOW, tuple(looking.observations), Scope())
    text = encode(Recording(evidence))
    assert looking.observed(CloudRules)
    for secret in (SECRET, "session-canary", TOKEN, KEY_ID):
        assert secret not in text
    again = decode(text).evidence
    assert again.of(CloudRules)[0].rules == looking.observed(CloudRules)[0].rules


MODES = ("AK", "StsToken", "RamRoleArn", "EcsRamRole", "ChainableRamRoleArn", "CloudSSO", "OAuth",
         "External", "CredentialsURI", "OIDC", "RsaKeyPair", "BearerToken")  # fmt: skip
#: All that a profile of the program keeps secret.
SECRETS = (
    "access_key_secret", "sts_token", "private_key", "process_command", "credentials_uri",
    "access_token", "oauth_access_token", "oauth_refresh_token", "bearer_token", "external_id",
)  # fmt: skip


@pytest.mark.parametrize("is_valid", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_a_profile_is_used_or_named_and_no_secret_of_it_is_shown(
    mode: str, is_valid: bool, doors: Doors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = {name: f"canary-{name}" for name in SECRETS} | {
        "name": "work", "mode": mode, "access_key_id": KEY_ID, "region_id": REGION,
        "access_key_secret": SECRET, "sts_expiration": 9_999_999_999 if is_valid else 1,
    }  # fmt: skip
    (tmp_path / ".aliyun").mkdir()
    config = tmp_path / ".aliyun" / "config.json"
    config.write_text(json.dumps({"current": "work", "profiles": [profile]}))
    monkeypatch.setenv("HOME", str(tmp_path))
    looking = run_outside(context(options=ASKED))
    is_used = mode in {"AK", "StsToken"} or (mode in {"CloudSSO", "OAuth"} and is_valid)
    assert bool(looking.observed(CloudRules)) is is_used
    if not is_used:
        assert any(mode in reason and "; " in reason for reason in reasons(looking))
    shown = encode(Recording(Evidence(TARGET, NOW, tuple(looking.observations), Scope())))
    for secret in ("canary-", SECRET, KEY_ID):
        assert secret not in shown


def test_a_provider_that_cannot_be_imported_is_said_and_stops_nothing(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        registry, "OWN", {"broken": "diagnose.cloud.no_such:Module", **registry.OWN}
    )
    looking = run_outside(context(options=ASKED))
    assert looking.observed(CloudRules)
    assert any(unseen.what == "the provider broken" for unseen in looking.observed(Unseen))
