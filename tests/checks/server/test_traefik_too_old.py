"""server.traefik-too-old: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Confidence, Edit
from diagnose.model.containers import ComposeFile, ComposeService, Container, Containers
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK = "server.traefik-too-old"
MESSAGE = (
    "Error response from daemon: client version 1.24 is too old. Minimum supported API version is"
    " 1.44, please upgrade your client to a newer version"
)
PATH = "/srv/compose.yml"
FILE = "services:\n  traefik:\n    image: IMAGE\n    container_name: traefik\n"
OWN = replace(TRAEFIK, container="traefik")


def claims(
    image: str = "traefik:v3.5", message: str = MESSAGE, page: Exchange = NOT_FOUND
) -> list[Claim]:
    container = Container(
        engine="docker", id="a" * 64, name="traefik", image=image, state="running",
        compose=ComposeService("srv", "traefik", "/srv", (PATH,)),
    )  # fmt: skip
    return judge(
        CHECK,
        OWN,
        state(replace(ROUTER, status="disabled", errors=("port is missing",))),
        Containers(engines=("docker",), containers=(container,)),
        ComposeFile(path=PATH, text=FILE.replace("IMAGE", image)),
        page,
        target=replace(SHOP, symptom=Symptom("unusable", message)),
        masked=False,
    )


@pytest.mark.parametrize(
    ("image", "newer"),
    [
        ("traefik:v3.5", "traefik:v3.6"),
        ("traefik:v3.6.0", "traefik:v3.6"),
        ("docker.io/library/traefik:2.10.7", "docker.io/library/traefik:2.11"),
        ("traefik:v3.3-alpine", "traefik:v3.6-alpine"),
    ],
)
def test_fires_with_the_newer_image(image: str, newer: str) -> None:
    (claim,) = claims(image)
    assert (claim.confidence, claim.facts["newer"]) == (Confidence.LIKELY, newer)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, up = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f"+    image: {newer}" in edit.diff
    assert isinstance(up, Command)
    assert any("too old" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize("image", ["traefik:v3", "traefik:v3.6", "traefik:v2.11"])
def test_fires_with_a_pull_of_a_tag_that_moves(image: str) -> None:
    (claim,) = claims(image)
    assert claim.fix
    words = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert [each[-1] for each in words] == ["traefik", "traefik"]
    assert "pull" in words[0]


@pytest.mark.parametrize("image", ["traefik:latest", "traefik:v1.7", "acme/proxy:1"])
def test_fires_for_a_person_on_another_image(image: str) -> None:
    (claim,) = claims(image)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_the_message_or_where_the_page_is_there() -> None:
    assert not claims(message="404 page not found")
    assert not claims(page=replace(NOT_FOUND, status=200))
    assert not claims(page=replace(NOT_FOUND, body="<html>nothing</html>"))
