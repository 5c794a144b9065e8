"""Training a population of networks: `hyperpipe.zoo.trainer.train_population` is the one call for all of it."""
