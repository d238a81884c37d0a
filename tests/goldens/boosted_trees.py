"""Makes boosted_trees.json: what XGBoost's trees predict for a small table with missing cells.

    pip install xgboost==3.2.0 numpy==2.4.6
    python tests/goldens/boosted_trees.py > tests/goldens/boosted_trees.json

Columns: a number with ties and missing cells, a category with 3 values and missing cells, a number that
is mostly 0, a category with 2 values. XGBoost gets a column of 0 and 1 for each value and for missing. All numbers
are eighths, which f32 holds, and no column has more than 256 values, so histograms are exact.
Deterministic: the same bytes each time.
"""

import json

import numpy
import xgboost

ROWS, TEST_ROWS = 240, 60
KINDS = [0, 3, 0, 2]
random = numpy.random.default_rng(5)


def table(rows):
    number = random.integers(-30, 30, rows) / 8
    category = random.choice(3, rows, p=[0.5, 0.3, 0.2]).astype(float)
    mostly_0 = numpy.where(random.random(rows) < 0.6, 0, random.integers(1, 90, rows) / 8)
    two = random.integers(0, 2, rows).astype(float)
    signal = number * (category - 1) + 2 * (mostly_0 > 4) + two * (number > 1) + random.normal(size=rows)
    # Missing cells tell something too.
    number[(random.random(rows) < 0.15) | (signal > 3)] = numpy.nan
    category[random.random(rows) < 0.1] = numpy.nan
    return numpy.stack([number, category, mostly_0, two], 1), numpy.round(8 * signal) / 8


def one_hot(rows):
    parts = []
    for column, values in zip(rows.T, KINDS):
        if values == 0:
            parts.append(column[:, None])
        else:
            place = numpy.where(numpy.isnan(column), values, column)
            parts.append((place[:, None] == numpy.arange(values + 1)).astype(float))
    return xgboost.DMatrix(numpy.hstack(parts))


def plain(values):
    return [None if numpy.isnan(value) else float(value) for value in numpy.ravel(values)]


training, signal = table(ROWS)
test, _ = table(TEST_ROWS)
weights = random.integers(1, 16, ROWS) / 8
TARGETS = {
    "numbers": (signal, {"objective": "reg:squarederror"}),
    "truth": ((signal > 1).astype(float), {"objective": "binary:logistic"}),
    "classes": (
        numpy.digitize(signal, [-1.0, 1.5]).astype(float),
        {"objective": "multi:softprob", "num_class": 3},
    ),
}
CASES = [(name, trees, depth, rate, weighted)
         for name in TARGETS
         for trees, depth, rate, weighted in [(1, 1, 1.0, False), (8, 3, 0.3, False), (8, 6, 0.3, True)]]

cases = []
for name, trees, depth, rate, weighted in CASES:
    target, objective = TARGETS[name]
    matrix = one_hot(training)
    matrix.set_label(target)
    if weighted:
        matrix.set_weight(weights)
    options = {"tree_method": "hist", "max_depth": depth, "eta": rate, "nthread": 1} | objective
    booster = xgboost.train(options, matrix, trees)
    cases.append({
        "targets": name, "trees": trees, "depth": depth, "rate": rate, "weighted": weighted,
        "predictions": [round(p, 7) for p in plain(booster.predict(one_hot(test)))],
        "total_gain": float(sum(booster.get_score(importance_type="total_gain").values())),
    })  # fmt: skip

golden = {
    "xgboost": xgboost.__version__,
    "kinds": KINDS,
    "training": plain(training),
    "test": plain(test),
    "weights": plain(weights),
    "targets": {name: plain(target) for name, (target, _) in TARGETS.items()},
    "cases": cases,
}
lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items() if key != "cases"]
lines.append(' "cases": [\n' + ",\n".join(f"  {json.dumps(case)}" for case in cases) + "\n ]")
print("{\n" + ",\n".join(lines) + "\n}")
