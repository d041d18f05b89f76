from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.applications import ReadSetting
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServer
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE

CHECK = "server.application-limit"
REFUSED = ProgramRefusal(
    endpoint="443", process="gomvn", method="PUT", path="/app.jar", status=413,
    message="| 413 | PUT | /app.jar |", times=2,
)  # fmt: skip
TOLD = replace(SHOP, symptom=Symptom("status", "413 Request Entity Too Large", number=413))


def test_fires_for_a_program_alone_and_behind_a_server() -> None:
    (claim,) = judge(CHECK, REFUSED, target=TOLD)
    assert (claim.confidence, claim.facts["alone"]) == (Confidence.CERTAIN, True)
    assert claim.about.path == "/app.jar"
    (claim,) = judge(CHECK, APACHE, replace(REFUSED, endpoint="3000"), target=TOLD)
    assert not claim.facts["alone"]


def test_silent_without_a_message_or_where_a_server_in_a_container_wrote_it() -> None:
    assert not judge(CHECK, REFUSED)
    other = replace(SHOP, symptom=Symptom("status", "404", number=404))
    assert not judge(CHECK, REFUSED, target=other)
    inside: WebServer = replace(APACHE, container="edge")
    assert not judge(CHECK, inside, REFUSED, target=TOLD)
    assert not judge(CHECK, target=TOLD)


WORDS = replace(
    REFUSED, endpoint="3000", process="node", method="", path="", status=500, times=1,
    message="SvelteKitError: Content-length of 21553972 exceeds limit of 20000000 bytes.",
)  # fmt: skip


def test_fires_for_the_words_of_a_framework_after_a_500() -> None:
    told = replace(SHOP, symptom=Symptom("status", "Error 500 - Internal error", number=500))
    (claim,) = judge(CHECK, APACHE, WORDS, target=told)
    assert claim.confidence is Confidence.LIKELY
    assert claim.about.path == SHOP.path


def test_silent_about_a_form_that_was_refused() -> None:
    told = replace(SHOP, symptom=Symptom("status", "Error 500 - Internal error", number=500))
    form = replace(REFUSED, method="POST", path="/login", status=500)
    assert not judge(CHECK, APACHE, form, target=told)


def test_fires_with_springs_own_lines_for_its_own_words() -> None:
    words = "MaxUploadSizeExceededException: Maximum upload size exceeded"
    (claim,) = judge(CHECK, APACHE, replace(WORDS, message=words, process="java"), target=TOLD)
    assert claim.facts["spring"]
    (claim,) = judge(CHECK, APACHE, WORDS, target=TOLD)
    assert not claim.facts["spring"]


def test_the_limit_of_the_source_is_raised() -> None:
    read = ReadSetting(
        application="express", topic="body_limit", key="limit of express.json()", source="nowhere",
        file="/srv/shop/server.js", number=4, line="app.use(express.json());",
        new="app.use(express.json({ limit: '50mb' }));", unit="shop.service",
    )  # fmt: skip
    (claim,) = judge(CHECK, APACHE, replace(REFUSED, endpoint="3000"), read, target=TOLD)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.fix.applicability is Applicability.REVIEW
