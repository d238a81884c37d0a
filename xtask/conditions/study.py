"""How good samples are that are told something, by exact answers that share no code with Langevin.

    python study.py PROGRAM FOLDER CONDITIONS_FOLDER OUT.json [PART ...]

Trains and samples with the program in FOLDER, writes the figures to OUT.json, and exits with 1 where one lies beyond its
bound. Parts: mixture, nothing, penguins, moons, linear, forecast; all where none is named.
"""

import csv
import gzip
import json
import math
import os
import subprocess
import sys

import numpy as np
from scipy import stats
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

PROGRAM, FOLDER, OWN, OUT = sys.argv[1:5]
ASSETS = os.path.join(OWN, "../../crates/data/assets")


def run(*arguments):
    """Runs the program, quietly."""
    command = [PROGRAM, "--quiet", *map(str, arguments)]
    print("$ langevin", *command[2:], flush=True)
    subprocess.run(command, check=True, cwd=FOLDER, stdout=subprocess.DEVNULL)


def train(name, config, seed=0, *settings):
    """Trains a run once, and returns its folder's name."""
    if not os.path.exists(os.path.join(FOLDER, name)):
        sets = [word for setting in settings for word in ("--set", setting)]
        run("train", config, "--seed", seed, "--out", name, *sets)
    return name


