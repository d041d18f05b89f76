"""The two streams and their consumers. What exists already stays as it is: an administrator may
have made it, with replicas or limits of their own."""

import contextlib

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from diagnose.fleet.jetstream import QueueError
from diagnose.fleet.jetstream.messages import RESULT_PREFIX, RESULTS, TASK_PREFIX, TASKS

#: Seconds after which a message that is neither acknowledged nor said to be in progress is
#: delivered again: its worker is lost.
ACK_WAIT = 15.0

#: Seconds for which a stream remembers the ids of its messages.
DUPLICATE_WINDOW = 120.0

#: Seconds that messages are kept: those of a fleet that never came back.
TASK_AGE, RESULT_AGE = 24 * 3600.0, 7 * 24 * 3600.0

#: Messages of one consumer that may be at work at once, on all workers.
MAX_AT_WORK = 20_000


async def prepare_tasks(jetstream: JetStreamContext, vantage: str) -> None:
    """Make the consumer of a vantage, and its stream, unless they exist. Raise QueueError if the
    server has no JetStream."""
    await _ensure(jetstream, TASKS, TASK_PREFIX, TASK_AGE, vantage, f"{TASK_PREFIX}.{vantage}.>")


async def ack_wait(jetstream: JetStreamContext, vantage: str) -> float:
    """Return the seconds after which a task is given to another worker; an administrator may have
    chosen them."""
    info = await jetstream.consumer_info(TASKS, vantage)
    return info.config.ack_wait or ACK_WAIT


async def prepare_results(jetstream: JetStreamContext, run: str) -> None:
    """Make the consumer of the results of a run, and the stream, unless they exist."""
    subject = f"{RESULT_PREFIX}.*.{run}.*"
    await _ensure(jetstream, RESULTS, RESULT_PREFIX, RESULT_AGE, results_consumer(run), subject)


def results_consumer(run: str) -> str:
    return f"fleet-{run}"


async def renewed_consumer(jetstream: JetStreamContext, stream: str, consumer: str) -> ConsumerInfo:
    """Return what the server says about a consumer. A consumer that is ahead of its stream is made
    anew with the same configuration: it would pass over all new messages up to its place.

    nats-server 2.10 may number the messages of an empty stream from 1 again when it was killed, and
    keeps the place of the consumer."""
    info: ConsumerInfo = await jetstream.consumer_info(stream, consumer)
    state = (await jetstream.stream_info(stream)).state
    if info.delivered is not None and info.delivered.stream_seq > state.last_seq:
        await jetstream.delete_consumer(stream, consumer)
        info = await jetstream.add_consumer(stream, info.config)
    return info


async def remove_results(jetstream: JetStreamContext, run: str) -> None:
    """Remove what is left of a run that is complete: its consumer, and results that came twice."""
    with contextlib.suppress(APIError):
        await jetstream.delete_consumer(RESULTS, results_consumer(run))
    with contextlib.suppress(APIError):
        await jetstream.purge_stream(RESULTS, subject=f"{RESULT_PREFIX}.*.{run}.*")


async def _ensure(
    jetstream: JetStreamContext, stream: str, prefix: str, age: float, consumer: str, subject: str
) -> None:
    try:
        with contextlib.suppress(NotFoundError):
            await jetstream.consumer_info(stream, consumer)
            return
        await _ensure_stream(jetstream, stream, prefix, age)
        await jetstream.add_consumer(
            stream,
            ConsumerConfig(
                durable_name=consumer,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT,
                filter_subject=subject,
                max_ack_pending=MAX_AT_WORK,
                max_deliver=-1,
            ),
        )
    except ServiceUnavailableError:
        raise QueueError("nats.no-jetstream") from None
    except APIError as error:
        raise QueueError("nats.no-stream", stream=stream, reason=str(error.description)) from None
    except nats.errors.TimeoutError:
        # A request that is not permitted gets no answer; what is not permitted was said.
        reason = "no answer, or no permission"
        raise QueueError("nats.no-stream", stream=stream, reason=reason) from None


async def _ensure_stream(jetstream: JetStreamContext, stream: str, prefix: str, age: float) -> None:
    with contextlib.suppress(NotFoundError):
        await jetstream.stream_info(stream)
        return
    await jetstream.add_stream(
        StreamConfig(
            name=stream,
            subjects=[f"{prefix}.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            max_age=age,
            duplicate_window=DUPLICATE_WINDOW,
        )
    )
