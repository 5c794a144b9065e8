"""Where a result comes from: the code that it depends on, and the record of the run that made it."""
