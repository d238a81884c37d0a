"""Makes article.json: training steps and samples of the nine systems of "Introduction to Diffusion Models".

    pip install numpy==2.3.5
    python tests/goldens/article.py > tests/goldens/article.json
    python tests/goldens/article.py --check

Source: J.-B. Bouvier, "Introduction to Diffusion Models", May 2024, and its scripts, whose names the
systems have here. Written from a description of those and of the order in which Langevin draws its
random numbers, not from Langevin's code. All is calculated in float64 from what Langevin holds in
float32: initial weights, data, noise, network inputs, targets, and x between two sampling steps.
"""

import json
import math
import pathlib
import statistics
import sys
from dataclasses import dataclass, replace

import numpy as np

SEED, ROWS = 7, 8
DATA, NOISE, LEVEL, WEIGHTS, SAMPLING = 0, 2, 4, 6, 8  # the purposes used here
WIDTH, STD = 32, 0.01
MODES = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]

def chacha8(key, stream, first, count):
    """Blocks of 16 words of 32 bits (Bernstein 2008; 64-bit counter, 64-bit stream)."""
    counter = np.arange(first, first + count, dtype=np.uint64)
    start = np.empty((16, count), np.uint32)
    start[:4] = np.frombuffer(b"expand 32-byte k", "<u4")[:, None]
    start[4:12] = np.frombuffer(key, "<u4")[:, None]
    start[12], start[13] = counter & 0xFFFF_FFFF, counter >> 32
    start[14], start[15] = stream & 0xFFFF_FFFF, stream >> 32
    x = start.copy()

    def quarters(a, b, c, d):
        for to, add, turned, by in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            x[to] += x[add]
            mixed = x[turned] ^ x[to]
            x[turned] = mixed << by | mixed >> (32 - by)

    lane = np.arange(4)
    for _ in range(4):  # columns, then diagonals: two of the eight rounds
        quarters(lane, lane + 4, lane + 8, lane + 12)
        quarters(lane, (lane + 1) % 4 + 4, (lane + 2) % 4 + 8, (lane + 3) % 4 + 12)
    return (x + start).T


def words(seed, purpose, stream, first, count):
    """64-bit words `first` to `first + count` of a stream."""
    key = seed.to_bytes(8, "little") + bytes([purpose]) + bytes(7) + b"langevin streams"
    block = first // 8
    blocks = chacha8(key, stream, block, (first + count - 1) // 8 - block + 1)
    return blocks.astype("<u4").reshape(-1).view("<u8")[first % 8 :][:count]


def uniforms(seed, purpose, stream, first, count):
    """The middles of 2^52 equal parts of (0, 1)."""
    return (words(seed, purpose, stream, first, count) >> 12) * 2.0**-52 + 2.0**-53


def normals(seed, purpose, stream, first, count):
    """Pairs sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v); of an odd count the last one's partner is dropped."""
    u, v = uniforms(seed, purpose, stream, first, count + count % 2).reshape(-1, 2).T
    radius, angle = np.sqrt(-2.0 * np.log(u)), 2.0 * math.pi * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:count]


def normal_rows(purpose, stream, features, skipped=0):
    """Each row starts at a whole pair, after `skipped` words of its own."""
    each = skipped + features + features % 2
    return np.array([normals(SEED, purpose, stream, r * each + skipped, features) for r in range(ROWS)])


def f32(x):
    return np.asarray(x, np.float64).astype(np.float32)


def f64(x):
    return np.asarray(x).astype(np.float64)


def initial_weights(seed, inputs, outputs):
    """PyTorch's Linear: uniform within 1/sqrt(inputs of the layer), biases too; weights are [out, in]."""

    def draw(path, count, fan_in):
        number = 0xCBF2_9CE4_8422_2325
        for byte in path.encode():  # FNV-1a
            number = (number ^ byte) * 0x0100_0000_01B3 % 2**64
        return f32((2.0 * uniforms(seed, WEIGHTS, number, 0, count) - 1.0) * (1.0 / math.sqrt(fan_in)))

    weights = {}
    for i, (fan_in, fan_out) in enumerate([(inputs, WIDTH), (WIDTH, WIDTH), (WIDTH, outputs)]):
        drawn = draw(f"layers.{i}.weight", fan_in * fan_out, fan_in)
        weights[f"layers.{i}.weight"] = drawn.reshape(fan_in, fan_out).T  # drawn input by input
        weights[f"layers.{i}.bias"] = draw(f"layers.{i}.bias", fan_out, fan_in)
    return weights


