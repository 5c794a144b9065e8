"""Numbers that the paper gives, to stand beside ours."""

from __future__ import annotations

# Table 1, B_T: test accuracy in %, mean and standard deviation over the networks of a zoo's test split, by data set
# and epoch of training (protocol §5.1). Of MNIST's 2.6 at epoch 50 the paper's Table 2 says 1.0.
B_T: dict[str, dict[int, tuple[float, float]]] = {
    "mnist": {1: (20.6, 1.6), 25: (83.3, 2.6), 50: (91.1, 2.6)},
    "cifar10": {1: (27.5, 2.1), 25: (46.1, 1.3), 50: (48.7, 1.4)},
}
