"""The summary of a fleet for people: how many targets work, and the groups of those that do not."""

from itertools import islice

from diagnose.fleet.journal import Group, Journal
from diagnose.fleet.progress import WORKING
from diagnose.i18n import reports
from diagnose.i18n.fleet import translate
from diagnose.model.view import View
from diagnose.outputs.document import single_line
from diagnose.outputs.terminal import sanitize

#: Groups that are shown, and members of each. The lines of the output have all.
MAX_GROUPS, MAX_MEMBERS = 20, 3


def summary_text(journal: Journal, view: View, is_complete: bool) -> str:
    """Return the summary: a line with the counts, and a line or two for each group."""
    counts = journal.counts()
    lines = [
        translate(
            "fleet.summary" if is_complete else "fleet.interrupted",
            view.lang,
            count=sum(counts.values()),
            working=sum(number for status, number in counts.items() if status in WORKING),
        )
    ]
    groups = journal.groups(MAX_MEMBERS)
    for group in islice(groups, MAX_GROUPS):
        lines += _group_lines(group, view.lang)
    if hidden := sum(1 for _ in groups):
        lines.append(translate("fleet.more-groups", view.lang, count=hidden))
    return "".join(f"{sanitize(line)}\n" for line in lines)


def _group_lines(group: Group, lang: str) -> list[str]:
    members = reports.translate("join.list", lang).join(group.members)
    if hidden := group.size - len(group.members):
        members = translate("fleet.more-members", lang, members=members, count=hidden)
    title = single_line(group.cause.title)
    return [f"{group.size:>7}  {title}", f"{'':>9}{group.cause.check}: {members}"]
