"""Masks a value of the model: each text by what its mark says it is (`diagnose.model.marks`)."""

import re
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from diagnose.model.marks import Mark
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.secrets import HIDDEN
from diagnose.recording.field_marks import FieldMark, field_marks
from diagnose.recording.redaction_http import kept_body, kept_headers, kept_message
from diagnose.recording.redaction_nginx import ArgumentMask, MaskedFiles
from diagnose.recording.redaction_servers import without_values

MaskText = Callable[[str], str]

_GENERATED_MARK = re.compile(r"(?i)generated|managed|overwritten|do not edit|not edit this file")
#: A comment on a rule or an address, after the word that introduces it.
_RULE_COMMENT = re.compile(
    r"(--comment |\"comment\": |\bcomment[ =](?!--))(\"[^\"\n]*\"?|[^\s\"]+)"
)
# A line that begins with ";", or the rest of a line after "#"; ufw's "###" lines are data.
_LINE_COMMENT = re.compile(
    r"(?m)^(?:\#!|\#\#\# (?:tuple|RULES|END|LOGGING|RATE))[^\n]*|(^;|(?:^|(?<=[ \t]))\#)[^\n]*"
)
#: Reason phrases of RFC 9110, and those that nginx and Node.js use instead.
_REASONS = {status.phrase.lower() for status in HTTPStatus} | {
    "content too large", "moved temporarily", "payload too large", "request entity too large",
    "request time-out", "request-uri too large", "requested range not satisfiable",
    "service temporarily unavailable", "unprocessable content", "uri too long",
    "web socket protocol handshake", "websocket protocol handshake",
}  # fmt: skip
#: The beginning of an HTTP response, or of the page that servers send for HTTP/0.9.
_HTTP_BEGINNING = re.compile(
    r"(?i)[\ufffd ]*(?:HTTP/[\d.]{1,3}(?: \d{3})?|<html|<!doctype html|<head)"
)


class FieldMask:
    """Masks texts by their marks. `mask_text` searches a text for names, addresses and secrets;
    `mask_word` does so without hosts of one label, which a public word may be named like."""

    def __init__(self, mask_text: MaskText, mask_word: MaskText) -> None:
        self.mask_text, self.mask_word = mask_text, mask_word
        #: The rules of marks whose texts are not searched only.
        self.rules: dict[Mark, Callable[[Any], Any]] = {
            "word": mask_word,
            "headers": lambda headers: kept_headers(headers, mask_text),
            "body": kept_body,
            "reason": self._mask_reason,
            "first-bytes": self._mask_first_bytes,
            "nginx-message": lambda text: kept_message(text, mask_text),
            "nginx-options": self._mask_options,
            "rules": lambda text: mask_text(without_comments(text)),
            "server-configuration": lambda text: mask_text(without_values(without_comments(text))),
        }

    def masked(self, value: Any, mark: FieldMark = None) -> Any:
        """Mask everything in a value of the model that is in a field with this mark."""
        if value is None or isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self._masked_text(value, mark) if value else value
        if mark in {"headers", "nginx-options"}:
            return self.rules[mark](value)
        if isinstance(value, tuple):
            return tuple(self.masked(item, mark) for item in value)
        return self._masked_fields(value) if is_dataclass(value) else value

    def _masked_text(self, text: str, mark: FieldMark) -> str:
        if isinstance(mark, str) and mark in self.rules:
            masked: str = self.rules[mark](text)
            return masked
        is_known_word = isinstance(mark, frozenset) and text in mark
        return text if is_known_word else self.mask_text(text)

    def _masked_fields(self, holder: Any) -> Any:
        kind: Any = type(holder)
        marks = field_marks(kind)
        masked: dict[str, Any] = {}
        if "configuration" in marks.values():
            files = MaskedFiles(holder.main, holder.files, self.mask_text)
            masked = {"main": files.main, "files": files.files}
        for name, mark in marks.items():
            if mark != "configuration":
                masked[name] = self.masked(getattr(holder, name), mark)
        return kind(**masked)

    def _mask_reason(self, text: str) -> str:
        return text if text.lower() in _REASONS else kept_body(text)

    def _mask_first_bytes(self, text: str) -> str:
        """Keep the beginning by which checks recognize HTTP; search a greeting of another
        protocol."""
        beginning = _HTTP_BEGINNING.match(text)
        if beginning is None:
            return self.mask_text(text)
        remainder = text[beginning.end() :].lstrip()
        phrases = (
            remainder[: len(phrase)] for phrase in _REASONS if remainder.lower().startswith(phrase)
        )
        phrase = max(phrases, key=len, default="")
        return " ".join(
            filter(None, (beginning[0], phrase, kept_body(text[beginning.end() :] or " ")))
        )

    def _mask_options(self, options: tuple[str, ...]) -> tuple[str, ...]:
        """Mask nginx's own options; the directives in -g are masked like those in a file."""
        before = ("", *options)
        return tuple(
            self._mask_directives(option) if name == "-g" else self.mask_text(option)
            for name, option in zip(before, options, strict=False)
        )

    def _mask_directives(self, text: str) -> str:
        mask = ArgumentMask(self.mask_text)
        statements = (
            " ".join((directive.name, *mask.mask_all(directive.name, "", directive.args)))
            for directive in parse(text, "-g")
        )
        return " ".join(f"{statement};" for statement in statements)


def without_comments(text: str) -> str:
    """Hide the comments in a file or a rule."""
    text = _RULE_COMMENT.sub(_hide_comment, text)
    # nft's list is JSON.
    return text if text.startswith("{") else _LINE_COMMENT.sub(_hide_line_comment, text)


def _hide_comment(match: re.Match[str]) -> str:
    quote = '"' if match[2].startswith('"') else ""
    return f"{match[1]}{quote}{HIDDEN}{quote}"


def _hide_line_comment(match: re.Match[str]) -> str:
    """Hide a comment, but keep the mark that a program generates the file, because checks read
    it."""
    if not match[1]:
        return match[0]
    generated_mark = _GENERATED_MARK.search(match[0])
    return f"{match[1]} {HIDDEN}{f' {generated_mark[0]}' if generated_mark else ''}"