def write_rows(name, header, rows):
    """Writes rows to be given; NaN is an empty cell."""
    with open(os.path.join(FOLDER, name), "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows([["" if value != value else repr(float(value)) for value in row] for row in rows])


def samples(run_name, out, columns, *arguments):
    """Draws samples, and returns them as numbers of some columns."""
    run("sample", run_name, "--out", out, *arguments)
    with open(os.path.join(FOLDER, out), newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        places = [header.index(column) for column in columns]
        return np.array([[float(row[place]) for place in places] for row in rows])


def given(run_name, name, header, rows, columns, count):
    """`count` samples of each of the given rows: an array [rows, count, columns]."""
    write_rows(f"{name}-given.csv", header, rows)
    drawn = samples(run_name, f"{name}.csv", columns, "--given-file", f"{name}-given.csv", "--count", count)
    return drawn.reshape(len(rows), count, len(columns))


class Mixture:
    """The mixture of a run file, and what it is given some of its columns."""

    def __init__(self, data):
        self.weights = np.array(data["weights"])
        self.means = np.array(data["means"])
        self.covariances = np.array(data["covariances"])
        mean = self.weights @ self.means
        squares = np.diagonal(self.covariances, axis1=1, axis2=2) + self.means**2
        self.std = np.sqrt(self.weights @ squares - mean**2)

    def draw(self, random, count):
        which = random.choice(len(self.weights), size=count, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)
        normals = random.normal(size=(count, self.means.shape[1]))
        return self.means[which] + np.einsum("nij,nj->ni", factors[which], normals)

    def parts(self, row):
        """Open columns, and each Gaussian's share, mean and covariance of them given the others (Schur's complement)."""
        known = ~np.isnan(row)
        logs, means, covariances = [], [], []
        for weight, mean, covariance in zip(self.weights, self.means, self.covariances):
            inner = covariance[np.ix_(known, known)]
            across = covariance[np.ix_(~known, known)]
            away = row[known] - mean[known]
            gain = np.linalg.solve(inner, across.T).T
            logs.append(math.log(weight) - (np.linalg.slogdet(inner)[1] + away @ np.linalg.solve(inner, away)) / 2)
            means.append(mean[~known] + gain @ away)
            covariances.append(covariance[np.ix_(~known, ~known)] - gain @ across.T)
        shares = np.exp(np.array(logs) - max(logs))
        return np.flatnonzero(~known), shares / shares.sum(), np.array(means), np.array(covariances)

    def given(self, row):
        """Open columns, and their mean and standard deviation given the others."""
        columns, shares, means, covariances = self.parts(row)
        variances = np.diagonal(covariances, axis1=1, axis2=2)
        mean = shares @ means
        return columns, mean, np.sqrt(shares @ (variances + means**2) - mean**2)

    def draw_given(self, random, row, count):
        """Exact draws of the open columns."""
        columns, shares, means, covariances = self.parts(row)
        which = random.choice(len(shares), size=count, p=shares)
        factors = np.linalg.cholesky(covariances)
        normals = random.normal(size=(count, len(columns)))
        return means[which] + np.einsum("nij,nj->ni", factors[which], normals)


def mixture_config():
    with open(os.path.join(OWN, "mixture.json")) as file:
        return json.load(file)


def hidden(mixture, random, count):
    """Rows, and the same with some of their columns hidden: each number of them, from one on, and each choice as likely."""
    rows = mixture.draw(random, count)
    told = rows.copy()
    for row in told:
        open_columns = random.permutation(4)[: random.integers(1, 4)]
        row[open_columns] = np.nan
    return rows, told


def mixture_part():
    mixture = Mixture(mixture_config()["data"])
    name = train("mixture-0", os.path.join(OWN, "mixture.json"))
    header = [f"x{i}" for i in range(4)]
    random = np.random.default_rng(1)
    _, told = hidden(mixture, random, 500)
    drawn = given(name, "moments", header, told, header, 1000)
    errors = {"samples": ([], []), "exact": ([], [])}
    for row, draws in zip(told, drawn):
        columns, mean, std = mixture.given(row)
        for of, own in (("samples", draws[:, columns]), ("exact", mixture.draw_given(random, row, 1000))):
            errors[of][0].extend(abs(own.mean(0) - mean) / mixture.std[columns])
            errors[of][1].extend(abs(own.std(0) - std) / mixture.std[columns])
    truth, told = hidden(mixture, random, 4000)
    drawn = given(name, "coverage", header, told, header, 100)
    inside = {0.5: [], 0.9: []}
    for row, whole, draws in zip(told, truth, drawn):
        columns = np.flatnonzero(np.isnan(row))
        below = (draws[:, columns] < whole[columns]).sum(0)
        # The place of the truth among the draws, spread evenly within its gap.
        place = (below + random.uniform(size=len(columns))) / (draws.shape[0] + 1)
        for level, found in inside.items():
            found.append(abs(place - 0.5) <= level / 2)
    cells = sum(len(found) for found in inside[0.9])
    shares = {level: float(np.concatenate(found).mean()) for level, found in inside.items()}
    return {
        "mean_error": bounded(np.mean(errors["samples"][0]), 0.05),
        "mean_error_of_exact": plain(np.mean(errors["exact"][0])),
        "std_error": bounded(np.mean(errors["samples"][1]), 0.05),
        "std_error_of_exact": plain(np.mean(errors["exact"][1])),
        "cells": cells,
        "coverage_50": plain(shares[0.5]),
        "coverage_90": bounded(shares[0.9], 0.92, 0.88),
    }


def energy_distance(x, y):
    """V-statistic, which has a floor of its own where x and y are of one distribution."""

    def mean_distance(a, b):
        squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
        return np.sqrt(np.maximum(squares, 0)).mean()

    return 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y)


def nothing_part():
    """Samples of a model that may be told anything, told nothing, beside those of one that never is."""
    config = mixture_config()
    mixture = Mixture(config["data"])
    ratios = []
    for seed in range(5):
        random = np.random.default_rng(100 + seed)
        chunks = [mixture.draw(random, 2000) for _ in range(40)]
        floor = np.mean([energy_distance(*chunks[2 * i : 2 * i + 2]) for i in range(20)])
        found = {}
        for kind, settings in (("mixture", []), ("plain", ["data.condition=null"])):
            name = train(f"{kind}-{seed}", os.path.join(OWN, "mixture.json"), seed, *settings)
            drawn = samples(name, f"{kind}-{seed}.csv", [f"x{i}" for i in range(4)], "--count", 40000)
            away = [energy_distance(drawn[2000 * i : 2000 * i + 2000], chunks[2 * i]) for i in range(20)]
            found[kind] = float(np.mean(away) / floor)
        ratios.append(found)
    told, plain_ratio = (np.mean([found[kind] for found in ratios]) for kind in ("mixture", "plain"))
    return {
        "given_any": plain(told),
        "unconditional": plain(plain_ratio),
        "ratio": bounded(told / plain_ratio, 1.1),
        "seeds": ratios,
    }


def penguins_part():
    """Of each species, how far the samples' means and standard deviations are from the data's, in the column's over all."""
    columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    with gzip.open(os.path.join(ASSETS, "penguins.csv.gz"), "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[columns[0]] not in ("", "NA")]
    values = np.array([[float(row[column]) for column in columns] for row in rows])
    species = np.array([row["species"] for row in rows])
    overall = values.std(0)
    means, stds = [], []
    for seed in range(3):
        name = train(f"penguins-{seed}", "penguins-species", seed)
        for kind in sorted(set(species)):
            own = values[species == kind]
            drawn = samples(name, f"{name}-{kind}.csv", columns, "--given", f"species={kind}", "--count", 4000)
            means.append(abs(drawn.mean(0) - own.mean(0)) / overall)
            stds.append(abs(drawn.std(0) - own.std(0)) / overall)
    return {"largest_mean_error": bounded(np.max(means), 0.2), "largest_std_error": bounded(np.max(stds), 0.25)}


# The observations of the benchmark (Lueckmann et al. 2021), of its repository.
MOONS = np.array([
    [-0.6396706, 0.16234657], [-0.56766880, -0.33194834], [-0.25049388, 0.633055],
    [-0.12940255, 0.3873573], [0.13603824, 0.9160449], [0.14563406, -1.170141],
    [0.0030109584, -0.6457662], [-0.66463584, -0.42604533], [0.19458583, 1.0400153],
    [-0.17962828, -0.5452459],
])


def crescent(random, count):
    angle, radius = random.uniform(-np.pi / 2, np.pi / 2, count), random.normal(0.1, 0.01, count)
    return np.stack([radius * np.cos(angle) + 0.25, radius * np.sin(angle)], 1)


def moons_simulator(random, theta):
    shift = np.stack([-abs(theta.sum(1)), theta[:, 1] - theta[:, 0]], 1) / math.sqrt(2)
    return crescent(random, len(theta)) + shift


def moons_posterior(random, x, count):
    """Exact draws of theta given x."""
    kept = np.zeros((0, 2))
    while len(kept) < count:
        point = crescent(random, 2 * count)
        along, across = point[:, 0] - x[0], x[1] - point[:, 1]
        along *= random.choice([-1.0, 1.0], size=len(along)) * (along >= 0)
        theta = np.stack([along - across, along + across], 1) / math.sqrt(2)
        is_possible = (point[:, 0] >= x[0]) & (abs(theta) <= 1).all(1)
        kept = np.concatenate([kept, theta[is_possible]])
    return kept[:count]


def moons_log_likelihood(theta, x):
    along = x[..., 0] + abs(theta.sum(-1)) / math.sqrt(2) - 0.25
    across = x[..., 1] - (theta[..., 1] - theta[..., 0]) / math.sqrt(2)
    radius = np.hypot(along, across)
    return np.where(along < 0, -np.inf, -(((radius - 0.1) / 0.01) ** 2) / 2 - np.log(radius))


def two_sample_test(x, y):
    """The benchmark's: cross-validated accuracy of a classifier, 0.5 where the two are alike."""
    mean, std = x.mean(0), x.std(0, ddof=1)
    rows = np.concatenate([(x - mean) / std, (y - mean) / std])
    target = np.concatenate([np.zeros(len(x)), np.ones(len(y))])
    size = 10 * x.shape[1]
    classifier = MLPClassifier(
        activation="relu", hidden_layer_sizes=(size, size), max_iter=10000, solver="adam", random_state=1
    )
    folds = KFold(n_splits=5, shuffle=True, random_state=1)
    return cross_val_score(classifier, rows, target, cv=folds, scoring="accuracy").mean()


def rank(random, truth, draws):
    """Rank of the truth among draws, in (0, 1) and uniform where it is one of them; equals at random."""
    below, equal = (draws < truth[:, None]).sum(1), (draws == truth[:, None]).sum(1)
    return (below + random.uniform(size=len(truth)) * (equal + 1)) / (draws.shape[1] + 1)


def moons_part():
    name = train("moons", "two-moons-posterior")
    random = np.random.default_rng(5)
    drawn = given(name, "moons-observed", ["x1", "x2"], MOONS, ["theta1", "theta2"], 10000)
    tests = [two_sample_test(moons_posterior(random, x, 10000), own) for x, own in zip(MOONS, drawn)]
    print("moons", [round(float(test), 3) for test in tests], flush=True)
    theta = random.uniform(-1, 1, (1000, 2))
    observed = moons_simulator(random, theta)
    drawn = given(name, "moons-ranks", ["x1", "x2"], observed, ["theta1", "theta2"], 99)
    ranks = {
        "theta1": rank(random, theta[:, 0], drawn[..., 0]),
        "theta2": rank(random, theta[:, 1], drawn[..., 1]),
        "log_likelihood": rank(
            random, moons_log_likelihood(theta, observed), moons_log_likelihood(drawn, observed[:, None])
        ),
    }
    # A sampler that ignores x: the prior. Its parameters' ranks are uniform; only the likelihood's tell it.
    prior = random.uniform(-1, 1, (1000, 99, 2))
    ignorant = rank(random, moons_log_likelihood(theta, observed), moons_log_likelihood(prior, observed[:, None]))
    values = {of: bounded(stats.kstest(own, "uniform").pvalue, 1.0, 0.01) for of, own in ranks.items()}
    return {
        "two_sample_test": bounded(np.mean(tests), 0.60),
        "two_sample_tests": [plain(test) for test in tests],
        "ranks_p": values,
        # Its largest distance from uniform; a perfect sampler's is below 0.06 in 999 of 1000 studies.
        "ignorant_distance": bounded(stats.kstest(ignorant, "uniform").statistic, 1.0, 0.5),
    }


def linear_part():
    """Kullback–Leibler divergence of the Gaussian fitted to samples from the exact posterior, over ten observations."""
    name = train("linear", "gaussian-linear")
    random = np.random.default_rng(6)
    theta = random.normal(size=(10, 10)) * math.sqrt(0.1)
    observed = theta + random.normal(size=(10, 10)) * math.sqrt(0.1)
    parameters, header = [f"theta{i}" for i in range(1, 11)], [f"x{i}" for i in range(1, 11)]
    drawn = given(name, "linear", header, observed, parameters, 10000)

    def divergence(x, own):
        covariance = np.cov(own.T) / 0.05
        away = ((own.mean(0) - x / 2) ** 2).sum() / 0.05
        return (np.trace(covariance) + away - 10 - np.linalg.slogdet(covariance)[1]) / 2

    found = [divergence(x, own) for x, own in zip(observed, drawn)]
    exact = [divergence(x, x / 2 + random.normal(size=(10000, 10)) * math.sqrt(0.05)) for x in observed]
    return {"divergence": bounded(np.mean(found), 0.05), "of_exact_samples": plain(np.mean(exact))}


def forecast_part():
    """What `evaluate` says of the forecast, beside the same of simple ways to fill in."""
    name = train("forecast", "weather-forecast")
    with open(os.path.join(FOLDER, name, "evaluation.json")) as file:
        filled = json.load(file)["conditionals"]["filled"]
    coverage = {level["level"]: level["share"] for level in filled["coverage"]}
    score = filled["score"]
    return {
        "rows": filled["rows"],
        "coverage_50": plain(coverage[0.5]),
        "coverage_90": bounded(coverage[0.9], 0.97, 0.80),
        "score": bounded(score["draws"], 1.05 * min(score["baselines"].values())),
        "score_error": plain(score["standard_error"]),
        "baselines": score["baselines"],
    }


class Bounded(dict):
    """A figure with the most and the least that it may be."""


def bounded(value, most, least=None):
    return Bounded(value=float(value), most=most, least=least)


def plain(value):
    return float(value)


def beyond(of, found):
    """Names of the figures beyond their bounds."""
    if isinstance(found, Bounded):
        least = -math.inf if found["least"] is None else found["least"]
        return [] if least <= found["value"] <= found["most"] else [of]
    if isinstance(found, dict):
        return [name for key, value in found.items() for name in beyond(f"{of}.{key}", value)]
    return []


PARTS = {
    "mixture": mixture_part,
    "nothing": nothing_part,
    "penguins": penguins_part,
    "moons": moons_part,
    "linear": linear_part,
    "forecast": forecast_part,
}


def main():
    names = sys.argv[5:] or list(PARTS)
    found = {}
    for name in names:
        found[name] = PARTS[name]()
        print(name, json.dumps(found[name]), flush=True)
    with open(OUT, "w") as file:
        json.dump(found, file, indent=1)
    wrong = [name for part, figures in found.items() for name in beyond(part, figures)]
    if wrong:
        sys.exit("beyond their bounds: " + ", ".join(wrong))


main()
