"""The jobs in JAX, as its documentation has one write them: pure functions under `jit`, state donated,
many steps in one `lax.scan`, or one call a step where somebody wants to see every loss. Generator and
unrolling are told, after trials."""

import functools
import math
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from conversation import least, serve, timed
from problem import Problem

ACTIVATIONS = {"relu": jax.nn.relu, "silu": jax.nn.silu, "gelu": jax.nn.gelu, "tanh": jnp.tanh}

# The random generators of JAX that are tried, its default first.
GENERATORS = ("threefry2x32", "rbg")


class Job:
    def __init__(self, folder):
        self.problem = Problem(folder)
        self.position = self.problem.array("position.frequencies")
        self.frequencies = self.problem.array("level_embedding.frequencies")
        self.rows = self.problem.array("rows")

    # The network, the loss and one step.

    def network(self, layers, x, told):
        act = ACTIVATIONS[self.problem.activation]
        parts = [x]
        if self.position is not None:
            angle = 2 * math.pi * (x @ self.position)
            position = [jnp.sin(angle), jnp.cos(angle)]
            if self.problem.fades:
                squares = jnp.square(self.position).sum(0)
                fade = jnp.exp(-18 * math.pi**2 * told[:, -1:] ** 2 * squares)
                position = [part * fade for part in position]
            parts += position
        (weight, bias), *inner, (last, last_bias) = layers
        hidden = act(self.first(parts, told, weight) + bias)
        for weight, bias in inner:
            after = act(hidden @ weight + bias)
            hidden = hidden + after if self.problem.residual else after
        return hidden @ last + last_bias

    def first(self, parts, told, weight):
        """The first layer's product; level columns that all rows share are multiplied once."""
        if len(told) == len(parts[0]):
            return jnp.concatenate(parts + [told], axis=1) @ weight
        of_rows, of_level = jnp.split(weight, [len(weight) - told.shape[1]])
        return jnp.concatenate(parts, axis=1) @ of_rows + told @ of_level

    def loss(self, layers, batch):
        x, told, target = batch
        rows = jnp.square(self.network(layers, x, told) - target)
        return rows.sum() if self.problem.loss_is_sum else rows.mean()

    def state(self, generator=GENERATORS[0]):
        layers = [(jnp.array(w.T), jnp.array(b)) for w, b in self.problem.layers()]
        zeros = functools.partial(jax.tree.map, jnp.zeros_like)
        state = {"layers": layers, "step": jnp.int32(0), "key": jax.random.key(0, impl=generator)}
        if self.problem.optimizer["kind"] == "adam":
            state |= {"mean": zeros(layers), "square": zeros(layers)}
        if self.problem.ema["kind"] != "none":
            state["average"] = jax.tree.map(jnp.copy, layers)
        return state

    def update(self, state, batch):
        loss, gradients = jax.value_and_grad(self.loss)(state["layers"], batch)
        rate, optimizer = self.problem.learning_rate(), self.problem.optimizer
        step = state["step"] + 1
        new = dict(state, step=step)
        if optimizer["kind"] == "sgd":
            new["layers"] = jax.tree.map(lambda w, g: w - rate * g, state["layers"], gradients)
        else:
            (b1, b2), epsilon = optimizer["betas"], optimizer["epsilon"]
            new["mean"] = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state["mean"], gradients)
            new["square"] = jax.tree.map(
                lambda v, g: b2 * v + (1 - b2) * g * g, state["square"], gradients
            )
            c1, c2 = 1 - b1**step, 1 - b2**step
            new["layers"] = jax.tree.map(
                lambda w, m, v: w - rate * (m / c1) / (jnp.sqrt(v / c2) + epsilon),
                state["layers"], new["mean"], new["square"],
            )
        if "average" in state:
            share = 1 - self.problem.decay(step, jnp.minimum)
            new["average"] = jax.tree.map(
                lambda a, w: a + share * (w - a), state["average"], new["layers"]
            )
        return new, loss

    # Rows, levels and noise.

    def clean(self, key):
        data, rows = self.problem.run["data"], self.problem.batch
        if data["kind"] == "table":
            return jnp.asarray(self.rows)[jax.random.randint(key, (rows,), 0, len(self.rows))]
        which, noise = jax.random.split(key)
        means = jnp.array(data["means"] if "means" in data else [data["mean"]], jnp.float32)
        mean = means[jax.random.randint(which, (rows,), 0, len(means))] if len(means) > 1 else means
        return mean + data["std"] * jax.random.normal(noise, (rows, means.shape[1]))

    def tell(self, sigma):
        """The columns that tell the level, of sigma `[rows, 1]`."""
        value = sigma if self.problem.told["of"] == "sigma" else jnp.log(sigma) / 4
        columns = [value]
        if self.frequencies is not None:
            angle = 2 * math.pi * value * self.frequencies
            columns = [jnp.sin(angle), jnp.cos(angle)]
        columns += [self.problem.told_noise(sigma)] if self.problem.fades else []
        return jnp.concatenate(columns, axis=1)

    def draw(self, key):
        """Input, level columns and target of a batch."""
        of_rows, of_noise, of_level = jax.random.split(key, 3)
        x0 = self.clean(of_rows)
        noise = jax.random.normal(of_noise, x0.shape)
        if self.problem.prediction["kind"] == "level_step":
            sigmas, following = map(jnp.asarray, self.problem.training_grid())
            level = jax.random.randint(of_level, (), 0, len(sigmas))
            sigma = jnp.full((len(x0), 1), sigmas[level])
            return x0 + sigma * noise, self.tell(sigma), following[level] * noise
        levels = self.problem.levels
        z = jax.random.normal(of_level, (len(x0), 1))
        sigma = jnp.exp(levels["mean"] + levels["std"] * z)
        deviation = self.problem.prediction["sigma_data"]
        norm = jnp.sqrt(sigma**2 + deviation**2)
        target = (sigma / deviation * x0 - deviation * noise) / norm
        return (x0 + sigma * noise) / norm, self.tell(sigma), target

    def step(self, state):
        return self.update(state, self.draw(jax.random.fold_in(state["key"], state["step"])))

    # The two ways to run steps.

    def scanned(self, generator, unroll):
        """Many steps in one call: as many as take a twentieth of a second."""

        @functools.partial(jax.jit, donate_argnums=0, static_argnums=1)
        def run(state, count):
            return lax.scan(lambda state, _: self.step(state), state, None, count, unroll=unroll)

        state, count = self.state(generator), 20

        def work():
            nonlocal state
            state, losses = run(state, count)
            losses.block_until_ready()
            return count

        work()
        each = min(least([work], 0.0))
        count = int(min(max(0.05 / each, 5), 2000))
        work()
        return work

    def called(self, generator):
        """One call a step, its loss read."""
        run = jax.jit(self.step, donate_argnums=0)
        state = self.state(generator)

        def work():
            nonlocal state
            for _ in range(5):
                state, loss = run(state)
                float(loss)
            return 5

        work()
        return work

    # What is compared with Langevin.

    def of_given(self):
        """The losses on the batches that Langevin trained on, and how far its weights then are."""
        batches = tuple(jnp.asarray(self.problem.array(name)) for name in ("input", "told", "target"))
        state, losses = jax.jit(lambda state: lax.scan(self.update, state, batches))(self.state())
        apart = {"trained": self.apart("trained.", state["layers"])}
        if "average" in state:
            apart["averaged"] = self.apart("averaged.", state["average"])
        return {"given": np.asarray(losses, float).tolist(), "apart": apart}

    def apart(self, of, layers):
        return self.problem.apart(of, [(weight.T, bias) for weight, bias in layers])

    def losses_of_own(self, count, generator):
        """The losses of the first steps on batches of its own."""
        _, losses = jax.jit(
            lambda state: lax.scan(lambda s, _: self.step(s), state, None, length=count)
        )(self.state(generator))
        return np.asarray(losses, float).tolist()

    # Sampling.

    def denoise(self, layers, x, sigma):
        deviation = self.problem.prediction["sigma_data"]
        norm = jnp.sqrt(sigma**2 + deviation**2)
        told = self.tell(jnp.reshape(sigma, (1, 1)))
        output = self.network(layers, x / norm, told)
        return (deviation / norm) ** 2 * x + sigma * deviation / norm * output

    def heun(self, layers, x):
        """EDM's algorithm 1 without churn, from noise to sigma = 0."""
        sigmas = jnp.asarray(self.problem.sampling_grid())

        def step(x, pair):
            sigma, following = pair
            slope = (x - self.denoise(layers, x, sigma)) / sigma
            euler = x + (following - sigma) * slope
            other = (euler - self.denoise(layers, euler, following)) / following
            return x + (following - sigma) * (slope + other) / 2, None

        x, _ = lax.scan(step, x, (sigmas[:-2], sigmas[1:-1]))
        return self.denoise(layers, x, sigmas[-2])

    def sampler(self):
        """Draws so many samples, in pieces of the size that turns out fastest."""
        layers = self.state()["layers"]
        first, features = float(self.problem.sampling_grid()[0]), len(layers[-1][1])

        @functools.partial(jax.jit, static_argnums=1)
        def piece(key, rows):
            return self.heun(layers, first * jax.random.normal(key, (rows, features)))

        def rate(rows):
            piece(jax.random.key(0), rows).block_until_ready()
            start = time.perf_counter()
            piece(jax.random.key(1), rows).block_until_ready()
            return (time.perf_counter() - start) / rows

        rows = min((1000, 4000, 20000), key=rate)

        def work(count):
            pieces = [
                np.asarray(piece(jax.random.fold_in(jax.random.key(2), i), rows))
                for i in range(math.ceil(count / rows))
            ]
            return np.concatenate(pieces)[:count]

        return work, rows

    def samples_of_given(self):
        start = jnp.asarray(self.problem.array("start"))
        return np.asarray(jax.jit(self.heun)(self.state()["layers"], start), float).ravel().tolist()


