"""What is to be trained, as Langevin's worker wrote it down: a resolved run file, the first weights, and
a few batches with the weights that Langevin had after them."""

import json
import pathlib

import numpy as np


class Problem:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.run = json.loads((self.folder / "run.json").read_text())
        self.shapes = json.loads((self.folder / "arrays.json").read_text())
        network = self.run["denoiser"]["network"]
        self.depth = network["depth"]
        self.activation = network["activation"]
        self.residual = network["residual"]
        # Sines and cosines that fade with the noise, which is told in a last column.
        self.fades = network.get("position_resolution") is not None
        self.batch = self.run["train"]["batch"]
        self.optimizer = self.run["train"]["optimizer"]
        self.loss_is_sum = self.run["train"]["loss"]["kind"] == "sum"
        self.prediction = self.run["denoiser"]["prediction"]
        self.told = self.run["denoiser"]["embedding"]
        self.levels = self.run["noise"]["levels"]
        self.ema = self.run["train"]["ema"]

    def array(self, name):
        """One array of the folder, or None."""
        if name not in self.shapes:
            return None
        return np.fromfile(self.folder / f"{name}.f32", "<f4").reshape(self.shapes[name])

    def layers(self, of=""):
        """Weight `[out, in]` and bias of each layer: the first ones, or those of "trained." or "averaged."."""
        return [
            (self.array(f"{of}layers.{i}.weight"), self.array(f"{of}layers.{i}.bias"))
            for i in range(self.depth + 1)
        ]

    def apart(self, of, layers):
        """How far such layers lie from Langevin's, as a share of the way that its own went."""
        flat = lambda layers: np.concatenate([np.ravel(a) for pair in layers for a in pair])
        first, ours = flat(self.layers()), flat(self.layers(of))
        return float(np.linalg.norm(flat(layers) - ours) / np.linalg.norm(ours - first))

    def told_noise(self, sigma):
        """The noise in the network's input, c_in · sigma of a prediction of kind edm."""
        return sigma / (sigma**2 + self.prediction["sigma_data"] ** 2) ** 0.5

    def learning_rate(self):
        """The rate of the first steps; of a schedule over a thousand million steps, that is its peak."""
        rate = self.run["train"]["learning_rate"]
        return rate.get("value", rate.get("peak"))

    def decay(self, step, least):
        """That of the average after so many steps."""
        decay = self.ema["decay"]
        return least(decay, (1 + step) / (10 + step)) if self.ema["warmup"] else decay

    def grid(self, count):
        """Karras et al. 2022, equation 5: `count` noise scales, the largest first."""
        schedule = self.run["noise"]["schedule"]
        low = schedule["sigma_min"] ** (1 / schedule["rho"])
        high = schedule["sigma_max"] ** (1 / schedule["rho"])
        place = np.arange(count) / max(count - 1, 1)
        return (high + place * (low - high)) ** schedule["rho"]

    def training_grid(self):
        """The levels of a run that has a grid of them, and the scale of the level after each."""
        sigmas = self.grid(self.run["noise"]["schedule"]["steps"])
        return sigmas.astype("f4"), np.append(sigmas[1:], 0).astype("f4")

    def sampling_grid(self):
        """The levels of a sampling, sigma = 0 at the end."""
        return np.append(self.grid(self.run["sample"]["sampler"]["steps"]), 0.0).astype("f4")
