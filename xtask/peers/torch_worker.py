"""The jobs in PyTorch, eager: a module, autograd, an optimizer of torch.optim in its fused form, the
noise drawn inside the step, as many threads as the process has cores."""

import math
import os
import sys
import time

import torch
from torch.nn import functional as F

from conversation import least, serve, timed
from problem import Problem

ACTIVATIONS = {"relu": F.relu, "silu": F.silu, "gelu": F.gelu, "tanh": torch.tanh}


class Network(torch.nn.Module):
    """A multilayer perceptron over `[x, sin(2π x·B), cos(2π x·B), level columns]`."""

    def __init__(self, problem):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        for weight, bias in problem.layers():
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight))
                layer.bias.copy_(torch.from_numpy(bias))
            self.layers.append(layer)
        self.act = ACTIVATIONS[problem.activation]
        self.residual = problem.residual
        self.position = tensor(problem, "position.frequencies")
        self.fades = problem.fades

    def forward(self, x, told):
        parts = [x]
        if self.position is not None:
            angle = 2 * math.pi * (x @ self.position)
            position = [angle.sin(), angle.cos()]
            if self.fades:
                fade = (-18 * math.pi**2 * told[:, -1:] ** 2 * self.position.square().sum(0)).exp()
                position = [part * fade for part in position]
            parts += position
        hidden = self.act(self.first(parts, told))
        for layer in self.layers[1:-1]:
            after = self.act(layer(hidden))
            hidden = hidden + after if self.residual else after
        return self.layers[-1](hidden)

    def first(self, parts, told):
        """The first layer before its activation; level columns that all rows share are multiplied once."""
        layer = self.layers[0]
        if len(told) == len(parts[0]):
            return layer(torch.cat(parts + [told], 1))
        of_rows, of_level = layer.weight.split([layer.in_features - told.shape[1], told.shape[1]], 1)
        shared = torch.addmv(layer.bias, of_level, told[0])
        return torch.addmm(shared, torch.cat(parts, 1), of_rows.T)


def tensor(problem, name):
    array = problem.array(name)
    return None if array is None else torch.from_numpy(array)