def forward(weights, x):
    """Linear - ReLU - Linear - ReLU - Linear: the output, and each layer's input for the way back."""
    inputs = []
    for i in range(3):
        inputs.append(x)
        x = x @ f64(weights[f"layers.{i}.weight"]).T + f64(weights[f"layers.{i}.bias"])
        if i < 2:
            x = np.maximum(x, 0.0)
    return x, inputs


def loss_and_gradient(weights, x, target, kind):
    """"sum": sum of squared errors over rows and features; "norm": its square root."""
    output, inputs = forward(weights, f64(x))
    error = output - f64(target)
    loss, back = np.sum(error**2), 2.0 * error
    if kind == "norm":
        loss = math.sqrt(loss)
        back = error / loss
    gradient = {}
    for i in (2, 1, 0):
        gradient[f"layers.{i}.weight"] = back.T @ inputs[i]
        gradient[f"layers.{i}.bias"] = back.sum(axis=0)
        back = (back @ f64(weights[f"layers.{i}.weight"])) * (inputs[i] > 0.0)
    return float(loss), {name: gradient[name] for name in weights}


def edm_grid(count, rho, first, last):
    root = lambda value: value ** (1.0 / rho)
    return [(root(first) + i / (count - 1) * (root(last) - root(first))) ** rho for i in range(count)]


@dataclass(frozen=True)
class System:
    """Lists by level have the noisiest first: of a grid of K betas, k = K - 1 has index 0."""

    name: str
    means: list
    sigma: list  # of the levels; x = alpha y + sigma n
    alpha: list
    loss: str
    steps: int
    rate: float
    decay: float = 1.0  # of the rate, every 100 steps
    target: str = "noise"  # or, in the level-by-level process, "published" or "corrected"
    condition: list = None  # the conditioning column of each level
    beta: list = None
    one_by_one: tuple = None  # (steps of each later level, their rate): one network a level
    seed_step: int = 1  # network n starts from seed SEED + n * seed_step
    variance: str = "lower"  # of z: beta (1 - abar before) / (1 - abar); "upper": beta
    quiet: tuple = (0, 1)  # the k without z
    repeats: int = 0  # of the last step
    start: str = "normal"  # or "quantile"
    last: int = 0  # the k of the last step
    parts: tuple = ("training", "sampling")

    @property
    def features(self):
        return len(self.means[0])


def level_by_level(name, means, sigma, **rest):
    alpha = [1.0] * len(sigma)
    return System(name, means, sigma, alpha, "sum", target="published", condition=sigma, rate=1e-3, **rest)


def ddpm(name, means, betas, loss, conditioned, **rest):
    beta = betas[::-1]
    products = np.cumprod(1.0 - np.array(betas))[::-1]
    alpha, sigma = np.sqrt(products).tolist(), np.sqrt(1.0 - products).tolist()
    condition = [1.0 - b for b in beta] if conditioned else None
    return System(name, means, sigma, alpha, loss, condition=condition, beta=beta, **rest)


def make_systems():
    narrow, decayed = edm_grid(10, 7, 1.0, 0.001), {"steps": 3000, "decay": 0.95}
    published = [
        level_by_level("1-gaussian", [[1.0]], narrow, steps=1000),
        level_by_level("2-gaussian-video", [[1.0]], narrow, steps=1000),
        level_by_level("3-gaussian-2d", [[-1.0, 1.0]], narrow, steps=1000),
        level_by_level("4-multimodal", MODES, edm_grid(20, 7, 1.0, 0.001), **decayed),
        level_by_level("5-multimodal-video", MODES, edm_grid(17, 2, 1.0, 0.001), **decayed),
    ]
    corrected = [replace(s, name=s.name + "-corrected", target="corrected") for s in published]
    single = [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.999]
    simple = [0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8]
    six = ddpm("6-ddpm-single", [[1.0]], single, "norm", True, steps=20000, rate=1e-3)
    seven = ddpm(
        "7-ddpm-simple", [[1.0]], simple, "norm", False,
        steps=20000, rate=2e-3, one_by_one=(1000, 1e-5),
    )
    eight = ddpm(
        "8-ddpm-multimodal", MODES, edm_grid(20, 4, 0.001, 0.9), "sum", True,
        steps=10000, rate=2e-3, decay=0.98, repeats=10,
    )
    nine = ddpm(
        "9-ddpm-detailed", [[1.0]], simple + [0.999], "norm", False,
        steps=25000, rate=3e-3, one_by_one=(2000, 1e-5), start="quantile", last=1,
    )
    variants = [
        replace(six, name=six.name + "-upper", variance="upper", parts=("sampling",)),
        replace(six, name=six.name + "-paper", quiet=(0,), parts=("sampling",)),
        replace(seven, name=seven.name + "-one-seed", seed_step=0, parts=("training",)),
        replace(nine, name=nine.name + "-one-seed", seed_step=0, parts=("training",)),
    ]
    return [*published, six, seven, eight, nine, *corrected, *variants]


