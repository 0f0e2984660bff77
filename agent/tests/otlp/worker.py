"""A worker as OpenTelemetry's SDK sees it: python3 worker.py grpc|http ADDRESS NAME TEMPORALITY."""

import sys
import time

from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

protocol, address, name, temporality = sys.argv[1:]
wanted = AggregationTemporality[temporality]
preferred = {Counter: wanted, Histogram: wanted}
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

    exporter = OTLPMetricExporter(
        endpoint=address, insecure=True, preferred_temporality=preferred
    )
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    exporter = OTLPMetricExporter(
        endpoint=f"http://{address}/v1/metrics",
        compression=Compression.Gzip,
        preferred_temporality=preferred,
    )
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1000)
resource = Resource.create({"service.name": "orders", "service.instance.id": name})
meter = MeterProvider(metric_readers=[reader], resource=resource).get_meter("worker")
attributes = {"messaging.system": "kafka", "messaging.destination.name": "orders"}

sent = meter.create_counter("messaging.client.sent.messages")
work = meter.create_histogram("messaging.process.duration", unit="s")
meter.create_observable_gauge(
    "kafka.consumer_group.lag", [lambda _: [Observation(25, attributes)]]
)
while True:
    sent.add(3, attributes)
    work.record(0.02, attributes)
    work.record(0.04, attributes)
    time.sleep(0.1)
