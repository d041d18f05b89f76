"""What a module asks of a response: status, version, header fields, body."""

from collections.abc import Sequence

from diagnose.exporter.modules import HeaderMatch
from diagnose.exporter.probe import Probe

RawHeaders = Sequence[tuple[bytes, bytes]]


def check_status(probe: Probe, status: int) -> bool:
    valid = probe.module.http.valid_status_codes
    if valid and status not in valid:
        return probe.break_rule("valid_status_codes", "Invalid HTTP response status code",
            status_code=status, valid_status_codes=valid)  # fmt: skip
    if not valid and not 200 <= status < 300:
        message = "Invalid HTTP response status code, wanted 2xx"
        return probe.break_rule("valid_status_codes", message, status_code=status)
    return True


def check_version(probe: Probe, version: str) -> bool:
    valid = probe.module.http.valid_http_versions
    if valid and version not in valid:
        return probe.break_rule("valid_http_versions", "Invalid HTTP version number",
            version=version)  # fmt: skip
    return True


def check_headers(probe: Probe, headers: RawHeaders) -> bool:
    """A field with several values fails "matches" if any of them matches, and "not matches" if none
    does."""
    module = probe.module.http
    return all(
        _check_header(probe, headers, rule, option)
        for option in ("fail_if_header_matches", "fail_if_header_not_matches")
        for rule in getattr(module, option)
    )


def _check_header(probe: Probe, headers: RawHeaders, rule: HeaderMatch, option: str) -> bool:
    name = rule.header.lower().encode()
    values = [value for key, value in headers if key.lower() == name]
    if not values:
        return rule.allow_missing or probe.break_rule(option, "Missing required header",
            header=rule.header)  # fmt: skip
    matched = any(rule.regexp.search(value) for value in values)
    if matched is (option == "fail_if_header_matches"):
        message = (
            "Header matched regular expression"
            if matched
            else "Header did not match regular expression"
        )
        return probe.break_rule(option, message, header=rule.header, regexp=rule.regexp.text)
    return True


def check_body(probe: Probe, body: bytes) -> bool:
    module = probe.module.http
    for expression in module.fail_if_body_matches_regexp:
        if expression.search(body):
            return probe.break_rule("fail_if_body_matches_regexp",
                "Body matched regular expression", regexp=expression.text)  # fmt: skip
    for expression in module.fail_if_body_not_matches_regexp:
        if not expression.search(body):
            return probe.break_rule("fail_if_body_not_matches_regexp",
                "Body did not match regular expression", regexp=expression.text)  # fmt: skip
    return True