# What a way of running steps can be told.
CHOICES = {
    "scan": [{"generator": name, "unroll": unroll} for name in GENERATORS for unroll in (1, 4)],
    "jit": [{"generator": name} for name in GENERATORS],
}


def prepared(folder, way, choice):
    job = Job(folder)
    return job.scanned(**choice) if way == "scan" else job.called(**choice)


def main():
    work, works = None, []

    def answer(asked):
        nonlocal work, works
        match asked:
            case {"choose": folder, "way": way}:
                works = [prepared(folder, way, choice) for choice in CHOICES[way]]
                return {"choices": CHOICES[way]}
            case {"try": seconds}:
                return {"each": least(works, seconds)}
            case {"prepare": folder, "way": "sample"}:
                work, rows = Job(folder).sampler()
                return {"rows": rows}
            case {"prepare": folder, "way": way, "choice": choice}:
                work = prepared(folder, way, choice)
            case {"measure": seconds}:
                return timed(work, seconds)
            case {"draw": count}:
                start = time.perf_counter()
                drawn = work(count)
                return {"steps": len(drawn), "seconds": time.perf_counter() - start}
            case {"agree": folder, "steps": steps}:
                job = Job(folder)
                own = [job.losses_of_own(steps, generator) for generator in GENERATORS]
                return job.of_given() | {"own": own}
            case {"samples": folder}:
                return {"samples": Job(folder).samples_of_given()}
            case {"versions": _}:
                import jaxlib

                names = {"jax": jax.__version__, "jaxlib": jaxlib.__version__}
                return names | {"numpy": np.__version__, "python": sys.version.split()[0]}
            case _:
                raise ValueError(f"not understood: {asked}")
        return {}

    serve(answer)


if __name__ == "__main__":
    main()
