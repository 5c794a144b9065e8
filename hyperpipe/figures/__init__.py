"""The figures: one file each, and how they all look."""
