"""The texts of a fleet, and of the workers that share one."""

from diagnose.i18n.messages import Message, Messages, PluralMessage

MESSAGES = Messages(
    # A fleet
    Message(
        "fleet.begins",
        "At most {rate} targets begin in a second, and {concurrency} are at work at once; {domain}"
        " of one registered domain, {address} at one address, {resolver} questions to one name"
        " server.",
    ),
    Message("fleet.journal", "What is finished is kept in {path} (--resume)."),
    PluralMessage(
        "fleet.anew",
        "The last run of this list was cut off after {count} target. This one begins anew;"
        " --resume would have continued it.",
        "The last run of this list was cut off after {count} targets. This one begins anew;"
        " --resume would have continued it.",
    ),
    # NOTE: progress; total is a number, or ? if it is not known yet.
    Message("fleet.done", "{done} of {total} done"),
    # NOTE: progress: how many targets do not work.
    Message("fleet.failing", "{failing} failing"),
    Message("fleet.rate", "{rate}/s"),
    # NOTE: progress: an estimate, such as "12 min".
    Message("fleet.left", "about {time} left"),
    PluralMessage(
        "fleet.summary", "{count} target, {working} working.", "{count} targets, {working} working."
    ),
    PluralMessage(
        "fleet.interrupted",
        "Interrupted after {count} target, {working} working.",
        "Interrupted after {count} targets, {working} working.",
    ),
    Message("fleet.continue", "--resume goes on with the rest (journal: {path})."),
    PluralMessage(
        "fleet.more-groups",
        "… and {count} more cause, in the lines of the output.",
        "… and {count} more causes, in the lines of the output.",
    ),
    PluralMessage("fleet.more-members", "{members} and {count} more", "{members} and {count} more"),
    # Workers (NATS is a message queue; JetStream is its part that stores messages)
    Message(
        "nats.begins",
        "At most {rate} targets are put into the queue in a second, and {concurrency} wait there or"
        " are at work at once; {domain} of one registered domain. They are seen from: {vantages}.",
    ),
    # NOTE: what a worker says when it begins.
    Message(
        "nats.works",
        "Connected to {server}. Targets for {vantage} are diagnosed, {concurrency} at once.",
    ),
    Message("nats.stopping", "What is at work is finished, or given back in {seconds} s."),
    Message("nats.unreachable", "{server} cannot be reached: {reason}"),
    Message("nats.not-trusted", "The certificate of {server} is not trusted: {reason}"),
    Message("nats.no-tls", "{server} does not offer TLS, and nothing was sent to it."),
    Message("nats.denied", "{server} refuses the credentials, or wants some (--nats-creds FILE)."),
    Message("nats.credentials", "{path} holds no credentials for NATS (a .creds file, or a seed)."),
    Message("nats.no-jetstream", "The NATS server has no JetStream: it stores no messages."),
    Message("nats.no-stream", "The stream {stream} is not there and cannot be made: {reason}"),
    Message("nats.no-permission", "The NATS server does not permit this: {reason}"),
    Message("nats.not-stored", "The NATS server does not store a message: {reason}"),
    Message("nats.no-worker", "No worker of the vantage {vantage} is connected."),
)

translate = MESSAGES.translate
