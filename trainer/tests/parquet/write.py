"""Writes the Parquet files beside it, and what they hold as CSV: pip install pandas polars pyarrow."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
import math
import os

import pandas
import polars
import pyarrow
import pyarrow.parquet

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rows = 400
start = datetime(2025, 3, 1, tzinfo=timezone.utc)
times = [start + timedelta(minutes=2 * k) for k in range(rows)]
events = [None if k % 50 == 7 else float(round(1000 + 900 * math.sin(k / 40))) for k in range(rows)]
work = [60 + k % 5 + 0.25 for k in range(rows)]
queues = ["a\nb" if k % 2 else "a;b" for k in range(rows)]

# A wall clock in nanoseconds, NaN for what is missing, Snappy: what `DataFrame.to_parquet` makes.
wall = pandas.to_datetime([moment.replace(tzinfo=None) for moment in times]).astype("datetime64[ns]")
frame = pandas.DataFrame({"timestamp": wall, "value": events, "avg_average_processing_duration_ms": work})
frame.to_parquet("pandas.parquet", index=False)
frame.to_csv("same.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")

# Moments in UTC, whole numbers, Zstandard, and columns that nobody reads.
frame = polars.DataFrame(
    {
        "timestamp": times,
        "value": polars.Series(events).cast(polars.Int64),
        "avg_average_processing_duration_ms": work,
        "queue": queues,
        "cpu_usage": [0.5] * rows,
        "tags": [["x", "y"]] * rows,
    }
)
frame.write_parquet("polars.parquet")

# Date and time apart, decimals, several groups of rows, gzip.
decimal = [None if value is None else Decimal(value) for value in events]
table = pyarrow.table(
    {
        "date": pyarrow.array([moment.date() for moment in times], pyarrow.date32()),
        "time": pyarrow.array([moment.time() for moment in times], pyarrow.time64("us")),
        "value": pyarrow.array(decimal, pyarrow.decimal128(12, 2)),
        "avg_average_processing_duration_ms": pyarrow.array(work, pyarrow.float32()),
        "id": pyarrow.array([bytes(16)] * rows, pyarrow.binary(16)),
    }
)
pyarrow.parquet.write_table(table, "pyarrow.parquet", row_group_size=150, compression="gzip")
