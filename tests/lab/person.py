"""A person who has the answers of `diagnose mcp` and nothing else, on the server.

What is typed comes out of the answer: the steps to the letter; from a manual step the paths and
commands in its text. What no tool can give, a person brings: a certificate from an authority, the
application that is started again.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from . import certificates
from .hosts import environment
from .lab import Lab
from .report import carry_out

Act = Callable[[Lab, str], None]

_CODE = re.compile(r"`([^`]+)`")


def ask(lab: Lab, *words: str, **arguments: Any) -> dict[str, Any]:
    """Return the answer of the tool `diagnose` on the server. `words` start `diagnose mcp`."""

    async def call() -> Any:
        program, *argv = lab.server.entering(["diagnose", "mcp", *words])
        command = StdioServerParameters(command=program, args=argv, env=environment(), cwd="/")
        async with Client(stdio_client(command)) as client:
            result = await client.call_tool("diagnose", {"timeout": 40, **arguments})
            assert not result.is_error, result.content
            return result.structured_content

    return dict(asyncio.run(call()))


def first_remedy(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the remedy of the first root cause."""
    report = answer["report"]
    (first, *_) = report["verdict"]["root_causes"]
    remedy = next(finding for finding in report["findings"] if finding["id"] == first)["remedy"]
    assert remedy, report["verdict"]
    return dict(remedy)


def obey(lab: Lab, answer: dict[str, Any], by_hand: Act | None) -> str:
    """Do what the answer says, step by step. `by_hand` does what a manual step says."""
    log = []
    for step in first_remedy(answer)["steps"]:
        if step["kind"] == "manual" and step.get("commands"):
            # What the step has a person type, who wants it.
            log.append(carry_out(lab, step["commands"]))
        elif step["kind"] == "manual":
            assert by_hand, step["text"]
            by_hand(lab, step["text"])
            log.append(step["text"])
        else:
            log.append(carry_out(lab, [step]))
    return "\n".join(log)


# What a person does by hand


def code_in(text: str, pattern: str) -> str:
    """Return the first span of code in a text that matches."""
    spans: list[str] = _CODE.findall(text)
    return next(span for span in spans if re.fullmatch(pattern, span))


def bring_certificate(lab: Lab, text: str) -> None:
    """A new certificate and its key, with the chain, to the file that the text names."""
    assert "first the site's certificate, then the intermediates" in text
    path, new = code_in(text, r"/\S+\.pem"), certificates.good()
    lab.server.write(path, new.chain)
    lab.server.write(path.replace(".pem", ".key"), new.key_pem, 0o600)


def append_intermediate(lab: Lab, text: str) -> None:
    """The intermediate from the authority, to the file that the text names."""
    path = code_in(text, r"/etc/nginx/\S+\.pem")
    lab.server.write(path, lab.server.read(path) + certificates.intermediate().pem)


def start_application(lab: Lab, text: str) -> None:
    """It listens where the text says."""
    (port,) = re.findall(r"so that it listens on 127\.0\.0\.1:(\d+)", text)
    lab.application("--port", port, port=int(port))
