"""Redirects to the login of a provider elsewhere."""

from diagnose.model.http import Exchange
from diagnose.parsers.redirects import named_address, redirect_target
from diagnose.parsers.urls import parse_url


def return_address(answer: Exchange) -> str:
    """Return the address to which a login has to lead back, "" if a response names none."""
    return named_address(redirect_target(answer) or "")


def requested_return_address(answer: Exchange) -> str:
    """Return the address to which the request itself asks to be led back, "" for none."""
    return named_address(answer.url)


def leads_back(answer: Exchange) -> bool:
    """Return whether a response redirects to the host and port that the request named: the site is
    itself the login of somebody else, who waits there."""
    asked = parse_url(requested_return_address(answer))
    onward = parse_url(redirect_target(answer) or "")
    if asked is None or onward is None or asked.host != onward.host:
        return False
    return asked.port == onward.port or (asked.has_default_port and onward.has_default_port)
