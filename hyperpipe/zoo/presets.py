"""The paper's zoos by name: how their networks start and how they are trained (paper, Table 4; protocol §1.3).

All are trained by Adam with batches of 10 for 50 epochs, and start with a bias of 0.01: what no preset says is in the
defaults of the settings.
"""

from __future__ import annotations

from typing import Any


def _zoo(init: str, activation: str, learning_rate: float, weight_decay: float) -> dict[str, Any]:
    recipe = {"activation": activation, "learning_rate": learning_rate, "weight_decay": weight_decay}
    return {"init": init, "recipe": recipe}


PRESETS: dict[str, dict[str, Any]] = {
    "mnist": _zoo("uniform", "tanh", 3e-4, 0.0),
    "svhn": _zoo("uniform", "tanh", 3e-3, 0.0),
    "usps": _zoo("kaiming_uniform", "tanh", 1e-4, 1e-3),  # the paper's; the script that made the zoo has the next
    "usps_script": _zoo("uniform", "tanh", 3e-4, 1e-3),
    "cifar10": _zoo("kaiming_uniform", "gelu", 1e-4, 1e-2),
    "stl10": _zoo("kaiming_uniform", "tanh", 1e-4, 1e-3),
    "fashion_mnist": _zoo("uniform", "tanh", 3e-4, 0.0),  # of the authors' scripts; not in the paper
}
