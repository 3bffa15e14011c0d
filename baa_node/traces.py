"""Spans of the walk of an image, for OpenTelemetry; nothing where no collector is configured.

All spans of one image belong to one trace, whichever process makes them and however often a step is cut off: the trace's number is
made of the SOP Instance UID (`trace_id`), so that who has the UID finds the trace. The trace itself holds no UID and nothing of a patient.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from baa_node.errors import BaaError, ConfigError
from baa_node.metrics import STEP_SECONDS

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Tracer

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

SERVICE: Final = "baa-node"
log = logging.getLogger(__name__)


class _Tracing:
    """The one tracer of this process, or none. Not the library's global one: the durable engine would write its own spans there."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


def start(endpoint: str, *, version: str, processor: SpanProcessor | None = None) -> None:
    """Send spans to a collector from now on.

    Parameters
    ----------
    endpoint
        URL of an OTLP receiver over HTTP, ``http://host:4318/v1/traces``.
    processor
        Stands in for the exporter, in tests.

    Raises
    ------
    ConfigError
        The libraries for it are not installed.
    """
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        processor = processor or _exporting(endpoint)
    except ImportError:
        raise ConfigError("traces.endpoint needs two libraries more: pip install 'baa_node[otel]'") from None
    _Tracing.provider = TracerProvider(
        resource=Resource({"service.name": SERVICE, "service.version": version}), sampler=ALWAYS_ON, shutdown_on_exit=False
    )
    _Tracing.provider.add_span_processor(processor)
    _Tracing.tracer = _Tracing.provider.get_tracer("baa_node", version)


def stop() -> None:
    """Send what is left, and no more spans."""
    if _Tracing.provider is not None:
        _Tracing.provider.shutdown()
    _Tracing.provider = _Tracing.tracer = None


def trace_id(sop_instance_uid: str) -> str:
    """Give the number of the trace of an image, 32 hexadecimal digits: the first 16 bytes of the SHA-256 of its SOP Instance UID."""
    return hashlib.sha256(sop_instance_uid.encode()).hexdigest()[:32]


@contextmanager
def step(name: str, uid: str, **attributes: str | int) -> Iterator[None]:
    """Time a step and, where traces are wanted, write a span of it.

    Parameters
    ----------
    uid
        SOP Instance UID of the image; goes into the trace's number alone.
    attributes
        Words of this program, names of peers and numbers; nothing of an image.
    """
    with STEP_SECONDS.labels(name).time():
        if _Tracing.tracer is None:
            yield
        else:
            with _span(_Tracing.tracer, name, uid, attributes):
                yield


def note(moment: str) -> None:
    """Mark a moment within the running step: an event of its span, where traces are wanted; a word of this program, nothing of an image."""
    if _Tracing.tracer is not None:
        from opentelemetry import trace

        trace.get_current_span().add_event(moment)


def watched(name: str) -> Callable[[Callable[Concatenate[S, str, int, P], R]], Callable[Concatenate[S, str, int, P], R]]:
    """Turn a method of an image and a revision into a step; a third argument is the name of a peer."""

    def decorate(method: Callable[Concatenate[S, str, int, P], R]) -> Callable[Concatenate[S, str, int, P], R]:
        @functools.wraps(method)
        def run(self: S, uid: str, revision: int, /, *args: P.args, **kwargs: P.kwargs) -> R:
            peer = {"peer": str(args[0])} if args else {}
            with step(name, uid, revision=revision, **peer):
                return method(self, uid, revision, *args, **kwargs)

        return run

    return decorate


@contextmanager
def _span(tracer: Tracer, name: str, uid: str, attributes: dict[str, str | int]) -> Iterator[None]:
    from opentelemetry import trace

    number = trace_id(uid)
    whole = trace.SpanContext(int(number, 16), int(number[:16], 16), is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))
    parent = trace.set_span_in_context(trace.NonRecordingSpan(whole))
    with tracer.start_as_current_span(
        name, context=parent, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(trace.StatusCode.ERROR, error.code if isinstance(error, BaaError) else type(error).__name__)
            raise


def _exporting(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))
