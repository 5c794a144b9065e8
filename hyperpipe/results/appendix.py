"""Tables 3 and 4 of the paper, from the code and the settings that networks were trained with."""

from __future__ import annotations

import pandas as pd

from hyperpipe.cnn import Architecture
from hyperpipe.results.published import TABLE_4
from hyperpipe.results.settings import TablesSlice

_PAPER = "the paper's"


def table3(channels: list[int], activations: list[str]) -> pd.DataFrame:
    """The networks of the zoos, layer by layer. channels, activations: those there are, of images and of recipes."""
    lines = []

    def add(layer: str, **components: object) -> None:
        for component, value in components.items():
            lines.append({"Layer": layer, "Component": component.replace("_", " "), "Value": str(value)})

    functions, layers = " / ".join(activations), Architecture().layers
    convolutions = [layer for layer in layers if layer.kernel]
    for number, layer in enumerate(convolutions, 1):
        inputs = layer.inputs if number > 1 else "/".join(map(str, channels))
        add(f"Conv {number}", input_channels=inputs, output_channels=layer.outputs, kernel_size=layer.kernel)
        add(f"Conv {number}", stride=1, padding=0)
        if number < len(convolutions):
            add("Max pooling", kernel_size=2)
        add("Activation", function=functions)
    for number, layer in enumerate(layers[len(convolutions) :], 1):
        add(f"Linear {number}", input_channels=layer.fan_in, output_channels=layer.outputs)
        if layer is not layers[-1]:
            add("Activation", function=functions)
    sizes = "/".join(str(Architecture(in_channels=count).size) for count in channels)
    add("All", weights_and_biases=sizes)
    return pd.DataFrame(lines)


def table4(config: TablesSlice) -> pd.DataFrame:
    """A line a zoo, with the paper's of the same data set below it."""
    lines = []
    for name, zoo in config.zoos.items():
        data_set, recipe = config.data_sets[name], zoo.recipe
        line = {
            "Zoo": name,
            "Images": data_set.source,
            "Channels": str(data_set.channels or "as they are"),
            "Activation": recipe.activation,
            "Weight decay": f"{recipe.weight_decay:g}",
            "Learning rate": f"{recipe.learning_rate:g}",
            "Init": zoo.init,
            "Optimiser": "Adam",
            "Seeds": f"1–{zoo.networks}",
            "Epochs": str(zoo.epochs),
            "Batch": str(recipe.batch_size),
        }
        lines.append(line)
        if data_set.source in TABLE_4:
            lines.append({"Zoo": _PAPER, "Images": data_set.source} | TABLE_4[data_set.source])
    return pd.DataFrame(lines).fillna("–")
