"""Judges generated digits by a classifier that has seen real ones alone.

    pip install scikit-learn numpy
    cargo run -p cli --example split -- FOLDER SEED
    python tests/python/judge_digits.py FOLDER/training.csv FOLDER/held-out.csv RUN/samples.csv

A logistic regression is trained on the training rows; printed as JSON is the share of the samples, and
of the held-out rows, of which it is sure (at least 0.8), and each digit's share of the samples.
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

training, held_out, samples = (
    np.loadtxt(path, delimiter=",", skiprows=1) for path in sys.argv[1:4]
)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
classifier.fit(training[:, :64], training[:, 64])


def sure(rows):
    return float(np.mean(classifier.predict_proba(rows[:, :64]).max(axis=1) >= 0.8))


digits = classifier.predict(samples[:, :64])
shares = [float(np.mean(digits == digit)) for digit in range(10)]
print(
    json.dumps(
        {
            "sure_of_samples": sure(samples),
            "sure_of_held_out": sure(held_out),
            "smallest_share": min(shares),
            "largest_share": max(shares),
        }
    )
)