def with_condition(system, x, level):
    if system.condition is None:
        return f32(x)
    return np.concatenate([f32(x), np.full((len(x), 1), system.condition[level], np.float32)], axis=1)


def network_seeds(system):
    return [SEED + n * system.seed_step for n in range(len(system.sigma) if system.one_by_one else 1)]


def networks(system):
    inputs = system.features + (system.condition is not None)
    return [initial_weights(seed, inputs, system.features) for seed in network_seeds(system)]


def plan(system, step):
    """A step's level, network and learning rate."""
    count = len(system.sigma)
    if system.one_by_one is None:
        u = uniforms(SEED, LEVEL, step, 0, 1)[0]
        level, network = min(int((1.0 - u) * count), count - 1), 0
        rate = system.rate * system.decay ** (step // 100)
    else:
        each, later_rate = system.one_by_one
        k = 0 if step < system.steps else 1 + (step - system.steps) // each
        level = network = count - 1 - k
        rate = system.rate if k == 0 else later_rate
    return {"step": step, "level": level, "network": network, "learning_rate": rate}


def data_rows(system, step):
    """A row is a word for its component and its normals; of several modes each batch holds as many."""
    means = np.array([system.means[r % len(system.means)] for r in range(ROWS)])
    return f32(means + STD * normal_rows(DATA, step, system.features, skipped=1))


def target_scales(system):
    """The target of each level over its standard normal noise n, of which x holds sigma n.

    From sigma_i to sigma_i+1, sigma_i n - sigma_i+1 n must go, the corrected target; the published one
    is what should stay.
    """
    if system.target == "noise":
        return [1.0] * len(system.sigma)
    after = system.sigma[1:] + [0.0]
    return after if system.target == "published" else [s - t for s, t in zip(system.sigma, after)]


def batch(system, step, level):
    """Network inputs and targets."""
    y, n = f64(data_rows(system, step)), f64(f32(normal_rows(NOISE, step, system.features)))
    x = system.alpha[level] * y + system.sigma[level] * n
    return with_condition(system, x, level), f32(target_scales(system)[level] * n)


def train(system):
    """Each of the first steps, with the weights before it (float64, except for the initial ones)."""
    current = networks(system)
    for step in range(3):
        record = plan(system, step)
        weights = current[record["network"]]
        x, target = batch(system, step, record["level"])
        loss, gradient = loss_and_gradient(weights, x, target, system.loss)
        rounded = {name: f32(value) for name, value in gradient.items()}
        yield record | {"loss": loss, "input": x, "target": target, "gradient": rounded}, weights
        rate = record["learning_rate"]
        current[record["network"]] = {name: f64(weights[name]) - rate * gradient[name] for name in weights}


def later_steps(system):
    if system.one_by_one:
        each = system.one_by_one[0]
        return [system.steps + i * each for i in range(len(system.sigma) - 1)]
    return [99, 100, 199, 200, system.steps - 1]


def normal_quantile(p):
    """Newton's method, from 0 down: the function is convex there, so that no step goes too far."""
    if p > 0.5:
        return -normal_quantile(1.0 - p)
    x, change = 0.0, math.inf
    while abs(change) > 1e-13:
        below = 0.5 * math.erfc(-x / math.sqrt(2.0))
        change = (below - p) / (math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi))
        x -= change
    return x


def quantile_start(system):
    """The inverse distribution function of the noisiest level, exact for one Gaussian, at a uniform a row."""
    alpha, sigma = system.alpha[0], system.sigma[0]
    std = math.hypot(alpha * STD, sigma)
    u = [uniforms(SEED, SAMPLING, 0, r, 1)[0] for r in range(ROWS)]
    return f32([[alpha * system.means[0][0] + std * normal_quantile(p)] for p in u])


