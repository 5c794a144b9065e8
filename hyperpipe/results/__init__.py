"""From long-form evaluations to the paper's tables."""
