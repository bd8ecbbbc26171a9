"""Prometheus metrics of this process. What the databases hold is read by doctor/gauges.py at each scrape.

They are in a registry of our own, without metrics of libraries. No label carries an id or anything that a caller chose.
"""

from __future__ import annotations

from functools import cache
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped in the library; spares a second series for each metric
REGISTRY = CollectorRegistry()
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ProcessCollector(registry=REGISTRY)
REQUESTS = Histogram(
    "alc_app_request_seconds",
    "Seconds from a request to the beginning of its answer.",
    ["endpoint", "method", "status"],
    registry=REGISTRY,
    buckets=SECONDS,
)
DELIVERIES = Counter(
    "alc_app_deliveries_answered",
    "Deliveries by result: a decision, or the status of their refusal.",
    ["answer"],
    registry=REGISTRY,
)
CALLS = Histogram(
    "alc_app_call_seconds",
    "Seconds that a call to ALC or Attio took; the status is none when no whole answer came.",
    ["host", "status"],
    registry=REGISTRY,
    buckets=SECONDS,
)


def count_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Record a request by its endpoint, its method and the class of its status, such as 2xx."""
    known = method if method in METHODS else "other"
    _requests(endpoint or "none", known, status // 100).observe(seconds)


def count_delivery(answer: str) -> None:
    """Count a delivery by its result: a decision, or the status of its refusal."""
    _deliveries(answer).inc()


@cache  # there are few; to find one takes longer than to count
def _requests(endpoint: str, method: str, status_class: int) -> Histogram:
    return REQUESTS.labels(endpoint, method, f"{status_class}xx")


@cache
def _deliveries(answer: str) -> Counter:
    return DELIVERIES.labels(answer)


def serve_metrics(port: int) -> WSGIServer:
    """Serve this process's metrics at `/metrics` on a port of the loopback interface, for a worker."""
    server, _ = start_http_server(port, "127.0.0.1", registry=REGISTRY)
    return server
