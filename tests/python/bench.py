"""Times an ONNX file in ONNX Runtime: one thread, its own optimiser. Prints median and p99 in us.

bench.py MODEL.onnx INPUTS.f32     INPUTS: all inputs of a case after each other, f32
"""
import sys
import time

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
shapes = [(i.name, i.shape, int(np.prod(i.shape))) for i in session.get_inputs()]
numbers = np.fromfile(sys.argv[2], np.float32).reshape(-1, sum(size for _, _, size in shapes))
feeds = []
for case in numbers:
    feed, at = {}, 0
    for name, shape, size in shapes:
        feed[name] = np.ascontiguousarray(case[at : at + size].reshape(shape))
        at += size
    feeds.append(feed)
taken = []
for k in range(4000):
    start = time.perf_counter_ns()
    session.run(None, feeds[k % len(feeds)])
    taken.append(time.perf_counter_ns() - start)
taken = sorted(taken[200:])
print(taken[len(taken) // 2] / 1000, taken[len(taken) * 99 // 100] / 1000)
