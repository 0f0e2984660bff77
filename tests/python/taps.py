"""Runs an ONNX file in ONNX Runtime on recorded inputs and writes all of its outputs, raw.

taps.py MODEL.onnx INPUTS.f32 OUTPUTS.raw     INPUTS: all inputs of a case after each other, f32

The optimiser is off: it changes results.
"""
import sys

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
options.intra_op_num_threads = 1
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
shapes = [(i.name, i.shape, int(np.prod(i.shape))) for i in session.get_inputs()]
numbers = np.fromfile(sys.argv[2], np.float32)
with open(sys.argv[3], "wb") as out:
    for case in numbers.reshape(-1, sum(size for _, _, size in shapes)):
        feed, at = {}, 0
        for name, shape, size in shapes:
            feed[name] = case[at : at + size].reshape(shape)
            at += size
        for value in session.run(None, feed):
            out.write(np.ascontiguousarray(value).tobytes())
