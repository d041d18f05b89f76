"""The addresses in a browser's message, and the machine's name that nginx tells an application."""

from dataclasses import replace

from checks.http._told_addresses import machine_name_line, told_addresses
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import RUNNING, SITE, config

HOST = "        proxy_set_header Host $host;\n"


def told(text: str) -> list[str]:
    return list(told_addresses(evidence(target=replace(SHOP, symptom=Symptom("name", text)))))


def test_the_addresses_of_a_browsers_message() -> None:
    assert told("GET http://backend:8000/api net::ERR_NAME_NOT_RESOLVED") == [
        "http://backend:8000/api"
    ]
    assert told("WebSocket connection to 'ws://web1/x' failed:") == ["ws://web1/x"]
    assert told('while connecting to upstream: "http://backend:8000/", net::ERR_FAILED') == []
    assert list(told_addresses(evidence())) == []


def test_an_address_that_was_cut_is_none() -> None:
    assert told("Mixed Content: the page requested an insecure script 'http://s…") == []


def test_an_address_at_the_end_of_the_shown_part_is_that_of_the_whole_message() -> None:
    """Issue 483 of openhab/openhab-distro: words follow the address."""
    url = "http://shop.example.com/rest/events?sitemap=home"
    text = f"… requested an insecure EventSource endpoint '{url}"
    target = replace(SHOP, symptom=Symptom("name", f"{text}…", None, f"{text}'. This content"))
    assert list(told_addresses(evidence(target=target))) == [url]


def test_the_machines_name_in_a_field_of_nginx() -> None:
    line = HOST.replace("$host", "$hostname")
    field, place = machine_name_line(evidence(RUNNING, config(SITE.replace(HOST, line))))
    assert field == "Host"
    assert place
    assert machine_name_line(evidence(RUNNING, config(SITE))) == ("", "")
