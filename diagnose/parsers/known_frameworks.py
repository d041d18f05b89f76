"""Recognizes the web framework or the application server that answers, by what no other writes.
No I/O beyond `diagnose/frameworks`.

A program that many people run is an application (`diagnose.parsers.applications`), and is known
before the framework that it is made of.
"""

from collections.abc import Iterator

from diagnose.model.marks import Headers
from diagnose.parsers.applications import MAX_PAGE, cookie_names, page_title, recognized_by
from diagnose.parsers.cors_programs import cors_program
from diagnose.parsers.frameworks import Framework, frameworks

#: The names of `cors_program` for which the file has another.
_FILES = {"nest": "nestjs"}


def frameworks_of_answer(text: str, headers: Headers) -> Iterator[Framework]:
    """Yield the frameworks whose answer this is: that of its words first, then its server."""
    beginning = text[:MAX_PAGE]
    title, cookies = page_title(beginning), cookie_names(headers)
    fields = [(name.lower(), value) for name, value in headers]
    program = cors_program(headers, text)
    name = _FILES.get(program, program)
    known = frameworks()
    yield from (each for each in known if each.id == name)
    for each in known:
        if each.id != name and recognized_by(each.recognized, title, beginning, fields, cookies):
            yield each


def frameworks_of_command(command: str) -> Iterator[Framework]:
    """Yield the frameworks that the command line of a process names: `/usr/bin/gunicorn`. A
    program of a language (`java`) is none."""
    names = {word.rpartition("/")[2] for word in command.split()[:20]}
    for framework in frameworks():
        if not names.isdisjoint(framework.recognized.get("command", ())):
            yield framework