def normal_start(system):
    z = normal_rows(SAMPLING, 0, system.features)
    mean = 0.0 if system.beta is None else system.alpha[0]
    return f32(mean + system.sigma[0] * z)


def sample(system, predict):
    """Every step with the outputs of `predict(x, level)`."""
    count = len(system.sigma)
    levels = list(range(count - system.last)) + [count - 1] * system.repeats
    x = quantile_start(system) if system.start == "quantile" else normal_start(system)
    for step, level in enumerate(levels):
        output, k = predict(x, level), count - 1 - level
        scale, z = 0.0, None
        if system.beta is None:
            after = f64(x) - output
        else:
            beta, sigma = system.beta[level], system.sigma[level]
            after = (f64(x) - beta / sigma * output) / math.sqrt(1.0 - beta)
            if k not in system.quiet:
                share = 1.0 if system.variance == "upper" else (system.sigma[level + 1] / sigma) ** 2
                scale = math.sqrt(beta * share)
                z = f32(normal_rows(SAMPLING, step + 1, system.features))
                after = after + scale * f64(z)
        condition = None if system.condition is None else system.condition[level]
        record = {"step": step, "level": level, "network": level if system.one_by_one else 0}
        record |= {"condition": condition, "x_in": x, "output": f32(output), "z_scale": scale, "z": z}
        x = f32(after)
        yield record | {"x_out": x}


def summary(tensor):
    flat = f64(tensor).reshape(-1)
    return {"shape": list(tensor.shape), "first": flat[:4], "norm": float(np.sqrt(np.sum(flat**2)))}


def describe(system):
    tensors = [{name: summary(w) for name, w in weights.items()} for weights in networks(system)]
    initial = zip(range(len(tensors)), network_seeds(system), tensors)
    golden = {
        "name": system.name,
        "data": {"means": system.means, "std": STD, "balanced": len(system.means) > 1},
        "target": system.target,
        "loss": system.loss,
        "levels": {key: getattr(system, key) for key in ("alpha", "sigma", "beta", "condition")}
        | {"target_scale": target_scales(system)},
        "initial": [{"network": n, "seed": seed, "tensors": t} for n, seed, t in initial],
        "training": None,
        "sampling": None,
    }
    if "training" in system.parts:
        later = [plan(system, step) for step in later_steps(system)]
        golden["training"] = {"steps": [record for record, _ in train(system)], "later": later}
    if "sampling" in system.parts:
        start = networks(system)
        weights = lambda level: start[level if system.one_by_one else 0]
        predict = lambda x, level: forward(weights(level), f64(with_condition(system, x, level)))[0]
        golden["sampling"] = list(sample(system, predict))
    return golden


