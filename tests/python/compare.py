"""Runs an ONNX file in ONNX Runtime on recorded inputs and prints its outputs as JSON.

compare.py MODEL.onnx CASES.json     CASES: a list of {input name: {"shape": [...], "values": [...]}}

The optimiser is off: it changes results. ONNX Runtime is the neutral judge between the engines.
"""
import json
import sys

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
options.intra_op_num_threads = 1
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
answers = []
for case in json.load(open(sys.argv[2])):
    feed = {k: np.array(v["values"], np.float32).reshape(v["shape"]) for k, v in case.items()}
    answers.append(session.run(None, feed)[0].flatten().tolist())
json.dump(answers, sys.stdout)
