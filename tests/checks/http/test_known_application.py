from checks.http._known_application import known_application, own_setting
from diagnose.model.applications import KnownApplication
from diagnose.model.processes import RunningProgram, RunningPrograms
from tests.support.check_evidence import evidence

GRAFANA = KnownApplication(id="grafana", name="Grafana", url="https://shop.example.com/")


def test_the_setting_of_a_known_application_has_its_name() -> None:
    facts = own_setting(evidence(GRAFANA), "trusted_proxy", "public_url")
    assert facts["known"] == "Grafana"
    assert "root_url" in str(facts["setting"])
    nothing = {"known": "", "setting": ""}
    assert own_setting(evidence(GRAFANA), "trusted_proxy") == nothing
    assert own_setting(evidence(), "public_url") == nothing


def test_an_application_whose_page_failed_is_known_by_its_command_line() -> None:
    program = RunningProgram(
        pid=1, name="python3", started=0.0, command="python3 /usr/bin/hass -c x"
    )
    running = RunningPrograms(endpoint="127.0.0.1:8123", programs=(program,))
    application = known_application(evidence(running))
    assert application is not None
    assert application.id == "home-assistant"
    assert known_application(evidence(GRAFANA, running)) is not application
