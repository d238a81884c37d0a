"""Small tables as ForestDiffusion measures them (Jolicoeur-Martineau, Fatras & Kachman, AISTATS 2024).

    python small.py LANGEVIN FOLDER FOUND [SET…]

writes the figures of iris, wine and breast cancer to the file FOUND.
"""

import csv
import json
import os
import subprocess
import sys

import numpy
import ot
from sklearn import datasets, ensemble, linear_model, metrics, model_selection

PROGRAM, FOLDER, FOUND = sys.argv[1:4]
SETS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast-cancer": datasets.load_breast_cancer,
}
SPLITS, DRAWS = 3, 5


def langevin(*arguments):
    subprocess.run([PROGRAM, "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)


def columns(name):
    """The names of the columns, as the built-in run file has them; the class is the last."""
    said = subprocess.run([PROGRAM, "configs", "show", name], check=True, capture_output=True, text=True)
    return [column["name"] for column in json.loads(said.stdout)["data"]["columns"]]


def write(path, names, numbers, classes):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(names)
        # The shortest decimals, so that the columns keep theirs.
        table.writerows([*(format(number, ".12g") for number in row), f"c{c}"] for row, c in zip(numbers, classes))


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    return numpy.array([row[:-1] for row in rows], float), numpy.array([int(row[-1][1:]) for row in rows])


class Space:
    """Rows as their distance takes them: numbers from 0 to 1, and the class."""

    def __init__(self, numbers, classes):
        self.low, high = numbers.min(0), numbers.max(0)
        self.width = numpy.where(high > self.low, high - self.low, 1.0)
        self.classes = classes

    def __call__(self, numbers, classes):
        if self.classes == 2:
            target = classes[:, None].astype(float)
        else:
            target = numpy.eye(self.classes)[classes] / 2
        return numpy.hstack([(numbers - self.low) / self.width, target])


def distances(a, b):
    return numpy.abs(a[:, None] - b[None]).sum(2)


def wasserstein(a, b):
    return ot.emd2([], [], distances(a, b), numItermax=1_000_000)


def f1(train, test):
    """Mean macro F1 of three classifiers that learn from one set of rows and predict another."""
    low, high = train[0].min(0), train[0].max(0)
    width = numpy.where(high > low, high - low, 1.0)
    (x, y), (u, v) = [((numbers - low) / width, classes) for numbers, classes in (train, test)]
    models = [
        linear_model.LogisticRegression(max_iter=500),
        ensemble.AdaBoostClassifier(random_state=0),
        ensemble.RandomForestClassifier(max_depth=28, random_state=0),
    ]
    return float(numpy.mean([metrics.f1_score(v, model.fit(x, y).predict(u), average="macro") for model in models]))


def spread(made, train):
    """Mean over classes and columns of the standard deviation within the class, over the training rows'."""
    ratios = []
    for c in numpy.unique(train[1]):
        own, real = made[0][made[1] == c], train[0][train[1] == c]
        deviation = real.std(0)
        if len(own) > 1:
            ratios.extend((own.std(0)[deviation > 0] / deviation[deviation > 0]).tolist())
    return float(numpy.mean(ratios))


def exact(drawn, classes):
    """The first rows of each class, as many as the training rows have; a class that is short of them gives all."""
    numbers, own = drawn
    rows = numpy.concatenate([numpy.flatnonzero(own == c)[: (classes == c).sum()] for c in numpy.unique(classes)])
    return numbers[rows], own[rows]


def figures(space, made, train, test):
    """Figures of a set of rows."""
    rows, real, held_out = space(*made), space(*train), space(*test)
    nearest = numpy.sort(distances(rows, real), 1)[:, :2]
    return {
        "w1_train": wasserstein(rows, real),
        "w1_test": wasserstein(rows, held_out),
        "f1": f1(made, test),
        "near_copies": float((nearest[:, 0] < nearest[:, 1] / 3).mean()),
        "closest": float(numpy.median(nearest[:, 0]) / numpy.median(distances(held_out, real).min(1))),
        "spread": spread(made, train),
    }


def study(name):
    data = SETS[name]()
    names, classes, samples, oracle = columns(name), len(data.target_names), [], []
    for split in range(SPLITS):
        x, u, y, v = model_selection.train_test_split(
            data.data, data.target, test_size=0.2, random_state=split, stratify=data.target
        )
        train, test = (x, y), (u, v)
        space = Space(x, classes)
        table = os.path.join(FOLDER, f"{name}-{split}.csv")
        write(table, names, numpy.vstack([x, u]), numpy.concatenate([y, v]))
        run = os.path.join(FOLDER, f"{name}-{split}")
        settings = [f"data.path={table}", f"data.holdout={len(u)}", "data.split=last", f"sample.count={len(x)}"]
        settings += ["report.figures=[]", "report.page=false", "report.evaluation=false"]
        settings = [word for setting in settings for word in ("--set", setting)]
        langevin("train", name, "--seed", str(split), "--out", run, *settings)
        for draw in range(DRAWS):
            made = os.path.join(FOLDER, f"{name}-{split}-{draw}.csv")
            langevin("sample", run, "--count", str(2 * len(x)), "--seed", str(draw + 1), "--out", made)
            numbers, own = read(made)
            found = figures(space, exact((numbers, own), y), train, test)
            found["w1_test_as_drawn"] = wasserstein(space(numbers[: len(x)], own[: len(x)]), space(*test))
            samples.append(found)
        oracle.append(figures(space, train, train, test))
    mean = lambda rows: {of: [float(f([row[of] for row in rows])) for f in (numpy.mean, numpy.std)] for of in rows[0]}
    return {"samples": mean(samples), "training": mean(oracle), "rows": [len(x), len(u)]}


found = {name: study(name) for name in sys.argv[4:] or SETS}
with open(FOUND, "w") as file:
    json.dump(found, file)