def dump(value, indent=""):
    """JSON with a line for each key and for each item of a list of objects; 9 digits."""
    inner = indent + " "
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {dump(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(inner + dump(item, inner) for item in value) + f"\n{indent}]"
        return "[" + ",".join(dump(item) for item in value) + "]"
    return f"{value + 0.0:.9g}" if isinstance(value, float) else json.dumps(value)


def golden_text():
    about = {
        "made_by": "numpy 2.3.5",
        "levels": "lists by level index, noisiest first; beta[i] is the article's beta_k at k = K - 1 - i; "
        "input = alpha y + sigma n and target = target_scale n, of the same standard normal n",
        "networks": "one, number 0; or one a level, numbered by level index; `initial` has the seed of each",
        "weights": "[out, in] as in PyTorch; `first` counts along the last axis",
        "training": "the loss and gradient of step s are those before its update",
        "sampling": "from the initial weights; z null: no noise",
    }
    systems = [describe(system) for system in make_systems()]
    return dump({"about": about, "seed": SEED, "rows": ROWS, "systems": systems})


def check_random_numbers():
    # draft-strombergson-chacha-test-vectors, TC1, ChaCha8 with a key of 256 bits.
    first = chacha8(bytes(32), 0, 0, 1)[0].astype("<u4").tobytes()
    assert first[:16].hex() == "3e00ef2f895f40d67f5bb8e81f09a5a1"
    # Values of Langevin's own streams: (seed, purpose, stream, word) and what is there.
    for place, expected in [  # the first word, and the fifth
        ((42, DATA, 1, 10), [0x18E498BFA02B6CFB]),
        ((7, NOISE, 1 << 40, 123_456_789), [0xEEA2BD73FB1FDA42, 0x37F397F2C384070D]),
        ((15, WEIGHTS, 1, 5), [0xE67E95B76C256437, 0xCF4B082D7C102198]),
        ((2**64 - 1, SAMPLING, 2**64 - 1, 1 << 50), [0x41F2B904CF15794B, 0x6DC7B23BFFE1DBA9]),
    ]:
        assert [int(word) for word in words(*place, 5)[::4]][: len(expected)] == expected, place
    stable = [0x3FD660065FC4458A, 0x3FE72D6D67795939, 0xBFF52A007E34F95F, 0xBFD1D46E34331B27]
    stable = np.array(stable, np.uint64).view(np.float64)
    assert uniforms(42, DATA, 1, 11, 1)[0] == stable[0]
    assert np.allclose(normals(42, DATA, 1, 12, 3), stable[1:], rtol=0, atol=1e-14)


def check_gradients(system):
    """Central differences, and how far from the kink of ReLU the nearest unit is."""
    rng, margin = np.random.default_rng(0), math.inf
    for record, weights in train(system):
        exact = {name: f64(value) for name, value in weights.items()}
        x, target = record["input"], record["target"]
        of = lambda w: loss_and_gradient(w, x, target, system.loss)[0]
        gradient = loss_and_gradient(weights, x, target, system.loss)[1]
        for name, value in exact.items():
            # One direction through the whole tensor, and three single weights.
            directions = [rng.standard_normal(value.shape)]
            for at in rng.integers(value.size, size=3):
                directions.append(np.eye(1, value.size, at).reshape(value.shape))
            for direction in directions:
                h = 1e-6 * direction / np.linalg.norm(direction)
                rise = (of(exact | {name: value + h}) - of(exact | {name: value - h})) / 2e-6
                slope = np.sum(gradient[name] * h) / 1e-6
                room = 1e-6 * np.linalg.norm(gradient[name]) + 1e-8
                assert abs(rise - slope) <= room, (system.name, record["step"], name)
        hidden = f64(x)
        for i in (0, 1):
            before = hidden @ exact[f"layers.{i}.weight"].T + exact[f"layers.{i}.bias"]
            margin, hidden = min(margin, np.abs(before).min()), np.maximum(before, 0.0)
    return margin


def check_sampling(system):
    """With a network that knows the data to be one point, each step follows the exact process."""
    y, scales = np.array(system.means[0]), target_scales(system)
    noise = lambda x, level: (f64(x) - system.alpha[level] * y) / system.sigma[level]
    records = list(sample(system, lambda x, level: scales[level] * noise(x, level)))
    for record in records[: len(system.sigma) - system.last]:
        level = record["level"]
        alpha, sigma = (system.alpha + [1.0])[level + 1], (system.sigma + [0.0])[level + 1]
        x = f64(record["x_in"])
        if system.beta is None:  # the same noise, smaller; the published target leaves what should go
            left = sigma if system.target == "corrected" else system.sigma[level] - sigma
            expected = y + left * noise(x, level)
        else:  # Ho et al. 2020, equations 6 and 7
            beta, variance = system.beta[level], system.sigma[level] ** 2
            mean = (alpha * beta * y + math.sqrt(1 - beta) * sigma**2 * x) / variance
            expected = mean + record["z_scale"] * (0.0 if record["z"] is None else f64(record["z"]))
            if record["z"] is not None and system.variance == "lower":
                # The step keeps the variance of the level.
                kept = (1 - beta) * sigma**4 / variance + record["z_scale"] ** 2
                assert math.isclose(kept, sigma**2, rel_tol=1e-12), (system.name, level)
        assert np.allclose(record["x_out"], expected, rtol=1e-6, atol=1e-6), (system.name, level)


def check():
    check_random_numbers()
    for p in [2.0**-53, 1e-9, 0.01, 0.3, 0.5, 0.8, 0.999, 1 - 1e-9]:
        expected = statistics.NormalDist().inv_cdf(p)
        assert math.isclose(normal_quantile(p), expected, rel_tol=1e-12, abs_tol=1e-15), p
    for system in make_systems():
        margin = check_gradients(system) if "training" in system.parts else None
        if "sampling" in system.parts:
            check_sampling(system)
        print(system.name, "ok", "" if margin is None else f"(nearest ReLU unit {margin:.1e} from 0)")
    committed = pathlib.Path(__file__).with_suffix(".json")
    assert committed.read_text() == golden_text() + "\n", f"{committed} differs"


if __name__ == "__main__":
    assert np.__version__ == "2.3.5", "made with numpy 2.3.5"
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        print(golden_text())
