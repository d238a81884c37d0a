"""Makes quality.json: SDMetrics' scores of made rows of a table with numbers, categories and missing cells.

    pip install sdmetrics==0.32.0 numpy==2.4.6 pandas==2.3.3 scipy==1.17.1
    python tests/goldens/quality.py > tests/goldens/quality.json

`report` is QualityReport, once with all pairs and once with its own thresholds. It puts the numbers of real and
of made rows in bins of their own. `metrics` is ContingencySimilarity for the pairs with a category, which takes
the bins of the real rows, and the report for the rest. Deterministic: the same bytes each time.
"""

import itertools
import json
import warnings

import numpy as np
import pandas as pd
from sdmetrics.column_pairs import ContingencySimilarity
from sdmetrics.reports.single_table import QualityReport

# For each column its number of values; of numbers, none. The third column is a date, in days since 1970.
VALUES = [None, None, None, 4, 12, 2]
KINDS = ["numerical", "numerical", "datetime", "categorical", "categorical", "boolean"]
NAMES = [str(i) for i in range(len(VALUES))]
ROWS = 300
ASSOCIATED = 0.3  # the report's threshold of Cramér's V


def rows(generator, shift):
    """Rows whose columns depend on each other, the less the larger the shift."""
    z = generator.standard_normal((ROWS, 3))
    group = generator.choice(4, ROWS, p=[0.5, 0.3, 0.15, 0.05])
    code = np.minimum(generator.geometric(0.3 + shift / 5, ROWS) - 1, 11 - (shift == 0))
    table = np.empty((ROWS, len(VALUES)))
    table[:, 0] = np.round(group + z[:, 0] * (1 + shift), 2)
    table[:, 1] = np.round(100 * np.exp(0.5 * (1 - shift) * z[:, 0] + 0.3 * z[:, 1]))
    table[:, 2] = np.round(18_000 + 400 * group + 200 * z[:, 2])
    table[:, 3] = group
    table[:, 4] = code
    table[:, 5] = z[:, 1] + group > 0.8 + shift
    for column, share in [(1, 0.1), (3, 0.05), (4, 0.15)]:
        table[generator.random(ROWS) < share * (1 + shift), column] = np.nan
    return table


def frame(table):
    data = pd.DataFrame(table, columns=NAMES)
    data["2"] = pd.to_datetime(data["2"], unit="D")
    for name in ["3", "4"]:
        data[name] = data[name].map(lambda place: place if pd.isna(place) else f"v{int(place)}")
    data["5"] = data["5"].astype(bool)
    return data


def report(real, made, thresholds):
    kinds = {name: {"sdtype": kind} for name, kind in zip(NAMES, KINDS)}
    found = QualityReport()
    if not thresholds:
        found.real_correlation_threshold = found.real_association_threshold = 0
    found.generate(real, made, {"columns": kinds}, verbose=False)
    score = found.get_properties().set_index("Property")["Score"]
    return {
        "shapes": found.get_details("Column Shapes")["Score"].tolist(),
        "pairs": found.get_details("Column Pair Trends")["Score"].tolist(),
        "shape": score["Column Shapes"],
        "trend": score["Column Pair Trends"],
    }


def scores(real, made):
    numbers = [NAMES[i] for i, values in enumerate(VALUES) if values is None]
    pairs = list(itertools.combinations(NAMES, 2))
    every, own = report(real, made, False), report(real, made, True)
    by_report = every | {"trend of associated": own["trend"]}
    # Days as the numbers that they are: this metric takes no dates.
    real, made = [data.assign(**{"2": pd.to_numeric(data["2"])}) for data in (real, made)]
    trends, associated = [], []
    for (first, second), score, of_own in zip(pairs, every["pairs"], own["pairs"]):
        binned = [name for name in (first, second) if name in numbers]
        if len(binned) < 2:
            of = [data[[first, second]].copy() for data in (real, made)]
            both = {"continuous_column_names": binned, "real_association_threshold": ASSOCIATED}
            of_own = ContingencySimilarity.compute(*[x.copy() for x in of], **both)
            both["real_association_threshold"] = 0
            score = ContingencySimilarity.compute(*of, **both)
        trends.append(score)
        associated.append(of_own)
    means = {"trend": np.nanmean(trends), "trend of associated": np.nanmean(associated)}
    return by_report, every | {"pairs": trends} | means


def plain(value):
    """The value for JSON, which knows no NaN."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, np.ndarray)):
        return [plain(item) for item in value]
    if np.isnan(value):
        return None
    return int(value) if value == int(value) else float(value)


def main():
    warnings.filterwarnings("ignore")
    generator = np.random.default_rng(7)
    real, made = rows(generator, 0.0), rows(generator, 0.4)
    by_report, by_metrics = scores(frame(real), frame(made))
    golden = {"values": VALUES, "report": plain(by_report), "metrics": plain(by_metrics)}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items()]
    for name, table in [("real", real), ("made", made)]:
        each = ",\n".join(f"    {json.dumps(plain(row))}" for row in table)
        lines.append(f'  "{name}": [\n{each}\n  ]')
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
