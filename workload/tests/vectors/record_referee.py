#!/usr/bin/env python3
"""Records what the referee says about a synthetic half day, for workload/tests/sim_parity.rs.

    record_referee.py /path/to/scaling.py

The referee (`scaling.py`, the project's judge of policies) is not part of this repository and nothing
here needs it: what it said is recorded. Only to record it anew takes the file itself. Writes next to
itself:
  referee_load.bin    one record a step: arrivals u16, rate, work_s, speed f32, little-endian
  referee_scores.csv  world, policy, and the means of the referee's figures over its seeds

The referee is run on the recorded (rounded) numbers, so that both sides play the same load. In the
worlds `still-*` nothing is random: there the two must agree to the last digits. In `crashy` a job
lives two hours, so that crashes are seen in half a day.
"""
import csv, importlib.util, math, pathlib, sys, tempfile
import numpy as np

HERE = pathlib.Path(__file__).parent
START, INTERVAL_S, MINUTES, PEAK_JOBS, TICK_S = 1_751_328_000, 60, 720, 24.0, 30
SEEDS = range(1, 41)
FIGURES = ("sla", "cost", "job_hours", "actions_per_day", "p99_wait_s", "max_backlog", "events")
STILL = dict(start_sigma=0.0, mtbf_h=1e15)


def trace(path):
    """Half a day of counts per minute: a daily shape, noise, and one burst of twenty minutes."""
    rng = np.random.default_rng(2024)
    minute = np.arange(MINUTES)
    shape = 6000 + 4500 * np.sin(2 * np.pi * (minute - 180) / 1440)
    burst = 7000 * np.exp(-((minute - 480) / 10.0) ** 2)
    counts = np.rint((shape + burst) * np.exp(rng.normal(0, 0.05, MINUTES)))
    with open(path, "w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(["timestamp", "value"])
        rows.writerows((START + INTERVAL_S * int(m), int(c)) for m, c in zip(minute, counts))


# The policies of sim_parity.rs. They read what a `Sample` holds, 32-bit floats, so that rounding up
# falls to the same side on both.
def single(value):
    return float(np.float32(value))


def constant(jobs):
    return lambda sample, i: jobs


def square(low, high, period_s):
    return lambda sample, i: high if (sample["time"] - START) // period_s % 2 else low


def reactive(sample, i):
    if sample["avg_processing_ms"] is None:
        return None  # the pool stays as it is
    work_s = single(sample["avg_processing_ms"]) / 1000
    rate = single(sample["logged_events"]) / TICK_S
    return math.ceil(rate * work_s / 0.8 + single(sample["unprocessed_events"]) * work_s / 60)


POLICIES = {
    "constant-14": constant(14),
    "constant-20": constant(20),
    "square-10-24-45min": square(10, 24, 2700),
    "reactive": reactive,
}


def main():
    spec = importlib.util.spec_from_file_location("scaling", sys.argv[1])
    scaling = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scaling)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "trace.csv")
        trace(path)
        load = scaling.Load(path, 0, 1, PEAK_JOBS)
    steps = np.empty(load.steps, np.dtype([("arrivals", "<u2"), ("rate", "<f4"), ("work_s", "<f4"), ("speed", "<f4")]))
    steps["arrivals"], steps["rate"], steps["work_s"], steps["speed"] = load.arrivals, load.rate, load.work_s, load.speed
    assert (steps["arrivals"] == load.arrivals).all() and load.t0 == START
    (HERE / "referee_load.bin").write_bytes(steps.tobytes())
    load.rate, load.work_s, load.speed = (steps[k].astype(float) for k in ("rate", "work_s", "speed"))
    worlds = dict(scaling.WORLDS)
    scaling.WORLDS["crashy"] = {**worlds["kafka"], "mtbf_h": 2.0}
    scaling.WORLDS.update({"still-" + name: {**world, **STILL} for name, world in worlds.items()})
    with open(HERE / "referee_scores.csv", "w", newline="") as f:
        rows = csv.writer(f, lineterminator="\n")
        rows.writerow(["world", "policy", *FIGURES])
        for world in scaling.WORLDS:
            for name, policy in POLICIES.items():
                scores = []
                for load.rng_seed in [1] if world.startswith("still-") else SEEDS:
                    scores.append(scaling.simulate(load, world, policy, TICK_S, 1, 200, warm_days=1 / 24))
                rows.writerow([world, name] + [repr(float(np.mean([s[k] for s in scores]))) for k in FIGURES])


if __name__ == "__main__":
    main()
