"""The texts of `diagnose fix`: what is asked, what was changed, and what was taken back."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    # fix
    Message("fix.ask", "Do this?"),
    Message("fix.nothing-done", "Nothing was changed."),
    Message("fix.nothing-wrong", "There is nothing to fix."),
    Message(
        "fix.elsewhere",
        "This machine is not the server. Run diagnose on the server, or add --server "
        "ssh://root@HOST.",
    ),
    Message("fix.not-entered", "The server cannot be entered: {why}"),
    Message("fix.edit", "edit {path}"),
    Message("fix.looking", "running the checks again"),
    Message(
        "fix.further",
        "nginx reports another fault now; it loads nothing until that one is fixed too",
    ),
    Message(
        "fix.not-started",
        "the configuration is valid now; what keeps the server from starting is another fault",
    ),
    Message("fix.undoing", "undoing it"),
    Message("fix.healed", "  It helped. `diagnose fix --undo` undoes it; copies are in {folder}."),
    Message(
        "fix.healed-but",
        "  It helped. `diagnose fix --undo` undoes it, except: {steps}. Copies are in {folder}.",
    ),
    Message("fix.healed-for-good", "  It helped. It cannot be undone: {steps}."),
    Message("fix.rolled-back-but", "  It did not help ({why}) and was undone, except:"),
    Message("fix.rolled-back", "  It did not help and was undone: {why}."),
    Message("fix.untouched", "  Nothing was changed: {why}."),
    Message("fix.stuck", "  It could not be undone: {why}."),
    Message(
        "fix.cut-off",
        "Interrupted. `diagnose fix --undo` undoes what was done, `--resume` continues.",
    ),
    Message(
        "fix.busy",
        "  A fix for {check} ({target}, {at}) is running or was interrupted. If nobody is "
        "running it: `diagnose fix --undo` undoes it, `--resume` continues it.",
    ),
    Message(
        "fix.busy-unknown",
        "  Another fix is being prepared, or was interrupted before it changed anything. If "
        "nobody is running it: `diagnose fix --undo` removes it.",
    ),
    Message("fix.next", "The next cause, after another run of the checks:"),
    Message("fix.tried", "What was tried:"),
    Message("fix.tried.healed", "  {check}: it helped."),
    Message("fix.tried.rolled-back", "  {check}: it did not help and was undone."),
    Message("fix.tried.untouched", "  {check}: nothing was changed."),
    Message("fix.tried.stuck", "  {check}: it did not help, and could not be undone."),
    Message("fix.left.undone", "Its fix was tried, did not help and was undone:"),
    Message("fix.left.none", "No fix is known that a program could apply."),
    Message("fix.left.manual", "Only a person can do this, by hand:"),
    Message("fix.left.review", "Read its steps, then run them yourself:"),
    Message("fix.left.client", "Its steps are not on the server:"),
    Message("fix.left.then", "None of these steps was run. When you have done them, check:"),
    Message("undo.this", "To undo: {check} ({target}, {at})"),
    Message("undo.ask", "Undo it?"),
    Message("undo.restore", "restore {path} as it was"),
    Message("undo.stays", "This step cannot be undone:"),
    Message("undo.failed", "{step}: it failed ({why}). What it should undo may still be there."),
    Message(
        "undo.not-read",
        "{step}: it failed ({why}). The files are restored; the running program still uses "
        "what it read before.",
    ),
    Message("undo.done", "Everything is as it was before."),
    Message("undo.done-but", "Everything is as it was before, except:"),
    Message("undo.none", "Nothing of it could be undone:"),
    Message(
        "undo.by-itself",
        "The fix of {check} on {target}, started {at}, was interrupted. Nothing was heard "
        "from it for 120 s, so the server undid it by itself.",
    ),
    Message("undo.nothing", "There is nothing to undo."),
    Message("resume.nothing", "No fix was interrupted."),
    Message("resume.this", "To continue: {check} ({target}, {at})"),
)

translate = MESSAGES.translate
