"""Rows of which some columns are given: Adult, and a mixture of which everything is known.

    python given.py LANGEVIN FOLDER ADULT MIXTURE FOUND [PART…]

ADULT is the table, whose last 16281 rows are the test part, and MIXTURE the run file of the mixture; the figures go to FOUND.
"""

import csv
import gzip
import json
import math
import os
import subprocess
import sys
import time

import numpy
from scipy import stats

PROGRAM, FOLDER, ADULT, MIXTURE, FOUND = sys.argv[1:6]
BARE = ["report.figures=[]", "report.page=false"]
TEST_ROWS = 16281
# Settings of the two runs: of Adult's training rows seven tenths are told something, of the mixture's half.
ADULT_SETTINGS = ['data.condition={"given": "any", "dropout": 0.3}', "train.steps=5000"]
MIXTURE_SETTINGS = ['data.condition={"given": "any"}', "train.steps=12000"]


def langevin(*arguments):
    subprocess.run([PROGRAM, "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)


def train(name, run, settings):
    start = time.time()
    words = [word for setting in settings + BARE for word in ("--set", setting)]
    langevin("train", name, "--out", run, *words)
    return time.time() - start


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(rows)


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def filled(run, header, rows, name):
    """One draw for each row, whose empty cells are drawn: the columns of the samples."""
    told, made = (os.path.join(FOLDER, f"{name}-{what}.csv") for what in ("told", "made"))
    write(told, header, rows)
    langevin("sample", run, "--given-file", told, "--count", "1", "--out", made)
    names, samples = read(made)
    return {column: [row[i] for row in samples] for i, column in enumerate(names)}


# Adult.

MEANS = {
    "age": lambda c: numpy.array(c["age"], float),
    "hours": lambda c: numpy.array(c["hours-per-week"], float),
    "income": lambda c: numpy.array([x == ">50K" for x in c["income"]], float),
    "married": lambda c: numpy.array([x == "Married-civ-spouse" for x in c["marital-status"]], float),
    "gain": lambda c: numpy.array([float(x) > 0 for x in c["capital-gain"]], float),
    "profession": lambda c: numpy.array([x == "Prof-specialty" for x in c["occupation"]], float),
    "private": lambda c: numpy.array([x == "Private" for x in c["workclass"]], float),
    "white": lambda c: numpy.array([x == "White" for x in c["race"]], float),
}


def root_mean_square_z(made, groups, real, real_groups):
    """Over groups of 100 test rows or more and all means: difference over the standard error of both."""
    z = []
    for group in sorted(set(real_groups)):
        own, other = numpy.array(groups) == group, numpy.array(real_groups) == group
        if other.sum() < 100:
            continue
        for mean in MEANS.values():
            a, b = mean(made)[own], mean(real)[other]
            error = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
            z.append(0.0 if a.mean() == b.mean() else (a.mean() - b.mean()) / error)
    return float(numpy.sqrt(numpy.mean(numpy.square(z)))), len(z) // len(MEANS)


def adult():
    with gzip.open(ADULT, "rt", newline="") as file:
        header, *rows = list(csv.reader(file))
    rows = [[cell.strip() for cell in row] for row in rows]
    columns = lambda rows: {name: [row[i] for row in rows] for i, name in enumerate(header)}
    training, test = columns(rows[:-TEST_ROWS]), columns(rows[-TEST_ROWS:])
    run = os.path.join(FOLDER, "adult-given")
    seconds = train("adult", run, ADULT_SETTINGS)
    group = lambda c: list(map(", ".join, zip(c["education"], c["sex"])))
    told = list(zip(test["education"], test["sex"]))
    made = filled(run, ["education", "sex"], told, "groups")
    z, groups = root_mean_square_z(made, group(made), test, group(test))
    floor, _ = root_mean_square_z(training, group(training), test, group(test))
    any_row = columns([rows[i] for i in numpy.random.default_rng(0).permutation(len(rows) - TEST_ROWS)[:TEST_ROWS]])
    nothing, _ = root_mean_square_z(any_row, group(test), test, group(test))
    with open(os.path.join(run, "evaluation.json")) as file:
        cells = {cell["column"]: cell for cell in json.load(file)["conditionals"]["single_cells"]}
    distance = {}
    for column in ("age", "hours-per-week"):
        others = [name for name in header if name != column]
        rest = [[test[name][i] for name in others] for i in range(TEST_ROWS)]
        # What is looked up is not given.
        keep = [i for i, name in enumerate(others) if name != "education-num"]
        made = filled(run, [others[i] for i in keep], [[row[i] for i in keep] for row in rest], column)
        numbers = [numpy.array(c[column], float) for c in (made, test)]
        distance[column] = float(stats.ks_2samp(*numbers).statistic)
    return {
        "seconds": seconds,
        "groups": groups,
        "z": z,
        "z_training_rows": floor,
        "z_any_rows": nothing,
        "income_auc": cells["income"]["area_under_curve"],
        "marital_accuracy": cells["marital-status"]["accuracy"],
        "marital_most_frequent": cells["marital-status"]["most_frequent"],
        "occupation_accuracy": cells["occupation"]["accuracy"],
        "occupation_most_frequent": cells["occupation"]["most_frequent"],
        "age_ks": distance["age"],
        "hours_ks": distance["hours-per-week"],
    }


# The mixture.


class Mixture:
    def __init__(self, data):
        self.weights = numpy.array(data["weights"]) / sum(data["weights"])
        parts = data["components"]
        self.means, self.stds = (numpy.array([part[key] for part in parts]) for key in ("means", "stds"))
        self.shares = [
            numpy.array([numpy.array(part["shares"][j]) / sum(part["shares"][j]) for part in parts])
            for j in range(len(parts[0]["shares"]))
        ]

    def draw(self, rng, rows):
        own = rng.choice(len(self.weights), rows, p=self.weights)
        numbers = rng.normal(self.means[own], self.stds[own])
        classes = [[rng.choice(shares.shape[1], p=shares[c]) for c in own] for shares in self.shares]
        return numbers, numpy.array(classes).T

    def cells(self, numbers, classes):
        """Log likelihood of each cell in each component, [rows, components, columns]."""
        away = (numbers[:, None] - self.means) / self.stds
        gaussian = -0.5 * away**2 - numpy.log(self.stds) - 0.5 * math.log(2 * math.pi)
        category = numpy.stack([numpy.log(s[:, classes[:, j]].T) for j, s in enumerate(self.shares)], 2)
        return numpy.concatenate([gaussian, category], 2)

    def log_density(self, numbers, classes, cells):
        """Log density of the `cells` of each row, [rows, columns] of truth values."""
        logs = numpy.log(self.weights) + (self.cells(numbers, classes) * cells[:, None]).sum(2)
        return numpy.logaddexp.reduce(logs, 1)

    def given(self, numbers, classes, known):
        """Log density of the cells that are not known, given those that are."""
        whole = self.log_density(numbers, classes, numpy.ones_like(known))
        return whole - self.log_density(numbers, classes, known)

    def transforms(self, rng, numbers, classes, known):
        """For each column the probability integral transforms of its cells that are not known, given those that are."""
        logs = numpy.log(self.weights) + (self.cells(numbers, classes) * known[:, None]).sum(2)
        r = numpy.exp(logs - numpy.logaddexp.reduce(logs, 1)[:, None])
        found = []
        for j in range(self.means.shape[1]):
            found.append((r * stats.norm.cdf((numbers[:, j, None] - self.means[:, j]) / self.stds[:, j])).sum(1))
        for j, shares in enumerate(self.shares):
            p = r @ shares
            below = numpy.cumsum(p, 1) - p
            own = numpy.arange(len(p)), classes[:, j]
            found.append(below[own] + rng.random(len(p)) * p[own])
        return [u[~known[:, j]] for j, u in enumerate(found)]


def largest_distance(transforms):
    return max(float(stats.kstest(u, "uniform").statistic) for u in transforms)


def mixture():
    with open(MIXTURE) as file:
        exact = Mixture(json.load(file)["data"])
    run = os.path.join(FOLDER, "mixture-given")
    seconds = train("categorical-mixture", run, MIXTURE_SETTINGS)
    rng, rows = numpy.random.default_rng(1), 6000
    numbers, classes = exact.draw(rng, rows)
    width = numbers.shape[1] + classes.shape[1]
    known = rng.random((rows, width)) < 0.5
    # One cell at least is drawn in each row.
    known[numpy.arange(rows), rng.integers(width, size=rows)] = False
    names, _ = read(os.path.join(run, "samples.csv"))
    texts = [
        [(repr(float(x)) if j < numbers.shape[1] else str(x)) if known[i, j] else "" for j, x in enumerate([*numbers[i], *classes[i]])]
        for i in range(rows)
    ]
    made = filled(run, names, texts, "mixture")
    table = numpy.array([made[name] for name in names], float).T
    made = table[:, : numbers.shape[1]], table[:, numbers.shape[1] :].astype(int)
    # Each cell from another row: its column alone.
    other_numbers, other_classes = exact.draw(rng, rows * width)
    pick = numpy.arange(rows)[:, None] * width + numpy.arange(width)
    alone = [
        numpy.where(known[:, : numbers.shape[1]], numbers, other_numbers[pick[:, : numbers.shape[1]], numpy.arange(numbers.shape[1])]),
        numpy.where(known[:, numbers.shape[1] :], classes, other_classes[pick[:, numbers.shape[1] :], numpy.arange(classes.shape[1])]),
    ]
    own, true, column = (float(exact.given(*of, known).mean()) for of in (made, (numbers, classes), alone))
    _, samples = read(os.path.join(run, "samples.csv"))
    samples = numpy.array(samples, float)
    whole = samples[:, : numbers.shape[1]], samples[:, numbers.shape[1] :].astype(int)
    all_cells = numpy.ones((len(samples), width), bool)
    draws = exact.draw(rng, 20000)
    return {
        "seconds": seconds,
        "log_p": own,
        "log_p_true": true,
        "log_p_columns": column,
        "way": (own - column) / (true - column),
        "ks": largest_distance(exact.transforms(rng, *made, known)),
        "ks_true": largest_distance(exact.transforms(rng, numbers, classes, known)),
        "whole_log_p": float(exact.log_density(*whole, all_cells).mean()),
        "whole_log_p_true": float(exact.log_density(*draws, numpy.ones((20000, width), bool)).mean()),
    }


PARTS = {"adult": adult, "mixture": mixture}
found = {name: PARTS[name]() for name in sys.argv[6:] or PARTS}
with open(FOUND, "w") as file:
    json.dump(found, file, indent=1)
