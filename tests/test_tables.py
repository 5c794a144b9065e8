import numpy as np

from hyperpipe.results.tables import cell


def test_a_cell_is_mean_and_population_deviation_in_percent():
    assert cell(np.array([0.1, 0.3])) == "20.0 (10.0)"
    assert cell(np.array([])) == "–"
