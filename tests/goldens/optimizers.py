"""Makes optimizers.json: weights after three steps of PyTorch's optimizers, clipped and not.

    pip install torch==2.15.0 numpy==2.3.5
    python tests/goldens/optimizers.py > tests/goldens/optimizers.json

The network is Linear(3, 4) - tanh - Linear(4, 2) in float32 with PyTorch's own initialisation; the
loss is the mean of the squared errors over rows and features. Deterministic: the same bytes each time.
"""

import copy
import json

import torch

torch.manual_seed(7)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

NETWORK = torch.nn.ModuleDict(
    {"layers": torch.nn.ModuleList([torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)])}
)
# Targets far from the outputs, so that the gradients are well above the clipping norm.
BATCHES = [(torch.randn(5, 3), 10.0 * torch.randn(5, 2)) for _ in range(3)]

SGD = {"kind": "sgd", "momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}
ADAM = {"kind": "adam", "betas": [0.9, 0.999], "epsilon": 1e-8, "weight_decay": 0.0}
ADAMW = ADAM | {"kind": "adamw", "weight_decay": 0.01}
CASES = [
    ("sgd", SGD, 0.05),
    ("sgd with momentum", SGD | {"momentum": 0.9}, 0.05),
    ("sgd with dampened momentum", SGD | {"momentum": 0.9, "dampening": 0.1}, 0.05),
    ("sgd with nesterov momentum", SGD | {"momentum": 0.9, "nesterov": True}, 0.05),
    ("sgd with weight decay", SGD | {"weight_decay": 0.01}, 0.05),
    ("adam", ADAM, 1e-3),
    ("adam with other constants", ADAM | {"betas": [0.8, 0.95], "epsilon": 1e-6}, 0.01),
    ("adam with weight decay", ADAM | {"weight_decay": 0.1}, 0.01),
    ("adamw", ADAMW, 1e-3),
    ("adamw with other constants", ADAMW | {"weight_decay": 0.1, "epsilon": 1e-6}, 0.01),
]


def make(config, parameters, rate):
    options = {key: value for key, value in config.items() if key not in ("kind", "epsilon")}
    if "epsilon" in config:
        options |= {"eps": config["epsilon"], "betas": tuple(config["betas"])}
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kind[config["kind"]](parameters, lr=rate, **options)


def weights(network):
    return {name: value.detach().tolist() for name, value in network.state_dict().items()}


def run(config, rate, clip_norm):
    network = copy.deepcopy(NETWORK)
    optimizer = make(config, network.parameters(), rate)
    first, second = network["layers"]
    steps = []
    for x, target in BATCHES:
        optimizer.zero_grad()
        loss = torch.mean((second(torch.tanh(first(x))) - target) ** 2)
        loss.backward()
        limit = float("inf") if clip_norm is None else clip_norm
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), limit)
        assert clip_norm is None or norm > clip_norm, "this step would not clip"
        optimizer.step()
        steps.append(
            {"loss": loss.item(), "gradient_norm": norm.item(), "weights": weights(network)}
        )
    return steps


cases = [
    {
        "name": name + (" clipped" if clip_norm else ""),
        "optimizer": config,
        "learning_rate": rate,
        "clip_norm": clip_norm,
        "steps": run(config, rate, clip_norm),
    }
    for name, config, rate in CASES
    for clip_norm in (None, 0.5)
]
golden = {
    "made_by": f"torch {torch.__version__.split('+')[0]}",
    "network": weights(NETWORK),
    "batches": [{"input": x.tolist(), "target": y.tolist()} for x, y in BATCHES],
    "cases": cases,
}
print(json.dumps(golden, indent=1))
