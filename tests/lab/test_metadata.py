"""The metadata service at its real address, in a namespace of its own."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from diagnose.cloud.aws import metadata as aws_metadata
from diagnose.cloud.tencent import metadata as tencent_metadata
from tests.support import aliyun_mock, tencent_server

from .hosts import REPOSITORY, Host, until
from .lab import HERE, missing

pytestmark = pytest.mark.lab

ADDRESS = "100.100.100.200"
ITEMS = {"instance-id": "i-example", "region-id": "cn-hangzhou", "private-ipv4": "172.16.0.10"}
MUTE = f"import signal, socket; s = socket.create_server(('{ADDRESS}', 80)); signal.pause()"
#: A proxy that is not there: whoever asks it gets no answer.
PROXY = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")


Spawn = Callable[..., None]


@pytest.fixture
def host() -> Iterator[Host]:
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    host = Host("cloud").ready()
    host.sh(f"ip link set lo up; ip addr add {ADDRESS}/32 dev lo")
    yield host
    host.close()


@pytest.fixture
def spawn(host: Host) -> Iterator[Spawn]:
    """Starts a program that serves port 80, and ends it after the test."""
    with contextlib.ExitStack() as stack:

        def start(*argv: str) -> None:
            process = host.spawn(host.python(*argv))
            stack.callback(process.wait)
            stack.callback(process.kill)
            until(lambda: host.listening(80), "the service listens")

        yield start


def serve(host: Host, spawn: Spawn, mode: str) -> None:
    host.write("/run/metadata.json", json.dumps({"items": ITEMS, "mode": mode}))
    spawn(str(Path(aliyun_mock.__file__)), "metadata", "/run/metadata.json", ADDRESS)


def asked(
    host: Host,
    env: dict[str, str] | None = None,
    provider: str = "aliyun-ecs",
    patience: tuple[str, ...] = (),
) -> str:
    program = host.python(str(HERE / "ask_metadata.py"), provider, *patience)
    more = {"PYTHONPATH": str(REPOSITORY)} | (env or {})
    return host.run(program, env=more, check=True).stdout.strip()


def answer(host: Host, env: dict[str, str] | None = None, provider: str = "aliyun-ecs") -> str:
    """What it says, however long that takes."""
    return asked(host, env, provider, ("60",))


@pytest.mark.parametrize("mode", ["hardened", "plain"])
def test_it_says_who_this_machine_is(host: Host, spawn: Spawn, mode: str) -> None:
    serve(host, spawn, mode)
    assert answer(host) == "answered i-example 172.16.0.10"


def test_no_proxy_of_the_environment_is_used(host: Host, spawn: Spawn) -> None:
    serve(host, spawn, "hardened")
    assert answer(host, PROXY) == "answered i-example 172.16.0.10"


#: The address, the arguments of the fake, and what it says.
OTHERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "tencent-cvm": (
        "169.254.0.23",
        {
            "base": tencent_metadata.BASE,
            "items": {"instance-id": "ins-1a2b3c4d", "local-ipv4": "10.0.0.9"},
        },
        "answered ins-1a2b3c4d 10.0.0.9",
    ),
    "aws-ec2": (
        "169.254.169.254",
        {
            "base": aws_metadata.BASE,
            "items": {"instance-id": "i-0123456789abcdef0", "local-ipv4": "10.0.0.9"},
            "token_url": aws_metadata.TOKEN_URL,
            "token_field": aws_metadata.TOKEN_FIELD,
        },
        "answered i-0123456789abcdef0 10.0.0.9",
    ),
}


@pytest.mark.parametrize("provider", OTHERS)
def test_those_of_other_clouds(host: Host, spawn: Spawn, provider: str) -> None:
    address, state, expected = OTHERS[provider]
    host.sh(f"ip addr add {address}/32 dev lo")
    host.write("/run/metadata.json", json.dumps(state))
    spawn(str(Path(tencent_server.__file__)), "metadata", "/run/metadata.json", address)
    assert answer(host, PROXY, provider) == expected


def test_a_service_that_knows_no_token_is_not_that_of_aws(host: Host, spawn: Spawn) -> None:
    address, state, _ = OTHERS["aws-ec2"]
    host.sh(f"ip addr add {address}/32 dev lo")
    host.write(
        "/run/metadata.json", json.dumps({"base": aws_metadata.BASE, "items": state["items"]})
    )
    spawn(str(Path(tencent_server.__file__)), "metadata", "/run/metadata.json", address)
    assert answer(host, None, "aws-ec2") == "off - -"


def test_one_that_is_switched_off_is_off(host: Host, spawn: Spawn) -> None:
    serve(host, spawn, "off")
    assert answer(host) == "off - -"


def test_one_that_accepts_and_does_not_answer_is_silent(host: Host, spawn: Spawn) -> None:
    spawn("-c", MUTE)
    assert asked(host) == "silent - -"


def test_one_whose_packets_are_lost_is_silent(host: Host) -> None:
    host.sh(f"""
        nft add table ip lost
        nft add chain ip lost input '{{ type filter hook input priority 0; }}'
        nft add rule ip lost input ip daddr {ADDRESS} drop
    """)
    assert asked(host) == "silent - -"


def test_an_address_without_a_route_is_silent(host: Host) -> None:
    host.sh(f"ip addr del {ADDRESS}/32 dev lo")
    assert asked(host) == "silent - -"
