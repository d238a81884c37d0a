"""Repeats a trained multilayer perceptron with numpy, from config.json and model.safetensors alone.

    python tests/python/repeat_network.py RUN/config.json RUN/checkpoints/step-…/model.safetensors ROWS

ROWS is a JSON file of x, level_features and the output that Langevin gave for them. Fails where the
outputs differ by more than 1e-6 of the largest of them: sums of 32-bit floats are as exact as they are large.
"""

import json
import math
import sys

import numpy as np
from safetensors.numpy import load_file

config, model, rows = sys.argv[1:]
network = json.load(open(config))["denoiser"]["network"]
weights = {name: value.astype(np.float64) for name, value in load_file(model).items()}
rows = json.load(open(rows))

erf = np.vectorize(math.erf)
activations = {
    "relu": lambda x: np.maximum(x, 0.0),
    "silu": lambda x: x / (1.0 + np.exp(-x)),
    "gelu": lambda x: 0.5 * x * (1.0 + erf(x / math.sqrt(2.0))),
    "tanh": np.tanh,
}
activation = activations[network["activation"]]

frequencies = weights["position.frequencies"]
x = np.array(rows["x"]).reshape(-1, frequencies.shape[0])
told = np.array(rows["level_features"]).reshape(len(x), -1)
angle = 2.0 * np.pi * (x @ frequencies)
position = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
if network.get("position_resolution") is not None:
    # They fade with the noise in the network's input, the last column of the level.
    rates = 0.5 * (3 * 2 * np.pi) ** 2 * np.square(frequencies).sum(axis=0)
    position = position * np.tile(np.exp(-rates * told[:, -1:] ** 2), 2)
hidden = np.concatenate([x, position, told], axis=1)

depth = network["depth"]
for i in range(depth + 1):
    # Weights are [out, in], as PyTorch's.
    linear = hidden @ weights[f"layers.{i}.weight"].T + weights[f"layers.{i}.bias"]
    if i == depth:
        hidden = linear
    elif network["residual"] and i > 0:
        hidden = hidden + activation(linear)
    else:
        hidden = activation(linear)

expected = np.array(rows["output"]).reshape(hidden.shape)
difference, largest = np.abs(hidden - expected).max(), np.abs(expected).max()
print(f"largest difference {difference:.2e} of outputs up to {largest:.2f}")
sys.exit(1 if difference > 1e-6 * largest else 0)
