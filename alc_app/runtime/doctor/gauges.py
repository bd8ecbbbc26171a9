"""Prometheus gauges of what the databases hold, read at each scrape. Every process reports the same numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlmodel import col, func, select

from alc_app.attio.host.context import running
from alc_app.attio.host.operations import Gauge
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.database import report
from alc_app.runtime.storage.tables import ConnectionRow

log = logging.getLogger(__name__)


class Gauges(Collector):
    """The gauges of the runtime and of the manifest. One that cannot be read is logged and left out."""

    def __init__(self, services: Services) -> None:
        """Take the gauges of the runtime and of `services.manifest`."""
        self._services = services
        self._gauges = [
            Gauge("deliveries", "Unfinished deliveries, by state.", self._services.inbox.count_by_state, "state"),
            Gauge("oldest_delivery_seconds", "Age of the oldest waiting delivery.", self._oldest_delivery),
            Gauge("connections", "Connections, by status.", self._connections, "status"),
            Gauge("clean_ups", "Former connections whose clean-up at ALC is not finished.", self._clean_ups),
            Gauge("workers", "Live workers.", lambda: {"": len(services.worker_ids.living())}),
            *services.manifest.operations.gauges,
        ]

    def collect(self) -> Iterator[Metric]:
        """Read every gauge. Called by the Prometheus client."""
        with running(AppContext(self._services)):
            for gauge in self._gauges:
                yield from self._read(gauge.name, gauge.text, [gauge.label] if gauge.label else [], _by_label(gauge))
        yield from self._read(
            "runs",
            "Waiting and running runs, by queue.",
            ["queue", "status"],
            self._services.engine.count_unfinished,
        )

    def _read(
        self, name: str, text: str, labels: list[str], read: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> Iterator[Metric]:
        try:
            found = read()
        except Exception as error:
            report(log, f"The gauge {name} could not be read.", error)
            return
        family = GaugeMetricFamily(f"alc_app_{name}", text, labels=labels)
        for values, number in found.items():
            family.add_metric(values[: len(labels)], number)
        yield family

    def _oldest_delivery(self) -> Mapping[str, float]:
        since = self._services.inbox.oldest_waiting()
        return {"": self._services.now() - since if since else 0.0}

    def _connections(self) -> Mapping[str, float]:
        status = col(ConnectionRow.status)
        query = select(status, func.count()).where(status != "removed").group_by(status)
        with self._services.database.reading() as session:
            return dict(session.exec(query).all())

    def _clean_ups(self) -> Mapping[str, float]:
        return {"": len(self._services.connections.failed_removals(WORKSPACE))}


def _by_label(gauge: Gauge) -> Callable[[], Mapping[tuple[str, ...], float]]:
    return lambda: {(value,): number for value, number in gauge.read().items()}
