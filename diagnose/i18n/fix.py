"""The texts of `diagnose fix`: what is asked, what was changed, and what was taken back."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    # fix
    Message("fix.ask", "Do this?"),
    Message("fix.nothing-done", "Nothing was changed."),
    Message("fix.nothing-wrong", "There is nothing to fix."),
    Message(
        "fix.elsewhere",
        "This machine is not the server. Run it there, or add --server ssh://root@HOST.",
    ),
    Message("fix.not-entered", "The server cannot be entered: {why}"),
    Message("fix.edit", "edit {path}"),
    Message("fix.looking", "looking again"),
    Message(
        "fix.further",
        "nginx names another fault now; nothing is loaded before that one is mended too",
    ),
    Message("fix.undoing", "taking it back"),
    Message(
        "fix.healed", "  It helped. `diagnose fix --undo` takes it back; copies are in {folder}."
    ),
    Message(
        "fix.healed-but",
        "  It helped. `diagnose fix --undo` takes it back, but for this: {steps}. Copies are in "
        "{folder}.",
    ),
    Message("fix.healed-for-good", "  It helped, and nothing takes it back: {steps}."),
    Message("fix.rolled-back-but", "  It did not help ({why}) and was taken back, but for this:"),
    Message("fix.rolled-back", "  It did not help and was taken back: {why}."),
    Message("fix.untouched", "  Nothing was changed: {why}."),
    Message("fix.stuck", "  It could not be taken back: {why}."),
    Message(
        "fix.cut-off",
        "Cut off. `diagnose fix --undo` takes back what was done, `--resume` goes on.",
    ),
    Message(
        "fix.busy",
        "  A fix for {check} ({target}, {at}) is under way or was cut off. If nobody is at it: "
        "`diagnose fix --undo` takes it back, `--resume` goes on.",
    ),
    Message(
        "fix.busy-unknown",
        "  Another fix is being prepared, or was cut off before it changed anything. If nobody "
        "is at it: `diagnose fix --undo` forgets it.",
    ),
    Message("fix.left.none", "No remedy is known that a program could carry out."),
    Message("fix.left.manual", "Only a person can do this:"),
    Message("fix.left.review", "Its steps are to be read by a person first:"),
    Message("fix.left.client", "Its steps are not on the server:"),
    Message("undo.this", "To be taken back: {check} ({target}, {at})"),
    Message("undo.ask", "Take it back?"),
    Message("undo.restore", "put {path} back as it was"),
    Message("undo.stays", "{step}: nothing takes this back, and what it did stays."),
    Message(
        "undo.failed", "{step}: it failed ({why}), and what it was to take back may still be there."
    ),
    Message(
        "undo.not-read",
        "{step}: it failed ({why}). The files are as they were; what runs goes on with what it had "
        "read before.",
    ),
    Message("undo.done", "All is as it was before."),
    Message("undo.done-but", "All is as it was before, but for this:"),
    Message("undo.none", "Nothing of it could be taken back:"),
    Message(
        "undo.by-itself",
        "The remedy of {check} on {target}, begun {at}, was cut off: nothing was heard of it for "
        "120 s, and the server took it back by itself.",
    ),
    Message("undo.nothing", "There is nothing to take back."),
    Message("resume.nothing", "No fix was cut off."),
    Message("resume.this", "To be gone on with: {check} ({target}, {at})"),
)

translate = MESSAGES.translate