class Job:
    def __init__(self, folder):
        torch.manual_seed(0)
        self.problem = problem = Problem(folder)
        self.network = Network(problem)
        self.frequencies = tensor(problem, "level_embedding.frequencies")
        self.rows = tensor(problem, "rows")
        optimizer, rate = problem.optimizer, problem.learning_rate()
        if optimizer["kind"] == "sgd":
            self.optimizer = torch.optim.SGD(self.network.parameters(), lr=rate, fused=True)
        else:
            self.optimizer = torch.optim.Adam(
                self.network.parameters(), lr=rate, betas=tuple(optimizer["betas"]),
                eps=optimizer["epsilon"], fused=True,
            )
        self.average, self.steps = None, 0
        if problem.ema["kind"] != "none":
            self.average = [weight.detach().clone() for weight in self.network.parameters()]
        data = problem.run["data"]
        if data["kind"] != "table":
            self.means = torch.tensor(data["means"] if "means" in data else [data["mean"]])
            self.means = self.means.float()
        if problem.prediction["kind"] == "level_step":
            self.sigmas, self.following = map(torch.from_numpy, problem.training_grid())

    def loss(self, x, told, target):
        rows = (self.network(x, told) - target).square()
        return rows.sum() if self.problem.loss_is_sum else rows.mean()

    def train(self, x, told, target):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(x, told, target)
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        if self.average is not None:
            with torch.no_grad():
                weights = list(self.network.parameters())
                share = 1 - self.problem.decay(self.steps, min)
                torch._foreach_lerp_(self.average, weights, share)
        return loss.detach()

    def clean(self):
        rows = self.problem.batch
        if self.rows is not None:
            return self.rows[torch.randint(len(self.rows), (rows,))]
        mean = self.means[torch.randint(len(self.means), (rows,))]
        return mean + self.problem.run["data"]["std"] * torch.randn_like(mean)

    def tell(self, sigma):
        value = sigma if self.problem.told["of"] == "sigma" else sigma.log() / 4
        columns = [value]
        if self.frequencies is not None:
            angle = 2 * math.pi * value * self.frequencies
            columns = [angle.sin(), angle.cos()]
        columns += [self.problem.told_noise(sigma)] if self.problem.fades else []
        return torch.cat(columns, 1)

    def draw(self):
        """Input, level columns and target of a batch."""
        x0 = self.clean()
        noise = torch.randn_like(x0)
        if self.problem.prediction["kind"] == "level_step":
            level = int(torch.randint(len(self.sigmas), ()))
            sigma = self.sigmas[level].expand(len(x0), 1)
            return x0 + sigma * noise, self.tell(sigma), self.following[level] * noise
        levels = self.problem.levels
        sigma = (levels["mean"] + levels["std"] * torch.randn(len(x0), 1)).exp()
        deviation = self.problem.prediction["sigma_data"]
        norm = (sigma**2 + deviation**2).sqrt()
        target = (sigma / deviation * x0 - deviation * noise) / norm
        return (x0 + sigma * noise) / norm, self.tell(sigma), target

    def work(self):
        """So many steps that looking at the clock costs nothing."""
        count = max(1, 4096 // self.problem.batch)
        for _ in range(count):
            self.train(*self.draw())
        return count

    # What is compared with Langevin.

    def of_given(self):
        """The losses on the batches that Langevin trained on, and how far its weights then are."""
        batches = [tensor(self.problem, name) for name in ("input", "told", "target")]
        losses = [float(self.train(*batch)) for batch in zip(*batches)]
        weights = list(self.network.parameters())
        apart = {"trained": self.apart("trained.", weights)}
        if self.average is not None:
            apart["averaged"] = self.apart("averaged.", self.average)
        return {"given": losses, "apart": apart}

    def apart(self, of, weights):
        arrays = [weight.detach().numpy() for weight in weights]
        return self.problem.apart(of, list(zip(arrays[::2], arrays[1::2])))

    def losses_of_own(self, count):
        """The losses of the first steps on batches of its own."""
        return [float(self.train(*self.draw())) for _ in range(count)]

    # Sampling.

    def denoise(self, x, sigma):
        deviation = self.problem.prediction["sigma_data"]
        norm = math.hypot(sigma, deviation)
        told = self.tell(torch.full((1, 1), sigma))
        return (deviation / norm) ** 2 * x + sigma * deviation / norm * self.network(x / norm, told)

    @torch.inference_mode()
    def heun(self, x):
        """EDM's algorithm 1 without churn, from noise to sigma = 0."""
        sigmas = self.problem.sampling_grid().tolist()
        for sigma, following in zip(sigmas[:-2], sigmas[1:-1]):
            slope = (x - self.denoise(x, sigma)) / sigma
            euler = x + (following - sigma) * slope
            other = (euler - self.denoise(euler, following)) / following
            x = x + (following - sigma) * (slope + other) / 2
        return self.denoise(x, sigmas[-2])

    def sampler(self):
        """Draws so many samples, in pieces of the size that turns out fastest."""
        first, features = float(self.problem.sampling_grid()[0]), self.network.layers[-1].out_features

        def piece(rows):
            return self.heun(first * torch.randn(rows, features))

        def rate(rows):
            piece(rows)
            start = time.perf_counter()
            piece(rows)
            return (time.perf_counter() - start) / rows

        rows = min((1000, 4000, 20000), key=rate)

        def draw(count):
            pieces = [piece(rows) for _ in range(math.ceil(count / rows))]
            return torch.cat(pieces)[:count]

        return draw, rows


def cores():
    """Those that the process may use; by itself PyTorch counts all of the machine's."""
    return len(os.sched_getaffinity(0))


def main():
    torch.set_num_threads(cores())
    work, works = None, []

    def answer(asked):
        nonlocal work, works
        match asked:
            case {"choose": folder}:
                works = [Job(folder).work]
                return {"choices": [{}]}
            case {"try": seconds}:
                return {"each": least(works, seconds)}
            case {"prepare": folder, "way": "sample"}:
                work, rows = Job(folder).sampler()
                return {"rows": rows}
            case {"prepare": folder}:
                work = Job(folder).work
            case {"measure": seconds}:
                return timed(work, seconds)
            case {"draw": count}:
                start = time.perf_counter()
                drawn = work(count)
                return {"steps": len(drawn), "seconds": time.perf_counter() - start}
            case {"agree": folder, "steps": steps}:
                return Job(folder).of_given() | {"own": [Job(folder).losses_of_own(steps)]}
            case {"samples": folder}:
                job = Job(folder)
                return {"samples": job.heun(tensor(job.problem, "start")).ravel().tolist()}
            case {"versions": _}:
                return {"torch": torch.__version__, "python": sys.version.split()[0]}
            case _:
                raise ValueError(f"not understood: {asked}")
        return {}

    serve(answer)


if __name__ == "__main__":
    main()
