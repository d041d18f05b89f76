"""What a remedy that is written for nginx says where another web server answers: that server's own
lines and commands."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from diagnose.i18n import reports

if TYPE_CHECKING:
    from diagnose.parsers.server_words import Product


def program_note(facts: Mapping[str, object], program: str, text: str, lang: str) -> str:
    """Return the note about the program that has the port: its lines for nginx's in a text, or that
    it does the same by itself."""
    # Imported late: few sites have another web server.
    from diagnose.i18n.fix_remarks import translate

    product = _product(facts)
    if product is not None:
        from diagnose.parsers.server_words import does_itself, server_words

        if own := server_words(text, product):
            lines = reports.translate("join.list", lang).join(f"`{word}`" for word in own)
            return translate("fix.other-program-lines", lang, program=program, lines=lines)
        if does_itself(text, product):
            return translate("fix.other-program-itself", lang, program=program)
    return translate("fix.other-program", lang, program=program)


def with_own_commands(facts: Mapping[str, object], text: str) -> str:
    """Return a text with the commands and words of the server that answers; as it is if that is
    nginx."""
    product = _product(facts)
    if product is None:
        return text
    from diagnose.parsers.own_words import with_own_words
    from diagnose.parsers.server_words import with_loading_commands

    return with_own_words(with_loading_commands(text, product), product)


def names_lines(facts: Mapping[str, object], text: str) -> bool:
    """Return whether a text has lines of nginx's that the server that answers writes otherwise."""
    product = _product(facts)
    if product is None:
        return False
    from diagnose.parsers.server_words import server_words

    return bool(server_words(text, product))


def _product(facts: Mapping[str, object]) -> "Product | None":
    """Return the web server other than nginx that answers; None if it is nginx, or was not read."""
    name, load = facts.get("other_product"), facts.get("other_load")
    if not name or not load:
        return None
    # Imported late: few remedies need it.
    from diagnose.parsers.server_words import Product

    log, config = (str(facts.get(fact, "")) for fact in ("other_log", "other_config"))
    return Product(str(name), str(load), log, str(facts.get("other_program", "")), config)
