"""Reads stdin in the format named by the argument (openmetrics, prometheus, otlp) and writes it as JSON.

The parsers are those of others on purpose: what we write is judged by what the world reads.
"""

import json
import math
import sys

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_prometheus


def number(value):
    """JSON has no NaN and no infinities: these become strings that JavaScript's Number() reads."""
    if value is None:
        return None
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def sample(parsed):
    result = {"name": parsed.name, "labels": parsed.labels, "value": number(parsed.value)}
    if parsed.timestamp is not None:
        result["timestamp"] = number(parsed.timestamp)
    if parsed.exemplar is not None:
        result["exemplar"] = {"labels": parsed.exemplar.labels, "value": number(parsed.exemplar.value)}
    return result


def families(parse, text):
    return [
        {
            "name": family.name,
            "type": family.type,
            "unit": family.unit,
            "help": family.documentation,
            "samples": [sample(parsed) for parsed in family.samples],
        }
        for family in parse(text)
    ]


def main():
    wanted, data = sys.argv[1], sys.stdin.buffer.read()
    if wanted == "otlp":
        # Enumerations as numbers: that is OTLP's JSON, which differs from protobuf's here.
        answer = MessageToDict(ExportMetricsServiceRequest.FromString(data), use_integers_for_enums=True)
    else:
        parse = parse_openmetrics if wanted == "openmetrics" else parse_prometheus
        answer = families(parse, data.decode("utf-8"))
    # In one piece: json.dump() writes each bracket by itself, which takes longer than the parsing.
    sys.stdout.write(json.dumps(answer, allow_nan=False))


main()
